/**
 * What a server says that something of it is, in one spelling, and the hash of that: two definitions have one hash where they say the
 * same, in whatever order their members stand, and never otherwise.
 *
 * All that was said counts, and each character of it, the hidden ones too: name, title, description, schemas and annotations; icons, by
 * which a person knows a tool; `_meta` and members that nobody has heard of, as some host acts on them and some model reads them. So a
 * server that puts the time of day into a definition changes it each time, and is reported to.
 *
 * @module
 */

import type { JsonObject } from '../core/index.ts'
import { canonicalHash, canonicalJson } from '../protocol/index.ts'

export type DefinitionKind = 'tool' | 'prompt' | 'resource' | 'template'

/** By which member a definition is told from others of its kind. */
const named: Readonly<Record<DefinitionKind, string>> = { tool: 'name', prompt: 'name', resource: 'uri', template: 'uriTemplate' }

/** What a definition is called; undefined where it has no name, so that nobody can use it. */
export function nameOf(kind: DefinitionKind, definition: JsonObject): string | undefined {
  const name = definition[named[kind]]
  return typeof name === 'string' ? name : undefined
}

/** The one spelling (RFC 8785), with the kind before it: a prompt is no tool of the same name. `definition` is bounded in depth. */
export const canonicalDefinition = (kind: DefinitionKind, definition: JsonObject): string => canonicalJson([kind, definition])

export const definitionHash = (kind: DefinitionKind, definition: JsonObject): string => canonicalHash([kind, definition])

/**
 * The hash that `sallyport.lock` (version 1) holds of a tool: of what a hint is accepted for. Narrower than {@link definitionHash}, as it
 * stands in files on people's disks: no icons, no `_meta`, and no `$schema`, which servers add without meaning anything.
 */
export function hintedHash({ name, title, description, inputSchema, outputSchema, annotations }: JsonObject): string {
  const { $schema: _, ...schema } = (inputSchema ?? {}) as Record<string, unknown>
  return canonicalHash({ name, title, description, inputSchema: schema, outputSchema, annotations })
}
