/**
 * The methods that concern no entry: lists, `initialize`, `server/discover`, `ping`, and the stream on which a client hears
 * that a list has changed. They run through the same pipeline as a call.
 *
 * @module
 */

import {
  type Approved,
  allow,
  type Decision,
  deny,
  type EntryKind,
  type JsonObject,
  type Outgoing,
  type Produced,
  principalKey,
} from '../core/index.ts'
import { isObject, methodOf, SUPPORTED_VERSIONS } from '../protocol/index.ts'
import type { Catalogue } from './catalogue.ts'

export type OwnMethod = (request: Approved, notify: (notification: Outgoing) => void) => Decision<Produced> | Promise<Decision<Produced>>

export interface OwnMethodsOptions {
  readonly catalogue: Catalogue
  readonly serverInfo: { readonly name: string; readonly version: string; readonly title?: string }
  /** Guidance for the model, where there is some. Read for each answer: a gateway learns it late. */
  readonly instructions: () => string | undefined
  /** Whether arguments can be completed. */
  readonly completions: () => boolean
  /** Whether the credential that opened a subscription still holds. Asked when one has changed anywhere, and now and then. */
  readonly isStillIdentified: (request: Approved) => Promise<boolean>
}

export interface OwnMethods {
  find(method: string): OwnMethod | undefined
  /** Ends the subscriptions of credentials that no longer hold: revoked or expired. */
  recheck(): void
  /** Ends every open subscription with a result, so that clients know that it was meant. */
  close(): void
}

/** How many subscriptions one principal may have open. */
const MAX_SUBSCRIPTIONS = 64
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'

/** The list-changed notifications: which filter field opts in (2026-07-28 subscriptions), and for which kinds of entry. */
const changes = [
  { field: 'toolsListChanged', method: 'notifications/tools/list_changed', kinds: ['tool'] },
  { field: 'promptsListChanged', method: 'notifications/prompts/list_changed', kinds: ['prompt'] },
  { field: 'resourcesListChanged', method: 'notifications/resources/list_changed', kinds: ['resource', 'template'] },
] as const satisfies readonly { field: string; method: string; kinds: readonly EntryKind[] }[]

const result = (value: JsonObject): Decision<Produced> => allow({ kind: 'result', result: value })

export function createOwnMethods({ catalogue, serverInfo, instructions, completions, isStillIdentified }: OwnMethodsOptions): OwnMethods {
  /** How each open subscription ends, and the request that opened it. */
  const open = new Map<() => void, Approved>()
  const held = new Map<string, number>()

  function describe(): { capabilities: JsonObject; instructions?: string } {
    const guidance = instructions()
    return {
      capabilities: {
        tools: { listChanged: true },
        ...(catalogue.has('prompt') ? { prompts: { listChanged: true } } : {}),
        ...(catalogue.has('resource') || catalogue.has('template') ? { resources: { listChanged: true } } : {}),
        ...(completions() ? { completions: {} } : {}),
      },
      ...(guidance === undefined ? {} : { instructions: guidance }),
    }
  }

  const listen: OwnMethod = (request, notify) => {
    const { principal, message } = request
    const who = principalKey(principal)
    const count = held.get(who) ?? 0
    if (count >= MAX_SUBSCRIPTIONS)
      return deny({ reason: 'overloaded', problem: `This caller has ${MAX_SUBSCRIPTIONS} subscriptions open already.` })
    // In the legacy era the stream carries every kind of change and nothing says which subscription it belongs to.
    const filter = message.era === 'legacy' ? undefined : (message.params['notifications'] ?? {})
    if (filter !== undefined && !isObject(filter))
      return deny({ reason: 'invalid_params', problem: 'params.notifications must be an object.' })
    const wanted = changes.filter(({ field }) => filter === undefined || filter[field] === true)
    const meta = filter === undefined ? {} : { _meta: { [SUBSCRIPTION]: message.id } }

    held.set(who, count + 1)
    return new Promise((resolve) => {
      const stopListening = catalogue.onChange((kinds) => {
        for (const change of wanted) if (change.kinds.some((kind) => kinds.has(kind))) notify({ method: change.method, params: meta })
      })
      const end = (): void => {
        if (!open.delete(end)) return
        stopListening()
        const left = (held.get(who) ?? 1) - 1
        if (left > 0) held.set(who, left)
        else held.delete(who)
        resolve(result(meta))
      }
      open.set(end, request)
      request.open()
      if (filter !== undefined) {
        const notifications = Object.fromEntries(wanted.map(({ field }) => [field, true]))
        notify({ method: 'notifications/subscriptions/acknowledged', params: { ...meta, notifications } })
      }
      request.onCancel(end)
    })
  }

  const methods: Readonly<Record<string, OwnMethod>> = {
    'server/discover': () =>
      result({
        supportedVersions: SUPPORTED_VERSIONS,
        ...describe(),
        ttlMs: 60_000,
        _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
      }),
    initialize: ({ message }) => result({ protocolVersion: message.version, ...describe(), serverInfo }),
    ping: () => result({}),
    'session/end': async (request) => {
      await request.endSession?.()
      return result({})
    },
    'subscriptions/listen': listen,
  }

  const list: OwnMethod = ({ message, principal }) => {
    const method = methodOf(message.method, message.era)
    return method?.kind === 'list'
      ? allow({ kind: 'prepared', text: catalogue.list(method.of, message.era, principal) })
      : deny({ reason: 'unknown_method', method: message.method })
  }

  return {
    find: (method) => (Object.hasOwn(methods, method) ? methods[method] : method.endsWith('/list') ? list : undefined),
    recheck() {
      for (const [end, request] of open) {
        isStillIdentified(request).then(
          (holds) => holds || end(),
          // Who cannot be asked about is refused, here as at the start.
          end,
        )
      }
    },
    close() {
      for (const end of open.keys()) end()
    },
  }
}
