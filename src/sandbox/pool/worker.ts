/**
 * One child of a pool: started, warm once it says `ready`, then one job after the other. What it says is read line by line within
 * bounds (`inside/jobs.ts` is its other end).
 *
 * Fails closed: whatever is not an answer to the job at hand goes nowhere, and a child that breaks a bound is ended.
 *
 * @module
 */

import { createId, type JsonObject, type Log } from '../../core/index.ts'
import { createLineReader, signalGroup, startChild } from '../../process/index.ts'
import type { Confinement, Ended, Program } from '../confine/confinement.ts'
import type { ChildError, Job, JobEnd } from './pool.ts'
import { createSayings } from './sayings.ts'

export interface WorkerOptions {
  /** What it runs for: in the log. */
  readonly name: string
  readonly confinement: Confinement
  readonly program: Program
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
  /** Its process has ended: it takes nothing any more. */
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

/** @throws {ConfigError} where it cannot be confined as asked. */
export function startWorker({ name, confinement, program, log, warn, onReady, onGone }: WorkerOptions): Worker {
  const { timeoutMs, maxOutputBytes } = program.grants.limits
  const confined = confinement.confine(program)
  const child = startChild(confined.command)
  confined.started(child)
  for (const warning of confined.warnings) warn(warning)
  const sayings = createSayings(name, log)
  let isReady = false
  let isGone = false
  let running: Running | undefined
  let refused: ChildError | undefined

  const starting = setTimeout(() => stop('time'), START_MS)
  const lines = createLineReader({ maxBytes: maxOutputBytes, line: take, dropped: () => stop('output') })
  child.stdin.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => {
    if (count(chunk.length)) lines.push(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    if (count(chunk.length)) sayings.push(chunk)
  })
  child.once('error', gone)
  child.once('exit', () => signalGroup(child, 'SIGKILL'))
  child.once('close', gone)

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
    confined.begin()
    current.timer = setTimeout(stop, timeoutMs, 'time')
    send({ id, job: job.message })
    if (current.isAborted) abort(current)
  }

  function hear(current: Running, said: unknown): void {
    if (typeof said !== 'object' || said === null) return
    current.job.said?.(said as JsonObject, (reply) => {
      if (running === current) send({ id: current.id, reply })
    })
  }

  function abort(current: Running): void {
    if (running !== current) return
    current.isAborted = true
    if (!isReady) return settle({ kind: 'cancelled' })
    send({ id: current.id, abort: true })
    setTimeout(() => {
      if (running !== current) return
      end()
      settle({ kind: 'cancelled' })
    }, ABORT_MS)
  }

  function send(message: object): void {
    child.stdin.write(`${JSON.stringify(message)}\n`)
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
    confined.end(why)
    settle({ kind: 'stopped', why })
  }

  function end(): void {
    // Its number may be somebody else's by now.
    if (!isGone) signalGroup(child, 'SIGKILL')
  }

  function gone(): void {
    if (isGone) return
    isGone = true
    clearTimeout(starting)
    sayings.flush()
    if (!isReady && !running) log('warn', `${name}: what runs in its sandbox could not be started`, { problem: refused?.message })
    settle(refused ? { kind: 'failed', error: refused } : { kind: 'stopped', why: confined.ended ?? sayings.why })
    onGone()
  }

  return {
    get isReady() {
      return isReady
    },
    get isGone() {
      return isGone
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

const PERMISSIONS: ReadonlySet<unknown> = new Set(['read', 'write', 'net', 'env', 'run', 'other'])
const MAX_NAME = 128
const MAX_MESSAGE = 16_384

/** Nothing is known of it but that it is JSON. */
function toError(failed: unknown): ChildError {
  const { name, message, permission } = (typeof failed === 'object' && failed !== null ? failed : {}) as JsonObject
  return {
    name: typeof name === 'string' ? name.slice(0, MAX_NAME) : 'Error',
    message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : '',
    ...(PERMISSIONS.has(permission) ? { permission: permission as ChildError['permission'] } : {}),
  }
}
