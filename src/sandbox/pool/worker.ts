/**
 * One child of a pool: started, warm once it says `ready`, then one job after the other. What it says is read line by line within
 * bounds (`inside/jobs.ts` is its other end).
 *
 * Fails closed: whatever is not an answer to the job at hand goes nowhere, and a child that breaks a bound is ended.
 *
 * @module
 */

import { createId, type JsonObject, type Log, problemOf, type SandboxPermission } from '../../core/index.ts'
import { createLineReader, signalGroup, startChild } from '../../process/index.ts'
import type { Confined, Confinement, Ended, Program } from '../confine/confinement.ts'
import type { ChildError, Job, JobEnd } from './pool.ts'
import { createSayings } from './sayings.ts'

/** What a child runs, and what is let go of when it has ended. */
export interface Prepared {
  readonly program: Program
  close(): Promise<void>
}
/** Where each child needs something of its own first: a way out, which tells whose job it was. */
export type Prepare = (current: () => Job | undefined) => Promise<Prepared>

export interface WorkerOptions {
  /** What it runs for: in the log. */
  readonly name: string
  readonly confinement: Confinement
  readonly program: Program
  readonly prepare?: Prepare | undefined
  /** A line that it is told before anything else. */
  readonly greeting?: string | undefined
  readonly log: Log
  /** Is told what it will not be able to do. */
  readonly warn: (warning: string) => void
  /** It is warm. */
  readonly onReady: () => void
  /** Its process is gone. */
  readonly onGone: () => void
}

export interface Worker {
  readonly isReady: boolean
  /** Its process has ended, or is being ended for a bound that it broke: it takes nothing any more. */
  readonly isGone: boolean
  /** One at a time. Before it is ready the job waits. `done` is called once. */
  run(job: Job, done: (end: JobEnd) => void): void
  /** Ends it at once, with everything that it started. */
  end(): void
}

/** How long it may take until it is ready. */
const START_MS = 30_000
/** How long a job that nobody waits for any more may take to end by itself. */
const ABORT_MS = 100

interface Running {
  readonly id: string
  readonly job: Job
  readonly done: (end: JobEnd) => void
  outputBytes: number
  timer: NodeJS.Timeout | undefined
  isAborted: boolean
}

