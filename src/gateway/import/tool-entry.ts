/**
 * The entry that is made of an upstream's tool: as callers are shown it, what its arguments are checked against, and what the operator's
 * rules say of it. Pure.
 *
 * @module
 */

import type { Entry, Executor, JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Checks, UnderstoodSchema } from '../../schema/index.ts'
import { hintedHash } from '../../trust/index.ts'
import type { LockFile } from '../launch/lock-file.ts'
import { type AuditRule, classify, type ReleaseRule, type ToolRule } from './classify.ts'
import { ruleFor } from './glob-rule.ts'
import { type ReferenceRule, referringTo } from './references.ts'
import { quote } from './warnings.ts'

/** By the tool's name or glob; of each, the first that matches counts. */
export interface ToolRules {
  readonly rules: readonly ToolRule[]
  /** Arguments that callers send by reference. */
  readonly references?: readonly ReferenceRule[] | undefined
  /** What leaves of which tool's results. */
  readonly release?: readonly ReleaseRule[] | undefined
  /** Of which tools arguments are kept beside the audit. */
  readonly audit?: readonly AuditRule[] | undefined
}

export interface ToolEntryOptions extends ToolRules {
  readonly server: string
  readonly lock: Pick<LockFile, 'find'>
  readonly executor: Executor
  readonly checks: Checks
  /** What it is called on our wire. */
  readonly wireName: string
}

export type ToolEntry =
  | { readonly entry: Entry; readonly warnings: readonly string[] }
  /** Why it cannot be offered. */
  | { readonly problem: string }

/** `name`: the tool's own. */
export function toToolEntry(tool: JsonObject, name: string, options: ToolEntryOptions): ToolEntry {
  const { server, rules, references = [], release = [], audit = [], lock, executor, checks, wireName } = options
  const referring = isObject(tool.inputSchema) ? referringTo(name, tool.inputSchema, references) : undefined
  const inputSchema = referring?.inputSchema
  const understood = understand({ ...tool, inputSchema }, checks)
  if ('problem' in understood) return understood
  const warnings = [...(referring?.warnings ?? [])]
  const accepted = lock.find(server, name)
  const { permission, ask, rule, changed } = classify(server, name, accepted ? hintedHash(tool) : '', rules, accepted)
  if (changed)
    warnings.push(
      `${server}: the tool ${quote(name)} has changed since its hint was accepted: it needs tools:execute until sallyport.lock or sallyport.yaml says otherwise`,
    )
  // Tasks of 2025-11-25 are not passed on, so that what a tool says of its support for them must not be either.
  const { execution: _, ...definition } = tool
  const released = ruleFor(release, name)
  const shown = { ...definition, name: wireName, inputSchema }
  const entry: Entry = {
    kind: 'tool',
    name: wireName,
    definition: released ? released.shown(shown) : shown,
    permission,
    ask,
    rule,
    check: understood.check,
    mirrors: understood.mirrors,
    references: referring?.references,
    release: released?.rules,
    keepsArguments: ruleFor(audit, name)?.keepsArguments,
    origin: { server, name },
    executor,
  }
  return { entry, warnings }
}

// Clients reject a whole list for one tool whose schemas are not of the required shape, so that one is left out.
function understand({ inputSchema, outputSchema, annotations }: JsonObject, checks: Checks): UnderstoodSchema {
  if (!isObject(inputSchema) || inputSchema.type !== 'object') return { problem: 'its input schema is not of type object' }
  if (outputSchema !== undefined && !isObject(outputSchema)) return { problem: 'its output schema is not an object' }
  if (annotations !== undefined && !isObject(annotations)) return { problem: 'its annotations are not an object' }
  const understood = checks.understand(inputSchema)
  return 'problem' in understood ? { problem: `it has ${understood.problem}` } : understood
}
