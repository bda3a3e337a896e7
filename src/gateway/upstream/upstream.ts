/**
 * One upstream for as long as the gateway runs: opens a link, agrees on a revision, and does it again, later and later,
 * whenever the link is lost. Calls that come in between wait a moment for it to return.
 *
 * @module
 */

import {
  type Clock,
  type Decision,
  deny,
  type Execution,
  type JsonObject,
  type Log,
  type Mirror,
  type Produced,
  type Redactor,
} from '../../core/index.ts'
import type { Command } from '../../process/index.ts'
import type { CallCredentials } from '../credentials/credentials.ts'
import type { Caller } from './exchange.ts'
import { createHttpLink, type Endpoint } from './http-link.ts'
import type { Keep } from './kept.ts'
import { type Link, type LinkEvents, type ListKind, sentences } from './link.ts'
import { ask, initialize, type NegotiateOptions, negotiate, type ServerInfo, type Session, Unaccepted, Unusable } from './negotiate.ts'
import { legacyCapabilities } from './relayed.ts'
import { createStanding } from './standing.ts'
import { createStdioLink } from './stdio-link.ts'

export interface UpstreamOptions {
  /** Our own id for it: in names, logs and sentences. */
  readonly server: string
  readonly target: Command | Endpoint
  /** Why nothing may be sent to where it is, asked before each connection, and said by whoever answers; undefined: it may. */
  readonly refused?: (() => string | undefined) | undefined
  /** What is started, each time it is: for what is filled in only then. Throws `Unusable` where that cannot be. */
  readonly prepare?: (() => Promise<Command>) | undefined
  /** What is started in place of a command: a package's own program, once it is here and as it was accepted. Throws `Unusable` where it must not be. */
  readonly launch?: ((command: Command) => Promise<Command>) | undefined
  /** The sandbox that it is started in, made for each start. Throws `Unusable` where there is none that it may do without. */
  readonly keep?: Keep | undefined
  /** What requests over HTTP carry beside the headers of the configuration; undefined: nothing, ever. */
  readonly credentials?: CallCredentials | undefined
  readonly client: ServerInfo
  readonly log: Log
  readonly redactor: Redactor
  readonly clock: Clock
  readonly random?: () => number
  readonly probeMs?: number
  readonly initializeMs?: number
  /** It (again) answers, or its lists have changed: they should be read. */
  readonly stale: (kinds: readonly ListKind[]) => void
}

export type UpstreamState = 'starting' | 'ready' | 'down' | 'closed'

/** A call on its way to an upstream. */
export interface UpstreamCall {
  readonly method: string
  readonly params: JsonObject
  readonly mirrors: readonly Mirror[]
  readonly parameters?: Readonly<Record<string, string>> | undefined
  readonly deadlineAt: number
  readonly caller: Caller
}

export interface Upstream {
  readonly server: string
  /** Resolves when it answered, failed once or was closed; goes on trying in the background. */
  start(): Promise<void>
  call(call: UpstreamCall): Promise<Decision<Produced>>
  /** A request of our own. */
  ask(method: string, params: JsonObject, withinMs: number): Promise<Decision<Produced>>
  /** Calls `changed` whenever the resource may have changed, where it tells of that. Answers how to stop. */
  watch(uri: string, changed: () => void): (() => void) | undefined
  /** Calls `changed` with the task as it is, now and whenever the upstream tells of it. Answers how to stop. */
  watchTask(taskId: string, changed: (task: JsonObject) => void): (() => void) | undefined
  readonly state: UpstreamState
  readonly session: Session | undefined
  /** The last problem, fit for a person; undefined while all is well. */
  readonly problem: string | undefined
  /** It is to be started with something else: when no call runs, or soon at any rate. Calls that come in between wait for it. */
  restart(): void
  close(): Promise<void>
}

const BACKOFF_FIRST_MS = 250
const BACKOFF_LAST_MS = 30_000
/** Healthy for so long, and the next loss starts from the first backoff again. */
const HEALTHY_MS = 60_000
/** How long a call waits for an upstream that is down. */
const PATIENCE_MS = 2000
/** How long a restart waits for calls that run. */
const QUIET_MS = 10_000

