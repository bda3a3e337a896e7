/**
 * What the operator accepts who takes an upstream's own hints over into `sallyport.lock`: the class that each tool hints at, for the
 * definition that it has now. Pure.
 *
 * @module
 */

import type { Entry, JsonObject } from '../../core/index.ts'
import { hintedHash } from '../../trust/index.ts'
import type { Accepted } from '../launch/lock-content.ts'

/** `entries`: what was imported of `tools`; what was left out is not accepted either. Of two of one name, the first. */
export function acceptHints(tools: readonly JsonObject[], entries: readonly Entry[], now: number): ReadonlyMap<string, Accepted> {
  const imported = new Set(entries.flatMap(({ kind, origin }) => (kind === 'tool' ? [origin.name] : [])))
  const accepted = new Map<string, Accepted>()
  for (const tool of tools) {
    if (typeof tool.name !== 'string' || !imported.has(tool.name) || accepted.has(tool.name)) continue
    const isReadOnly = (tool.annotations as JsonObject | undefined)?.readOnlyHint === true
    accepted.set(tool.name, {
      class: isReadOnly ? 'read' : 'execute',
      definition: hintedHash(tool),
      accepted: new Date(now).toISOString(),
    })
  }
  return accepted
}
