/**
 * What of a caller's capabilities an upstream is told: those that this gateway passes on, as far as the caller has them, and
 * nothing else that it declares. A modern upstream is told with each request; a legacy one hears once, in `initialize`, what
 * some caller may be able to do, and a caller that cannot is spoken for when it is asked (`questions.ts`).
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isObject, META_PREFIX, NEEDS_TASKS, TASKS } from '../../protocol/index.ts'
import type { Caller } from './exchange.ts'

const VERSION = `${META_PREFIX}protocolVersion`

/** Undefined: it has none of them. */
export function relayedCapabilities({ capabilities, meta }: Caller): JsonObject | undefined {
  const { elicitation, sampling, roots, extensions } = capabilities
  if (elicitation === undefined && sampling === undefined && roots === undefined && extensions === undefined) return undefined
  const relayed: Record<string, JsonObject> = {}
  if (isObject(elicitation)) relayed['elicitation'] = pick(elicitation, 'form', 'url')
  if (isObject(sampling)) relayed['sampling'] = pick(sampling, 'tools', 'context')
  if (isObject(roots)) relayed['roots'] = {}
  // A task is for callers of 2026-07-28: each of their requests says so, no legacy one does.
  if (isObject(extensions) && isObject(extensions[TASKS]) && meta[VERSION] !== undefined) Object.assign(relayed, NEEDS_TASKS)
  return relayed
}

/** Nothing that the caller wrote itself goes along, but for which of the names it knows. */
function pick(declared: JsonObject, ...names: readonly string[]): JsonObject {
  const has: Record<string, JsonObject> = {}
  for (const name of names) if (isObject(declared[name])) has[name] = {}
  return has
}

const asked: JsonObject = { sampling: { tools: {} }, elicitation: { form: {}, url: {} } }

/**
 * What a legacy upstream is told. Roots only where a question comes on the stream of the call that it belongs to: on stdio a
 * server asks for them when it likes, and takes one caller's for those of all. `server-filesystem` even serves what they name.
 */
export const legacyCapabilities: Readonly<Record<'http' | 'stdio', JsonObject>> = { http: { ...asked, roots: {} }, stdio: asked }
