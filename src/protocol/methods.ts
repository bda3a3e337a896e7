/**
 * Every method we answer, in one table: what it concerns, and in which era it exists. A method that is not here, or not
 * in the caller's era, is unknown (404, −32601).
 *
 * @module
 */

import type { EntryKind, Era } from '../core/index.ts'

export type Method =
  /** Lists entries of one kind: never refused, shows what the caller may use now. */
  | { readonly kind: 'list'; readonly of: EntryKind; readonly eras: readonly Era[] }
  /** Uses the entry that `params[by]` names. */
  | { readonly kind: 'use'; readonly of: 'tool' | 'prompt' | 'resource'; readonly by: 'name' | 'uri'; readonly eras: readonly Era[] }
  /** Completes an argument of the prompt or template that `params.ref` names; needs what that needs. */
  | { readonly kind: 'complete'; readonly eras: readonly Era[] }
  /** Concerns the task that `params.taskId` names; needs what starting it needed (tasks extension). */
  | { readonly kind: 'task'; readonly eras: readonly Era[] }
  /** The protocol's own: answered by us, concerns no entry. */
  | { readonly kind: 'own'; readonly eras: readonly Era[] }
  /** A notification that we understand; every other is accepted and ignored (JSON-RPC 2.0 §4.1). */
  | { readonly kind: 'notification'; readonly eras: readonly Era[] }

const both: readonly Era[] = ['modern', 'legacy']
const modern: readonly Era[] = ['modern']
const legacy: readonly Era[] = ['legacy']

const methods = new Map<string, Method>(
  Object.entries({
    'tools/list': { kind: 'list', of: 'tool', eras: both },
    'prompts/list': { kind: 'list', of: 'prompt', eras: both },
    'resources/list': { kind: 'list', of: 'resource', eras: both },
    'resources/templates/list': { kind: 'list', of: 'template', eras: both },
    'tools/call': { kind: 'use', of: 'tool', by: 'name', eras: both },
    'prompts/get': { kind: 'use', of: 'prompt', by: 'name', eras: both },
    'resources/read': { kind: 'use', of: 'resource', by: 'uri', eras: both },
    'completion/complete': { kind: 'complete', eras: both },
    'server/discover': { kind: 'own', eras: modern },
    // On HTTP of the legacy era this is what GET on the endpoint means: `transports/http` translates it.
    'subscriptions/listen': { kind: 'own', eras: both },
    'tasks/get': { kind: 'task', eras: modern },
    'tasks/update': { kind: 'task', eras: modern },
    'tasks/cancel': { kind: 'task', eras: modern },
    // Extension `sallyport/resources`.
    'sallyport/resources/put': { kind: 'own', eras: both },
    'sallyport/resources/delete': { kind: 'own', eras: both },
    // Whether it may be read decides whether one may hear of it.
    'resources/subscribe': { kind: 'use', of: 'resource', by: 'uri', eras: legacy },
    'resources/unsubscribe': { kind: 'own', eras: legacy },
    'logging/setLevel': { kind: 'own', eras: legacy },
    initialize: { kind: 'own', eras: legacy },
    ping: { kind: 'own', eras: legacy },
    // What DELETE on the endpoint means.
    'session/end': { kind: 'own', eras: legacy },
    // What a JSON-RPC response means: the answer to a request of ours.
    'request/answer': { kind: 'own', eras: legacy },
    'notifications/initialized': { kind: 'notification', eras: legacy },
    'notifications/cancelled': { kind: 'notification', eras: both },
  } satisfies Record<string, Method>),
)

/** Undefined for a method that does not exist in that era. */
export function methodOf(name: string, era: Era): Method | undefined {
  const method = methods.get(name)
  return method?.eras.includes(era) ? method : undefined
}

/** What may be answered with a question to the caller first (2026-07-28 multi round-trip requests §supported requests). */
const askable = new Set(['tools/call', 'prompts/get', 'resources/read'])
export const isAskable = (name: string): boolean => askable.has(name)

/** What a method concerns, in whichever era; undefined for one that does not exist. */
export const kindOf = (name: string): Method['kind'] | undefined => methods.get(name)?.kind

/** The parameter that `Mcp-Name` mirrors (2026-07-28 streamable-http §request metadata; tasks extension §routing headers). */
export function namedBy(name: string): 'name' | 'uri' | 'taskId' | undefined {
  const method = methodOf(name, 'modern')
  if (method?.kind === 'task') return 'taskId'
  return method?.kind === 'use' ? method.by : undefined
}

/** The names of our own translations, so that no caller can send them as a method (`transports/http`). */
export const isInternalMethod = (name: string, era: Era): boolean =>
  name === 'session/end' || name === 'request/answer' || (name === 'subscriptions/listen' && era === 'legacy')
