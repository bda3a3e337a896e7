/**
 * One child of a pool: started, warm once it says `ready`, then one job after the other. What it says is read line by line within
 * bounds (`inside/jobs.ts` is its other end).
 *
 * Fails closed: whatever is not an answer to the job at hand goes nowhere, and a child that breaks a bound is ended.
 *
 * @module
 */

import { createId, type JsonObject, problemOf } from '../../core/index.ts'
import type { Ended } from '../confine/confinement.ts'
import { parseLine, toError } from './lines.ts'
import type { ChildError, Job, JobEnd } from './pool.ts'
import { createSayings } from './sayings.ts'
import { type ProcessOptions, startProcess, type WorkerProcess } from './worker-process.ts'

export interface WorkerOptions
  extends Pick<ProcessOptions, 'name' | 'confinement' | 'program' | 'prepare' | 'greeting' | 'log' | 'warn' | 'onGone'> {
  /** It is warm. */
  readonly onReady: () => void
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
export function startWorker({ onReady, ...options }: WorkerOptions): Worker {
  const { name, program, log } = options
  const { timeoutMs, maxOutputBytes } = program.grants.limits
  const sayings = createSayings(name, log)
  let process: WorkerProcess | undefined
  let isReady = false
  let isGone = false
  let running: Running | undefined
  let refused: ChildError | undefined

  const starting = setTimeout(() => stop('time'), START_MS)
  try {
    process = startProcess({ ...options, maxLineBytes: maxOutputBytes, current: () => running?.job, count, line: take, print, over, gone })
  } catch (error) {
    clearTimeout(starting)
    throw error
  }

  /** Bounded also between jobs, and before the first. */
  let idleBytes = 0
  function count(bytes: number): boolean {
    const total = running ? (running.outputBytes += bytes) : (idleBytes += bytes)
    if (total <= maxOutputBytes) return true
    over()
    return false
  }
  function over(): void {
    stop('output')
  }

  function print(chunk: Buffer): void {
    sayings.push(chunk)
    // It came after the answer to what it was printed in.
    if (isReady && !running) sayings.flush()
  }

  function take(line: string): void {
    const message = parseLine(line)
    if (message === undefined) return sayings.line(line)
    const { id, done, failed, said } = message
    if (running !== undefined && id === running.id) {
      if (failed !== undefined) fail(toError(failed))
      else if (said === undefined) settle({ kind: 'done', value: done })
      else hear(running, said)
    } else if (!isReady) start(message)
  }

  function fail(error: ChildError): void {
    // What fills its disk, or has its processes, would still be there for the next call. What a tool says itself is more than we know.
    if (error.limit === undefined || error.name === 'ToolError') settle({ kind: 'failed', error })
    else stop(error.limit)
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
    process?.begin()
    current.timer = setTimeout(stop, timeoutMs, 'time')
    void process?.send({ id, job: job.message })
    if (current.isAborted) abort(current)
  }

  function hear(current: Running, said: unknown): void {
    if (typeof said !== 'object' || said === null) return
    try {
      current.job.said?.(said as JsonObject, async (reply) => {
        if (running === current) await process?.send({ id: current.id, reply })
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
    void process?.send({ id: current.id, abort: true })
    setTimeout(() => {
      if (running !== current) return
      process?.kill()
      settle({ kind: 'cancelled' })
    }, ABORT_MS)
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
    process?.stop(why)
    settle({ kind: 'stopped', why })
  }

  function gone(problem: ChildError | undefined): void {
    isGone = true
    refused ??= problem
    clearTimeout(starting)
    sayings.flush()
    if (!isReady && !running && process?.isEnding !== true)
      log('warn', `${name}: what runs in its sandbox could not be started`, { problem: refused?.message ?? process?.ended })
    settle(refused ? { kind: 'failed', error: refused } : { kind: 'stopped', why: process?.ended ?? sayings.why })
  }

  return {
    get isReady() {
      return isReady
    },
    get isGone() {
      return isGone || process?.ended !== undefined
    },
    run(job, done) {
      const current: Running = { id: createId(''), job, done, outputBytes: 0, timer: undefined, isAborted: false }
      running = current
      if (isReady) give(current)
      job.onAbort(() => abort(current))
    },
    end: () => process?.kill(),
  }
}