/** @throws {ConfigError} where it cannot be confined as asked and nothing has to be prepared; then it ends as `failed`. */
export function startWorker({ name, confinement, program, prepare, greeting, log, warn, onReady, onGone }: WorkerOptions): Worker {
  const { timeoutMs, maxOutputBytes } = program.grants.limits
  const sayings = createSayings(name, log)
  let process: { readonly confined: Confined; readonly child: ReturnType<typeof startChild> } | undefined
  let prepared: Prepared | undefined
  let isReady = false
  let isGone = false
  let isEnding = false
  let running: Running | undefined
  let refused: ChildError | undefined

  const starting = setTimeout(() => stop('time'), START_MS)
  const lines = createLineReader({ maxBytes: maxOutputBytes, line: take, dropped: () => stop('output') })
  if (prepare) void prepareFirst(prepare)
  else launchAtOnce()

  async function prepareFirst(prepare: Prepare): Promise<void> {
    try {
      prepared = await prepare(() => running?.job)
      if (isEnding) return gone()
      launch(prepared.program)
    } catch (error) {
      log('error', `${name}: cannot be confined as asked`, { problem: problemOf(error) })
      refused = { name: 'ConfigError', message: problemOf(error) }
      gone()
    }
  }

  function launchAtOnce(): void {
    try {
      launch(program)
    } catch (error) {
      clearTimeout(starting)
      throw error
    }
  }

  function launch(what: Program): void {
    const confined = confinement.confine(what)
    const child = startChild(confined.command)
    process = { confined, child }
    confined.started(child)
    for (const warning of confined.warnings) warn(warning)
    child.stdin.on('error', () => {})
    if (greeting !== undefined) child.stdin.write(`${greeting}\n`)
    child.stdout.on('data', (chunk: Buffer) => {
      if (count(chunk.length)) lines.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (!count(chunk.length)) return
      sayings.push(chunk)
      // It came after the answer to what it was printed in.
      if (isReady && !running) sayings.flush()
    })
    child.once('error', gone)
    child.once('exit', () => signalGroup(child, 'SIGKILL'))
    child.once('close', gone)
  }

  /** Bounded also between jobs, and before the first. */
  let idleBytes = 0
  function count(bytes: number): boolean {
    const total = running ? (running.outputBytes += bytes) : (idleBytes += bytes)
    if (total <= maxOutputBytes) return true
    stop('output')
    return false
  }

  function take(line: string): void {
    const message = parseLine(line)
    if (message === undefined) return sayings.line(line)
    const { id, done, failed, said } = message
    if (running !== undefined && id === running.id) {
      if (failed !== undefined) settle({ kind: 'failed', error: toError(failed) })
      else if (said === undefined) settle({ kind: 'done', value: done })
      else hear(running, said)
    } else if (!isReady) start(message)
  }

  function start({ ready, failed }: JsonObject): void {
    if (failed !== undefined) refused = toError(failed)
    if (ready !== true) return
    isReady = true
    clearTimeout(starting)
    if (running) give(running)
    onReady()
  }

  function give(current: Running): void {
    const { id, job } = current
    process?.confined.begin()
    current.timer = setTimeout(stop, timeoutMs, 'time')
    void send({ id, job: job.message })
    if (current.isAborted) abort(current)
  }

  function hear(current: Running, said: unknown): void {
    if (typeof said !== 'object' || said === null) return
    try {
      current.job.said?.(said as JsonObject, async (reply) => {
        if (running === current) await send({ id: current.id, reply })
      })
    } catch (error) {
      // JSON that is nested too deeply to be written again, and the like: nobody hears it, and it ends nothing of ours.
      log('debug', `${name}: what it said could not be taken`, { problem: problemOf(error) })
    }
  }

  function abort(current: Running): void {
    if (running !== current) return
    current.isAborted = true
    if (!isReady) return settle({ kind: 'cancelled' })
    void send({ id: current.id, abort: true })
    setTimeout(() => {
      if (running !== current) return
      end()
      settle({ kind: 'cancelled' })
    }, ABORT_MS)
  }

  /** Resolves when it is written, or never will be. */
  function send(message: object): Promise<void> {
    return new Promise((resolve) => {
      if (process) process.child.stdin.write(`${JSON.stringify(message)}\n`, () => resolve())
      else resolve()
    })
  }

  function settle(end: JobEnd): void {
    const current = running
    if (!current) return
    running = undefined
    clearTimeout(current.timer)
    sayings.flush()
    idleBytes = 0
    current.done(end)
  }

  function stop(why: Ended): void {
    if (isGone) return
    isEnding = true
    process?.confined.end(why)
    settle({ kind: 'stopped', why })
  }

  function end(): void {
    isEnding = true
    // Its number may be somebody else's by now.
    if (process && !isGone) signalGroup(process.child, 'SIGKILL')
  }

  function gone(): void {
    if (isGone) return
    isGone = true
    clearTimeout(starting)
    sayings.flush()
    if (!isReady && !running && !isEnding) {
      const problem = refused?.message ?? process?.confined.ended
      log('warn', `${name}: what runs in its sandbox could not be started`, { problem })
    }
    settle(refused ? { kind: 'failed', error: refused } : { kind: 'stopped', why: process?.confined.ended ?? sayings.why })
    if (prepared) prepared.close().then(onGone, onGone)
    else onGone()
  }

  return {
    get isReady() {
      return isReady
    },
    get isGone() {
      return isGone || process?.confined.ended !== undefined
    },
    run(job, done) {
      const current: Running = { id: createId(''), job, done, outputBytes: 0, timer: undefined, isAborted: false }
      running = current
      if (isReady) give(current)
      job.onAbort(() => abort(current))
    },
    end,
  }
}

function parseLine(line: string): JsonObject | undefined {
  // Most of what a program prints is none of ours.
  if (!line.startsWith('{"')) return undefined
  try {
    return JSON.parse(line) as JsonObject
  } catch {
    return undefined
  }
}

const PERMISSIONS: ReadonlySet<unknown> = new Set<SandboxPermission>(['read', 'write', 'net', 'run', 'other'])
const MAX_NAME = 128
const MAX_MESSAGE = 16_384

/** Nothing is known of it but that it is JSON. */
function toError(failed: unknown): ChildError {
  const { name, message, permission } = (typeof failed === 'object' && failed !== null ? failed : {}) as JsonObject
  return {
    name: typeof name === 'string' ? name.slice(0, MAX_NAME) : 'Error',
    message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : '',
    ...(PERMISSIONS.has(permission) ? { permission: permission as SandboxPermission } : {}),
  }
}