export function createUpstream(options: UpstreamOptions): Upstream {
  const { server, target, client, log, redactor, clock, random = Math.random, stale } = options
  let state: UpstreamState = 'starting'
  let session: Session | undefined
  let link: Link | undefined
  let problem: string | undefined
  let said: string | undefined
  let backoffMs = BACKOFF_FIRST_MS
  let wake: () => void = () => {}
  let finished: Promise<void> = Promise.resolve()
  let renewing: Promise<boolean> | undefined
  let isRestarting = false
  /** Counted only where it may be restarted. */
  let running = 0
  let quiet: () => void = () => {}
  let patienceMs = PATIENCE_MS
  const waiting = new Set<() => void>()
  const standing = createStanding(server, log, clock)

  async function run(attempted: () => void): Promise<void> {
    for (let opened = 0; !isClosed(); opened++) {
      let openedAt: number | undefined
      let isUnaccepted = false
      try {
        const { lost } = await open()
        if (isClosed()) break
        openedAt = clock()
        state = 'ready'
        problem = undefined
        patienceMs = PATIENCE_MS
        log('info', `${server}: ready`, { version: session?.dialect.version, server: session?.serverInfo?.name })
        for (const waiter of waiting) waiter()
        if (opened > 0) stale(['tools', 'prompts', 'resources'])
        attempted()
        if (isRestarting) void endWhenQuiet()
        problem = await lost
      } catch (error) {
        problem =
          error instanceof Unusable ? error.message : `it could not be connected (${error instanceof Error ? error.name : 'unknown'})`
        isUnaccepted = error instanceof Unaccepted
        await link?.close()
      }
      if (isClosed()) break
      state = 'down'
      if (isRestarting) {
        log('info', `${server}: is started again, with what it is handed now`)
        continue
      }
      if (openedAt !== undefined && clock() - openedAt >= HEALTHY_MS) backoffMs = BACKOFF_FIRST_MS
      // Between half and all of it: many that were lost at once must not come back at once.
      const delayMs = Math.round(backoffMs * (0.5 + random() / 2))
      backoffMs = Math.min(backoffMs * 2, BACKOFF_LAST_MS)
      // What a person has to do first is said once, and is no failure that mends itself: who does it elsewhere is noticed all the same.
      const waits = isUnaccepted || problem.startsWith('it waits for ')
      const isSaid = isUnaccepted || (waits && said === problem)
      said = problem
      log(isSaid ? 'debug' : 'warn', `${server}: ${problem}${waits ? '' : '; trying again'}`, { in_ms: delayMs })
      attempted()
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delayMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    attempted()
    await link?.close()
  }

  async function open(): Promise<{ readonly lost: Promise<string> }> {
    isRestarting = false
    const refusal = options.refused?.()
    if (refusal !== undefined) throw new Unaccepted(refusal)
    const configured = (await options.prepare?.()) ?? target
    const launched = 'url' in configured ? configured : ((await options.launch?.(configured)) ?? configured)
    // It was closed while its package was installed.
    if (isClosed()) throw new Unusable('it was stopped')
    const kept = 'url' in launched ? undefined : await options.keep?.(launched)
    const lost = Promise.withResolvers<string>()
    const opening = { stale: true }
    const events: LinkEvents = {
      listChanged: (kind) => {
        if (!opening.stale) stale([kind])
      },
      updated: standing.updated,
      taskChanged: standing.taskChanged,
      lost(why) {
        // At once, so that a call that comes before the loop goes on waits instead of being denied.
        if (state === 'ready') state = 'down'
        lost.resolve(why)
      },
      renew: () => (renewing ??= renew().finally(() => (renewing = undefined))),
    }
    const mine =
      'url' in launched
        ? createHttpLink({ server, endpoint: launched, credentials: options.credentials, events, log, clock })
        : createStdioLink({ server, command: launched, kept, events, log, redactor, clock })
    link = mine
    // It was closed while its sandbox was made: nobody else ends what has just been started.
    if (isClosed()) throw new Unusable('it was stopped')
    const gone = lost.promise.then((why): never => {
      throw new Unusable(why)
    })
    session = await Promise.race([negotiate(handshake(mine)), gone])
    // Whatever changed until now is about to be read anyway.
    opening.stale = false
    standing.begin(mine, session)
    return { lost: lost.promise }
  }

  const handshake = (on: Link): NegotiateOptions => ({
    link: on,
    client,
    capabilities: 'url' in target ? legacyCapabilities.http : legacyCapabilities.stdio,
    redactor,
    clock,
    probeMs: options.probeMs ?? 5000,
    initializeMs: options.initializeMs ?? 120_000,
  })

  async function renew(): Promise<boolean> {
    const on = link
    if (!on) return false
    try {
      session = await initialize(handshake(on))
      standing.begin(on, session)
      log('info', `${server}: its session had ended and was opened again`)
      stale(['tools', 'prompts', 'resources'])
      return true
    } catch {
      return false
    }
  }

  async function endWhenQuiet(): Promise<void> {
    const on = link
    if (running > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, QUIET_MS)
      quiet = resolve
      await promise
      clearTimeout(timer)
    }
    // From here on calls wait for the next one.
    if (link === on && state === 'ready') {
      state = 'down'
      patienceMs = QUIET_MS
    }
    await on?.close()
  }

  function send(on: Link, call: UpstreamCall): Promise<Decision<Produced>> {
    const sent = sendOn(on, call)
    if (options.prepare) {
      running++
      void sent.finally(() => {
        if (--running === 0) quiet()
      })
    }
    return sent
  }
  function sendOn(on: Link, call: UpstreamCall): Promise<Decision<Produced>> {
    return new Promise((settle) => {
      const { method, params, mirrors, parameters, deadlineAt, caller } = call
      if (caller.logLevel !== undefined) standing.want(caller.logLevel)
      const id = on.send({ method, params, mirrors, parameters, startedAt: clock(), deadlineAt, caller, settle })
      caller.onAbort(() => on.cancel(id))
    })
  }

  /** Waits for it to come back, for a moment and not beyond the call's deadline. */
  function patiently(call: UpstreamCall): Promise<Decision<Produced>> {
    return new Promise((settle) => {
      let over = false
      const finish = (decide: () => Execution): void => {
        if (over) return
        over = true
        clearTimeout(timer)
        waiting.delete(ready)
        settle(decide())
      }
      const ready = (): void => finish(() => (link && state === 'ready' ? send(link, call) : sentences.down(server)))
      const timer = setTimeout(() => finish(() => sentences.down(server)), Math.max(0, Math.min(patienceMs, call.deadlineAt - clock())))
      waiting.add(ready)
      call.caller.onAbort(() => finish(() => deny({ reason: 'cancelled' })))
    })
  }

  const isClosed = (): boolean => state === 'closed'

  return {
    server,
    start: () => new Promise((attempted) => (finished = run(attempted))),
    call(call) {
      if (state === 'ready' && link) return send(link, call)
      return isClosed() ? Promise.resolve(sentences.down(server)) : patiently(call)
    },
    async ask(method, params, withinMs) {
      return state === 'ready' && link ? ask({ link, clock }, method, params, withinMs) : sentences.down(server)
    },
    watch: standing.watch,
    watchTask: standing.watchTask,
    get state() {
      return state
    },
    get session() {
      return session
    },
    get problem() {
      return problem
    },
    restart() {
      if (isClosed() || isRestarting) return
      isRestarting = true
      if (state === 'ready') void endWhenQuiet()
      else wake()
    },
    async close() {
      if (isClosed()) return finished
      state = 'closed'
      standing.close()
      for (const waiter of waiting) waiter()
      wake()
      quiet()
      await link?.close()
      await finished
    },
  }
}
