/**
 * Streams on which a caller hears what has changed: lists, and resources that it named (2026-07-28 subscriptions; GET and
 * `resources/subscribe` in the legacy revisions). What is told of is decided like a call, at the start and at every change:
 * of a resource that may not be read nobody hears.
 *
 * Bounded by caller and by resource. Fails closed: a stream ends when the credential that opened it no longer holds.
 *
 * @module
 */

import {
  type Approved,
  allow,
  type Conclusion,
  createTally,
  type Decision,
  type Denial,
  deny,
  type EntryKind,
  type Final,
  type JsonObject,
  type Outgoing,
  principalKey,
  type SessionState,
} from '../core/index.ts'
import { isObject, META_PREFIX, NEEDS_TASKS, takesTasks } from '../protocol/index.ts'
import type { Catalogue } from './catalogue.ts'
import { mayRead, type Readable } from './may-read.ts'
import { createSessionWatches } from './session-watches.ts'
import type { Watches } from './watches.ts'

export interface SubscriptionsOptions {
  readonly catalogue: Catalogue
  readonly watches: Watches
  /** Why the credential that opened a stream no longer holds. Asked when one has changed anywhere, and now and then. */
  readonly recheck: (request: Approved) => Promise<Denial | undefined>
  /** Tells of a task of the caller's, at once and at every change (`guards/tasks`). Undefined: it is none that it may hear of. */
  readonly watchTask: (request: Approved, taskId: string, tell: (task: JsonObject) => void) => (() => void) | undefined
}

export interface Subscriptions {
  listen(request: Approved, notify: (notification: Outgoing) => void): Conclusion
  /** A legacy session wants to hear of the resource that the request names, and that it may read. */
  subscribe(request: Approved): Promise<Decision<Final>>
  unsubscribe(request: Approved): Promise<Decision<Final>>
  /** A legacy session has ended. */
  forget(session: SessionState): void
  /** Ends the streams of credentials that no longer hold: revoked or expired. */
  recheck(): void
  /** Ends every stream with a result, so that clients know that it was meant. */
  close(): void
}

/** How many streams one principal may have open. */
const MAX_STREAMS = 64
/** How many resources one stream may be about, and how many tasks. */
const MAX_RESOURCES = 256
/** How many of both one principal may want to hear of, on all its streams and in all its sessions. */
const MAX_WATCHED = 1_024
const SUBSCRIPTION = `${META_PREFIX}subscriptionId`

/** The list-changed notifications: which filter field opts in, and for which kinds of entry. */
const changes = [
  { field: 'toolsListChanged', method: 'notifications/tools/list_changed', kinds: ['tool'] },
  { field: 'promptsListChanged', method: 'notifications/prompts/list_changed', kinds: ['prompt'] },
  { field: 'resourcesListChanged', method: 'notifications/resources/list_changed', kinds: ['resource', 'template'] },
] as const satisfies readonly { field: string; method: string; kinds: readonly EntryKind[] }[]

const result = (value: JsonObject): Decision<Final> => allow({ kind: 'result', result: value })
const invalid = (problem: string): Decision<never> => deny({ reason: 'invalid_params', problem })

