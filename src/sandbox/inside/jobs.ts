/**
 * The inside of the pool: reads jobs from stdin, a JSON line each, and writes what becomes of them to stdout. One job at a time.
 * Imports nothing of ours but what stands beside it.
 *
 *   in:   {id, job}   {id, reply}   {id, abort: true}
 *   out:  {ready: true} | {failed}   {id, said}   {id, done} | {id, failed}
 *
 * Whatever runs here may write the same lines itself: a line can only answer the job whose id it has, and ids are not told in advance.
 *
 * @module
 */

import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { toChildError } from './errors.ts'

export interface InsideJob {
  /** Says something while it works. */
  say(message: object): void
  /** What is answered to what was said. */
  onReply(listener: (answer: Record<string, unknown>) => void): void
  /** Nobody wants the answer any more. */
  onAbort(listener: () => void): void
}
export type Run = (message: Record<string, unknown>, job: InsideJob) => unknown

const LINE = 10
const { parse, stringify } = JSON

/**
 * stdin and stdout are ours: what a module prints goes to stderr, of which our log tells. At once and not by way of a stream that
 * waits: a loop without end that prints meets its bound, and the last words before a crash arrive.
 */
export function takeStdio(): void {
  const printed = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      writeAll(2, chunk)
      done()
    },
  })
  for (const [name, value] of Object.entries({ stdout: printed, stderr: printed, stdin: undefined }))
    Object.defineProperty(process, name, { value, configurable: true, enumerable: true })
}

/** Begins to take jobs. `prepare` is done before the first: it is what makes a child warm. */
export async function serve(prepare: () => Promise<Run>): Promise<void> {
  let run: Run
  try {
    run = await prepare()
  } catch (error) {
    write({ failed: toChildError(error) })
    process.exit(1)
  }
  read(createReceiver(run))
  write({ ready: true })
}

function createReceiver(run: Run): (line: string) => void {
  let current:
    | { readonly id: string; replied?: (answer: Record<string, unknown>) => void; aborted: boolean; abort?: () => void }
    | undefined

  function begin(id: string, message: Record<string, unknown>): void {
    const job: typeof current = { id, aborted: false }
    current = job
    const end = (outcome: object): void => {
      if (current !== job) return
      current = undefined
      write({ id, ...outcome })
    }
    const fail = (error: unknown): void => end({ failed: toChildError(error) })
    const done = (value: unknown): void => {
      try {
        end({ done: value })
      } catch (error) {
        // It cannot be written as JSON.
        write({ id, failed: toChildError(error) })
      }
    }
    try {
      const outcome = run(message, {
        say: (said) => {
          if (current === job) write({ id, said })
        },
        onReply: (listener) => {
          job.replied = listener
        },
        onAbort: (listener) => {
          if (job.aborted) listener()
          else job.abort = listener
        },
      })
      if (outcome instanceof Promise) outcome.then(done, fail)
      else done(outcome)
    } catch (error) {
      fail(error)
    }
  }

  return (line) => {
    const { id, job, reply, abort } = parse(line) as Record<string, unknown>
    if (job !== undefined) return begin(id as string, job as Record<string, unknown>)
    if (id !== current?.id || current === undefined) return
    if (reply !== undefined) current.replied?.(reply as Record<string, unknown>)
    if (abort !== true) return
    current.aborted = true
    current.abort?.()
  }
}

// A descriptor that blocks: the shortest way out, and whoever floods it waits for us.
function write(message: object): void {
  writeAll(1, Buffer.from(`${stringify(message)}\n`))
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/** Without a stream: one buffer, and one call for each read. */
function read(take: (line: string) => void): void {
  let parts: Buffer[] = []
  const takeBytes = (bytes: number, buffer: Buffer | Uint8Array): boolean => {
    let rest = Buffer.from(buffer.buffer, buffer.byteOffset, bytes)
    for (let end = rest.indexOf(LINE); end !== -1; end = rest.indexOf(LINE)) {
      const line = rest.subarray(0, end)
      const text = parts.length === 0 ? line.toString() : Buffer.concat([...parts, line]).toString()
      parts = []
      take(text)
      rest = rest.subarray(end + 1)
    }
    // The buffer is used again.
    if (rest.length > 0) parts.push(Buffer.from(rest))
    return true
  }
  const socket = new Socket({ fd: 0, readable: true, writable: false, onread: { buffer: Buffer.alloc(65_536), callback: takeBytes } })
  // Whoever started us has gone.
  socket.on('end', () => process.exit(0))
  socket.on('error', () => process.exit(0))
  socket.resume()
}
