/**
 * Makes arguments of an upstream's tool into references, where the operator says so: callers are shown a reference in the place of the
 * content, and the upstream is handed the content in the place of the reference.
 *
 * Only by the operator's word: what an upstream says of its own arguments makes nothing of ours be read. Fails closed: an argument that is
 * no text is left as it is, with a warning.
 *
 * @module
 */

import { type JsonObject, REFERENCE_MARK, type ReferenceField } from '../../core/index.ts'
import { isObject, MAX_URI_LENGTH } from '../../protocol/index.ts'
import type { Mark } from '../../schema/index.ts'
import { type GlobRule, ruleFor } from './glob-rule.ts'

/** A line of a server's `references` map. */
export interface ReferenceRule extends GlobRule {
  readonly parameters: ReadonlyMap<string, Exclude<Mark, { readonly problem: string }> & { readonly as: 'text' | 'base64' }>
}

export interface Referring {
  /** As callers are shown it, and as their arguments are checked. */
  readonly inputSchema: JsonObject
  readonly references: readonly ReferenceField[] | undefined
  readonly warnings: readonly string[]
}

export function referringTo(tool: string, inputSchema: JsonObject, rules: readonly ReferenceRule[]): Referring {
  const rule = ruleFor(rules, tool)
  if (!rule) return { inputSchema, references: undefined, warnings: [] }
  const properties = { ...(isObject(inputSchema['properties']) ? inputSchema['properties'] : {}) }
  const references: ReferenceField[] = []
  const warnings: string[] = []
  for (const [name, { as, field, shown, hint }] of rule.parameters) {
    const given = Object.hasOwn(properties, name) ? properties[name] : undefined
    // What is mirrored in a header goes there as it came, and not as it becomes.
    if (!isObject(given) || given['type'] !== 'string' || Object.hasOwn(given, 'x-mcp-header')) {
      warnings.push(
        `${rule.where}: ${JSON.stringify(tool.slice(0, 80))} has no argument ${JSON.stringify(name.slice(0, 80))} that is a text of its own: it takes no reference there`,
      )
      continue
    }
    const { title, description } = given
    properties[name] = {
      type: 'string',
      maxLength: MAX_URI_LENGTH,
      ...(typeof title === 'string' ? { title } : {}),
      description: typeof description === 'string' ? `${description} ${hint}` : hint,
      [REFERENCE_MARK]: shown,
    }
    references.push({ path: [name], as, ...field })
  }
  return references.length > 0
    ? { inputSchema: { ...inputSchema, properties }, references, warnings }
    : { inputSchema, references: undefined, warnings }
}
