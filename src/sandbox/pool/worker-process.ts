/**
 * The process of one child: confined, started as soon as what it needs is there, and gone once.
 *
 *   program ─ prepare ─▶ confine ─▶ start ─▶ lines, bytes, what it prints … ─▶ gone
 *
 * Fails closed: what cannot be confined as asked is not started, and what was asked to end before it was started never is.
 *
 * @module
 */

import { type Log, problemOf } from '../../core/index.ts'
import { createLineReader, signalGroup, startChild } from '../../process/index.ts'
import type { Confined, Confinement, Ended, Program } from '../confine/confinement.ts'
import type { ChildError, Job } from './pool.ts'

/** What a child runs, and what is let go of when it has ended. */
export interface Prepared {
  readonly program: Program
  close(): Promise<void>
}
/** Where each child needs something of its own first: a way out, which tells whose job it was. */
export type Prepare = (current: () => Job | undefined) => Promise<Prepared>

export interface ProcessOptions {
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
  readonly maxLineBytes: number
  /** What it does now. */
  readonly current: () => Job | undefined
  /** Whether it may say so much more. */
  readonly count: (bytes: number) => boolean
  readonly line: (text: string) => void
  /** Of stderr. */
  readonly print: (chunk: Buffer) => void
  /** A line was longer than any may be. */
  readonly over: () => void
  /** It has ended, or was not started. Called once. */
  readonly gone: (refused: ChildError | undefined) => void
  /** What it needed is gone, too. */
  readonly onGone: () => void
}

export interface WorkerProcess {
  /** Somebody has asked it to end. */
  readonly isEnding: boolean
  /** Why it was ended by us, where it was. */
  readonly ended: Ended | undefined
  /** A piece of work begins. */
  begin(): void
  /** Resolves when it is written, or never will be. */
  send(message: object): Promise<void>
  stop(why: Ended): void
  /** Ends it at once, with everything that it started. */
  kill(): void
}

/** @throws {ConfigError} where it cannot be confined as asked and nothing has to be prepared. */
export function startProcess(options: ProcessOptions): WorkerProcess {
  const { name, confinement, program, prepare, greeting, log, warn, maxLineBytes, current, count, print, over, onGone } = options
  const lines = createLineReader({ maxBytes: maxLineBytes, line: options.line, dropped: over })
  let running: { readonly confined: Confined; readonly child: ReturnType<typeof startChild> } | undefined
  let prepared: Prepared | undefined
  let isEnding = false
  let isGone = false

  if (prepare) void launchPrepared(prepare)
  else launch(program)

  async function launchPrepared(prepare: Prepare): Promise<void> {
    try {
      prepared = await prepare(current)
      if (isEnding) return gone()
      launch(prepared.program)
    } catch (error) {
      log('error', `${name}: cannot be confined as asked`, { problem: problemOf(error) })
      gone({ name: 'ConfigError', message: problemOf(error), isUnconfined: true })
    }
  }

  function launch(what: Program): void {
    const confined = confinement.confine(what)
    const child = startChild(confined.command)
    running = { confined, child }
    confined.started(child)
    for (const warning of confined.warnings) warn(warning)
    child.stdin.on('error', () => {})
    if (greeting !== undefined) child.stdin.write(`${greeting}\n`)
    child.stdout.on('data', (chunk: Buffer) => {
      if (count(chunk.length)) lines.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (count(chunk.length)) print(chunk)
    })
    child.once('error', () => gone())
    child.once('exit', () => signalGroup(child, 'SIGKILL'))
    child.once('close', () => gone())
  }

  function gone(refused?: ChildError): void {
    if (isGone) return
    isGone = true
    options.gone(refused)
    if (prepared) prepared.close().then(onGone, onGone)
    else onGone()
  }

  return {
    get isEnding() {
      return isEnding
    },
    get ended() {
      return running?.confined.ended
    },
    begin: () => running?.confined.begin(),
    send: (message) =>
      new Promise((resolve) => {
        if (running) running.child.stdin.write(`${JSON.stringify(message)}\n`, () => resolve())
        else resolve()
      }),
    stop(why) {
      isEnding = true
      running?.confined.end(why)
    },
    kill() {
      isEnding = true
      // Its number may be somebody else's by now.
      if (running && !isGone) signalGroup(running.child, 'SIGKILL')
    },
  }
}
