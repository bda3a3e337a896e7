/**
 * Watching a server for changes, whatever its revision: `subscriptions/listen` in 2026-07-28; list changes unasked and
 * `resources/subscribe` in 2025-11-25. A connection that is lost is made anew, later and later; what may have changed meanwhile is told
 * as changed.
 *
 * Fails by ending: what cannot be watched, or not any more, is an error of the loop. Of many equal changes that nobody has taken yet one
 * is kept, so a server cannot fill the memory.
 *
 * @module
 */

import type { Client } from '@modelcontextprotocol/client'
import { TransportError } from '../errors.ts'
import type { Change, Changes } from './changes.ts'
import type { Connection } from './connect.ts'
import type { Session } from './session.ts'

export interface Watched {
  /** That the list of tools changes, and so on. */
  readonly tools?: boolean | undefined
  readonly prompts?: boolean | undefined
  readonly resources?: boolean | undefined
  /** Resources whose content is watched. */
  readonly uris?: readonly string[] | undefined
}

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined
}

export interface WatchContext {
  readonly session: Session
  readonly changes: Changes
  readonly host: string
  /** For a subscription to stand. */
  readonly timeoutMs: number
}

/** What ends a subscription from the other side, and what ends it from ours. */
interface Standing {
  readonly over: Promise<unknown>
  readonly end: () => Promise<unknown>
}

const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 30_000
/** A subscription that stood for so long was a good one: the next try is soon again. */
const GOOD_MS = 30_000

export async function* watch(context: WatchContext, wanted: Watched, { signal }: WatchOptions): AsyncGenerator<Change> {
  const { changes } = context
  const pending = new Map<string, Change>()
  const uris = new Set(wanted.uris)
  const stop = new AbortController()
  const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  let wake = (): void => {}
  let failure: unknown
  let over = false

  const add = (change: Change): void => {
    if (change.type === 'resource' ? !uris.has(change.uri) : !wanted[change.type]) return
    pending.set(change.type === 'resource' ? `resource ${change.uri}` : change.type, change)
    wake()
  }
  const unsubscribe = changes.subscribe(add)
  const end = (error?: unknown): void => {
    failure ??= error
    over = true
    wake()
  }
  const onAbort = (): void => end()
  stopped.addEventListener('abort', onAbort)
  void keep({ ...context, wanted, signal: stopped, missed: () => everything(wanted).forEach(add) }).then(end, end)

  try {
    while (!over || pending.size > 0) {
      if (stopped.aborted) return
      for (const [key, change] of pending) {
        pending.delete(key)
        yield change
        if (stopped.aborted) return
      }
      if (pending.size === 0 && !over) await new Promise<void>((resolve) => (wake = resolve))
    }
    if (failure !== undefined && !stopped.aborted) throw failure
  } finally {
    unsubscribe()
    stopped.removeEventListener('abort', onAbort)
    stop.abort()
  }
}

const everything = ({ tools, prompts, resources, uris = [] }: Watched): Change[] => [
  ...(tools ? [{ type: 'tools' } as const] : []),
  ...(prompts ? [{ type: 'prompts' } as const] : []),
  ...(resources ? [{ type: 'resources' } as const] : []),
  ...uris.map((uri) => ({ type: 'resource', uri }) as const),
]

interface Keeping extends Omit<WatchContext, 'changes'> {
  readonly wanted: Watched
  readonly signal: AbortSignal
  /** Nobody listened for a while. */
  readonly missed: () => void
}

/** Keeps a subscription standing until the signal ends it. @throws what a first try threw, or what another try cannot mend */
async function keep(keeping: Keeping): Promise<void> {
  const { session, signal, missed } = keeping
  let delay = FIRST_DELAY_MS
  for (let first = true; !signal.aborted && !session.isClosed(); first = false) {
    let since = performance.now()
    try {
      const standing = await session.run((client, _, connection) => begin(client, connection, keeping), { signal })
      since = performance.now()
      if (!first) missed()
      await Promise.race([standing.over, aborted(signal)])
      await standing.end().catch(() => {})
    } catch (error) {
      if (signal.aborted || session.isClosed()) return
      if (first || !isPassing(error)) throw error
    }
    if (signal.aborted || session.isClosed()) return
    delay = performance.now() - since > GOOD_MS ? FIRST_DELAY_MS : delay
    // Not all clients of a server that was started again come back in the same moment.
    await pause(delay * (0.5 + Math.random() / 2), signal)
    delay = Math.min(delay * 2, MAX_DELAY_MS)
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof TransportError && ['unreachable', 'timeout', 'closed', 'http_status'].includes(error.code)

async function begin(
  client: Client,
  { transport, ended }: Connection,
  { session, wanted, host, signal, timeoutMs: timeout }: Keeping,
): Promise<Standing> {
  const { tools, prompts, resources, uris = [] } = wanted
  const none = new TransportError('unsupported_method', `${host} does not tell of such changes.`)
  if (client.getProtocolEra() === 'modern') {
    const filter = {
      ...(tools && { toolsListChanged: true }),
      ...(prompts && { promptsListChanged: true }),
      ...(resources && { resourcesListChanged: true }),
      ...(uris.length > 0 && { resourceSubscriptions: [...uris] }),
    }
    const subscription = await client.listen(filter, { signal, timeout })
    if (Object.keys(subscription.honoredFilter).length > 0) return { over: subscription.closed, end: () => subscription.close() }
    await subscription.close()
    throw none
  }
  const can = client.getServerCapabilities()
  const tells =
    (tools && can?.tools?.listChanged) ||
    (prompts && can?.prompts?.listChanged) ||
    (resources && can?.resources?.listChanged) ||
    uris.length > 0
  if (!tells) throw none
  for (const uri of uris) await client.subscribeResource({ uri }, { signal, timeout })
  return {
    // Without the stream that the server speaks on there is a connection, and nothing is told: a new one is made.
    over: Promise.race([ended, (transport.unheard ?? ended).then(() => session.drop())]),
    end: () => Promise.all(uris.map((uri) => client.unsubscribeResource({ uri }))),
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), aborted(signal)])
  clearTimeout(timer)
}
