// Child processes for tests: started, waited for and stopped by handle, never by name. What they print is kept for the failure
// message. A child that does not say what was expected in time is killed and its output is in the error.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { withBin } from './paths.ts'

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Record<string, string | undefined>
  /** What it reads on stdin before the end; `null` keeps stdin open, for programs that stop at its end. */
  readonly input?: string | null
  readonly timeoutMs?: number
}

/** Runs a program to its end. A signal or the deadline gives code 128 or more, as in a shell. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = start(command, args, { cwd: options.cwd, env: withBin(options.env), stdio: 'pipe' })
  const deadline = setTimeout(() => child.process.kill('SIGKILL'), options.timeoutMs ?? 60_000)
  child.process.stdin?.on('error', () => {}) // a child may end without reading its input
  if (options.input !== null) child.process.stdin?.end(options.input ?? '')
  const [code, signal] = (await once(child.process, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(deadline)
  return { code: code ?? (signal === 'SIGKILL' ? 137 : 143), stdout: child.stdout(), stderr: child.stderr() }
}

export interface Child {
  readonly process: ChildProcess
  stdout(): string
  stderr(): string
}

export function start(command: string, args: readonly string[], options: SpawnOptions): Child {
  const process = spawn(command, args, options)
  const kept = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      kept[name] += chunk
    })
  }
  return { process, stdout: () => kept.stdout, stderr: () => kept.stderr }
}

/** The first line on stdout that matches; everything that the child printed until then is in the error where it ends or stays silent. */
export async function firstLine(child: Child, timeoutMs: number, pattern: RegExp = /^/): Promise<string> {
  const { stdout } = child.process
  if (stdout === null) throw new Error('the child has no stdout to read from')
  const lines = createInterface({ input: stdout })
  const failed = (why: string): Error => new Error(`${why}\nstdout: ${child.stdout()}\nstderr: ${child.stderr()}`)
  try {
    return await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(failed(`no such line on stdout after ${timeoutMs} ms`)), timeoutMs)
      lines.on('line', (line) => {
        if (!pattern.test(line)) return
        clearTimeout(timer)
        resolve(line)
      })
      child.process.once('error', reject)
      child.process.once('close', (code) => {
        clearTimeout(timer)
        reject(failed(`ended with code ${code} before it was ready`))
      })
    })
  } finally {
    lines.close()
    stdout.resume() // closing the reader pauses the pipe, and a full pipe would stop the child
  }
}

/** Asks it to end, and insists after a while. Resolves when it is gone. */
export async function stop(child: ChildProcess, graceMs = 5000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await gone
  clearTimeout(insist)
}