export function createSubscriptions({ catalogue, watches, recheck, watchTask }: SubscriptionsOptions): Subscriptions {
  /** How each open stream ends, and the request that opened it. */
  const open = new Map<() => void, Approved>()
  const streams = createTally()
  const watched = createTally()
  const sessions = createSessionWatches(() => new Set(Array.from(open.values(), ({ session }) => session?.key ?? '')))
  catalogue.onChange((kinds) => {
    if (kinds.has('resource') || kinds.has('template')) watches.renew(catalogue.resolve)
  })

  /** Takes a place for each, or none. */
  function takePlaces(who: string, count: number): (() => void) | undefined {
    const places: (() => void)[] = []
    const leave = (): void => {
      for (const giveBack of places) giveBack()
    }
    while (places.length < count) {
      const place = watched.take(who, MAX_WATCHED)
      if (!place) {
        leave()
        return undefined
      }
      places.push(place)
    }
    return leave
  }

  function listen(request: Approved, notify: (notification: Outgoing) => void): Conclusion {
    const { principal, message, session } = request
    const who = principalKey(principal)
    // In the legacy era the stream carries every kind of change and nothing says which subscription it belongs to.
    const filter = message.era === 'legacy' ? undefined : (message.params['notifications'] ?? {})
    if (filter !== undefined && !isObject(filter)) return invalid('params.notifications must be an object.')
    const asked = filter?.['resourceSubscriptions'] ?? []
    if (!isUris(asked)) return invalid(`params.notifications.resourceSubscriptions must be a list of at most ${MAX_RESOURCES} URIs.`)
    const tasks = filter?.['taskIds'] ?? []
    if (!isUris(tasks)) return invalid(`params.notifications.taskIds must be a list of at most ${MAX_RESOURCES} ids.`)
    // Not even an empty list: the field belongs to the extension (tasks extension §task status notifications).
    if (filter?.['taskIds'] !== undefined && !takesTasks(message)) return deny({ reason: 'missing_capability', required: NEEDS_TASKS })
    const wanted = changes.filter(({ field }) => filter === undefined || filter[field] === true)
    const meta = filter === undefined ? {} : { _meta: { [SUBSCRIPTION]: message.id } }
    // What may not be read, or cannot be watched, is left out of the acknowledgement, like what does not exist.
    const stops = new Map<string, () => void>()
    const taskStops = new Map<string, () => void>()
    const uris = [...new Set(asked)]
    const taskIds = [...new Set(tasks)]
    const leave = streams.take(who, MAX_STREAMS)
    if (!leave) return deny({ reason: 'overloaded', problem: `This caller has ${MAX_STREAMS} subscriptions open already.` })
    const leavePlaces = takePlaces(who, uris.length + taskIds.length)
    if (!leavePlaces) {
      leave()
      return tooMany
    }
    let isOver = false
    async function tell(uri: string): Promise<void> {
      if ((await mayRead(catalogue, uri, principal)) && !isOver)
        notify({ method: 'notifications/resources/updated', params: { ...meta, uri } })
    }
    async function tellSession(uri: string): Promise<void> {
      if (await session?.isWatching(uri)) await tell(uri)
    }

    return new Promise((resolve, reject) => {
      const hearing: (() => void)[] = []
      const end = (): void => {
        if (!open.delete(end)) return
        isOver = true
        for (const stop of [...hearing, ...stops.values(), ...taskStops.values(), leavePlaces, leave]) stop()
        resolve(result(meta))
      }
      const fail = (error: unknown): void => {
        reject(error instanceof Error ? error : new Error('something that is not an error was thrown'))
        end()
      }
      open.set(end, request)
      request.open()
      request.onCancel(end)

      function begin(readable: readonly Readable[]): void {
        if (isOver) return
        for (const [index, uri] of uris.entries()) {
          const entry = readable[index]
          const stop = entry && watches.watch(entry, uri)
          if (stop) stops.set(uri, stop)
        }
        hearing.push(
          catalogue.onChange((kinds) => {
            for (const change of wanted) if (change.kinds.some((kind) => kinds.has(kind))) notify({ method: change.method, params: meta })
          }),
          watches.onUpdate((uri) => {
            if (filter === undefined) tellSession(uri).catch(fail)
            else if (stops.has(uri)) tell(uri).catch(fail)
          }),
        )
        // The acknowledgement comes first, even of a task that is told of at once.
        const tellTask = (task: JsonObject): void =>
          queueMicrotask(() => notify({ method: 'notifications/tasks', params: { ...task, ...meta } }))
        for (const taskId of taskIds) {
          const stop = watchTask(request, taskId, tellTask)
          if (stop) taskStops.set(taskId, stop)
        }
        if (filter === undefined) return
        const notifications: Record<string, unknown> = Object.fromEntries(wanted.map(({ field }) => [field, true]))
        if (stops.size > 0) notifications['resourceSubscriptions'] = [...stops.keys()]
        if (taskStops.size > 0) notifications['taskIds'] = [...taskStops.keys()]
        notify({ method: 'notifications/subscriptions/acknowledged', params: { ...meta, notifications } })
      }

      const readable = uris.map((uri) => mayRead(catalogue, uri, principal))
      // At once, unless a library takes its time.
      if (readable.some((each) => each instanceof Promise))
        Promise.all(readable.map(async (each) => each))
          .then(begin)
          .catch(fail)
      else
        try {
          begin(readable as readonly Readable[])
        } catch (error) {
          fail(error)
        }
    })
  }

  return {
    listen,
    async subscribe({ session, entry, message, principal }) {
      const uri = message.params['uri'] as string
      if (!session || !entry) return invalid('resources/subscribe needs a session: send Mcp-Session-Id.')
      const isWatched = sessions.watch(session.key, uri, () => {
        const leave = takePlaces(principalKey(principal), 1)
        if (!leave) return undefined
        const stop = watches.watch(entry, uri)
        if (stop)
          return () => {
            stop()
            leave()
          }
        leave()
        return undefined
      })
      if (!isWatched) return tooMany
      if (await session.watch(uri)) return result({})
      sessions.stop(session.key, uri)
      return deny({ reason: 'overloaded', problem: 'This session, or all of this caller’s together, keep as many resources as they may.' })
    },
    async unsubscribe({ session, message }) {
      const { uri } = message.params
      if (typeof uri !== 'string') return invalid('params.uri must be a string.')
      if (session) {
        sessions.stop(session.key, uri)
        await session.unwatch(uri)
      }
      return result({})
    },
    forget: ({ key }) => sessions.forget(key),
    recheck() {
      for (const [end, request] of open) {
        recheck(request).then(
          (denial) => denial && end(),
          // Who cannot be asked about is refused, here as at the start.
          end,
        )
      }
    },
    close() {
      for (const end of open.keys()) end()
      sessions.close()
    },
  }
}

const tooMany = deny({
  reason: 'overloaded',
  problem: `This caller wants to hear of ${MAX_WATCHED} resources and tasks already, or no more can be watched.`,
})

const isUris = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= MAX_RESOURCES && value.every((uri) => typeof uri === 'string')
