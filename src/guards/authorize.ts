/**
 * Whether this principal may use what the message names.
 *
 *   authenticate → read → limit → [authorize] → validate → approve → execute → release
 *
 * Looks at who and what, never at arguments: they are not validated yet. Lists and the protocol's own methods need no
 * permission; what a list shows is decided by the same `permits`. Fails closed: an unknown method or name is refused, and
 * a name that is hidden from the caller is answered exactly as an unknown one.
 *
 * @module
 */

import type { Catalogue } from '../catalogue/index.ts'
import {
  type Admitted,
  type Authorized,
  allow,
  authorize as authorized,
  type Decision,
  type Denial,
  deny,
  type Entry,
  type Guard,
  type Named,
  type Principal,
  type TaskId,
} from '../core/index.ts'
import { isInternalMethod, isObject, kindOf, methodOf, NEEDS_TASKS, takesTasks } from '../protocol/index.ts'

export interface AuthorizeOptions {
  readonly catalogue: Catalogue
  /** Undefined for an id that is none of this principal's tasks. */
  readonly openTask: (principal: Principal, taskId: string) => TaskId | undefined
}

export function createAuthorize({ catalogue, openTask }: AuthorizeOptions): Guard<Admitted, Authorized> {
  return function authorize(request) {
    const { filling } = catalogue
    if (!filling) return judge(request)
    // A server that has just started knows who is calling before it knows all that it has: what is there already is not kept
    // waiting for the rest.
    const first = judge(request)
    return needsAll(request, first) ? filling.then(() => judge(request)) : first
  }

  function judge(request: Admitted): Decision<Authorized> {
    const { method: name, era, id, params } = request.message
    const method = methodOf(name, era)
    // Our own translations of GET and DELETE have no id, and no caller can send them with one.
    if (id !== undefined && isInternalMethod(name, era)) return deny({ reason: 'unknown_method', method: name })
    // A notification that nobody knows is ignored, not answered (JSON-RPC 2.0 §4.1).
    if (!method)
      return id === undefined ? allow(authorized(request, undefined)) : deny({ reason: 'unknown_method', method: name.slice(0, 128) })
    switch (method.kind) {
      case 'list':
      case 'own':
      case 'notification':
        return allow(authorized(request, undefined))
      case 'use': {
        const named = params[method.by]
        if (typeof named !== 'string') return deny({ reason: 'invalid_params', problem: `params.${method.by} must be a string.` })
        const entry = method.of === 'resource' ? catalogue.resolve(named) : catalogue.find(method.of, named)
        return decide(request, entry, method.of)
      }
      case 'task': {
        if (!takesTasks(request.message)) return deny({ reason: 'missing_capability', required: NEEDS_TASKS })
        const { taskId } = params
        if (typeof taskId !== 'string') return deny({ reason: 'invalid_params', problem: 'params.taskId must be a string.' })
        const task = openTask(request.principal, taskId)
        return decide(request, task && catalogue.find('tool', task.tool), 'task', task)
      }
      case 'complete': {
        const { ref } = params
        if (!isObject(ref)) return deny({ reason: 'invalid_params', problem: 'params.ref must be an object.' })
        if (ref['type'] === 'ref/prompt' && typeof ref['name'] === 'string')
          return decide(request, catalogue.find('prompt', ref['name']), 'completion')
        if (ref['type'] === 'ref/resource' && typeof ref['uri'] === 'string') {
          return decide(request, catalogue.template(ref['uri']) ?? catalogue.resolve(ref['uri']), 'completion')
        }
        return deny({ reason: 'invalid_params', problem: 'params.ref must name a prompt or a resource template.' })
      }
    }
  }

  function decide(request: Admitted, entry: Entry | undefined, kind: Named, task?: TaskId): Decision<Authorized> {
    if (!entry) return deny({ reason: 'unknown_name', kind })
    const { within } = request.message
    if (within && !within.allows(entry.name)) {
      authorized(request, entry)
      return deny({ reason: 'unknown_name', kind })
    }
    const verdict = catalogue.permits(request.principal, entry)
    if (verdict.permitted) return allow(authorized(request, entry, task))
    // The audit record names what was asked for, though the caller is not told that it exists.
    authorized(request, entry)
    if (verdict.lacks === 'existence') return deny({ reason: 'unknown_name', kind })
    return deny(verdict.lacks === 'scope' ? lacksScope(request.principal, entry, verdict.missing) : lacksRole(entry, verdict.anyOf))
  }
}

/** Answers that depend on everything being there. */
const needsAll = ({ message: { method } }: Admitted, decision: Decision<Authorized>): boolean =>
  kindOf(method) === 'list' ||
  method === 'initialize' ||
  method === 'server/discover' ||
  (!decision.allowed && decision.denial.reason === 'unknown_name')

const whose = {
  token: 'this sign-in',
  service: 'this token',
  key: 'this key',
  local: 'the local user',
  none: 'a caller without a credential',
} as const
const remedy = {
  token: 'Sign in again and grant it',
  service: 'Get one that has it, with a client that is registered for it',
  key: 'Use a key that has it (sallyport key create --scope …)',
  local: 'Grant it in localScopes of the server, or under "local" in sallyport.yaml where it is a gateway',
  none: 'Sign in, or send an API key that has it',
} as const

/** A token can be stepped up to a further scope, so its client is challenged; anybody else is told in words. */
function lacksScope({ credential, subject, clientId, scopes }: Principal, { name, kind }: Entry, missing: readonly string[]): Denial {
  const needed = missing.map((scope) => `"${scope}"`).join(' and ')
  const has = scopes.length > 0 ? scopes.map((scope) => `"${scope}"`).join(', ') : 'none'
  // A client that acts for itself has nobody who could sign in.
  const who = credential === 'token' && subject === clientId ? 'service' : credential
  const what = `The ${kind} ${kind === 'tool' || kind === 'prompt' ? name : 'asked for'}`
  const sentence = `${what} needs the scope${missing.length > 1 ? 's' : ''} ${needed}; ${whose[who]} has ${has}. ${remedy[who]}.`
  // With what was granted already, it is all that the call needs; what that implies need not be asked for by name.
  return credential === 'token'
    ? { reason: 'insufficient_scope', required: missing, sentence }
    : { reason: 'not_permitted', sentence, missing }
}

function lacksRole({ name, kind }: Entry, anyOf: readonly string[]): Denial {
  const roles = anyOf.map((role) => `"${role}"`).join(' or ')
  return {
    reason: 'not_permitted',
    missing: [],
    sentence: `The ${kind} ${name} needs the role ${roles}, which the caller does not have. The operator can grant it.`,
  }
}
