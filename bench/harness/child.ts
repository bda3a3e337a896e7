/**
 * The processes of the benchmark: each in a group of its own, so that what it starts ends with it, and every group ended
 * by its id when its turn is over, on ctrl-C, and when the harness itself breaks.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ready } from '../peers/serve.ts'

const alive = new Set<ChildProcess>()
const directories = new Set<string>()

export interface Program {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where a server that announces nothing will listen: it is ready once the port accepts. */
  readonly url?: string
  /** A server over stdio is there at once: its first answer is part of the measurement's warm-up. */
  readonly stdio?: true
}

export interface Running {
  readonly child: ChildProcess
  readonly ready: Ready
  /** From starting the process to its being ready. */
  readonly startedMs: number
  /** What it wrote to stderr, the last 4,000 characters. */
  readonly complaints: () => string
  readonly stop: () => Promise<void>
}

/** @throws if it is not ready within `timeoutMs`, with what it said on stderr. */
export async function start(program: Program, timeoutMs = 30_000): Promise<Running> {
  const began = performance.now()
  const child = spawn(process.execPath, program.args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...program.env },
  })
  alive.add(child)
  child.stdin?.on('error', () => {})
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-4000)
  })
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      alive.delete(child)
      reject(new Error(`ended with ${signal ?? code} before it was ready: ${stderr.trim().slice(-600)}`))
    })
  })
  ended.catch(() => {})
  try {
    const limit = new AbortController()
    const late = sleep(timeoutMs, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`not ready within ${timeoutMs} ms: ${stderr.trim().slice(-600)}`)
    })
    late.catch(() => {})
    const told = program.stdio ? { url: 'stdio:' } : program.url ? accepts(child, program.url) : announcement(child)
    const ready = await Promise.race([told, ended, late]).finally(() => limit.abort())
    return { child, ready, startedMs: performance.now() - began, complaints: () => stderr, stop: () => stop(child) }
  } catch (error) {
    await stop(child)
    throw error
  }
}

/** Runs a program to its end and answers its stdout. @throws if it fails or takes longer than `timeoutMs`. */
export async function runToEnd({ args }: Program, timeoutMs = 30_000): Promise<string> {
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  alive.add(child)
  const timer = setTimeout(() => endGroup(child), timeoutMs)
  try {
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    if (code !== 0) throw new Error(`${args[1]} ended with ${code}: ${stderr.trim().slice(-600)}`)
    return stdout
  } finally {
    clearTimeout(timer)
    alive.delete(child)
  }
}

/** The first line that is ours: some servers greet on stdout before that. */
function announcement(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve) => {
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = (lines.pop() ?? '').slice(-10_000)
      for (const line of lines) if (line.startsWith('{"url":')) resolve(JSON.parse(line))
    })
  })
}

/** Until a connection is accepted; the caller bounds the wait by ending the child. */
async function accepts(child: ChildProcess, url: string): Promise<Ready> {
  child.stdout?.resume()
  const port = Number(new URL(url).port)
  for (let attempt = 0; attempt < 10_000; attempt++) {
    if (await canConnect(port)) return { url }
    if (!alive.has(child)) break
    await sleep(5)
  }
  throw new Error('nothing listens')
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** Asks it to end, and makes sure of the whole group after five seconds. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const patience = new AbortController()
    await Promise.race([exited, sleep(5000, undefined, { signal: patience.signal }).catch(() => {})])
    patience.abort()
  }
  endGroup(child)
  alive.delete(child)
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The whole group has gone already.
  }
}

/** For what a server keeps; removed by `removeDirectory`, or when the harness ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  directories.add(directory)
  return directory
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  directories.delete(directory)
}

/** For each program that measures: whatever ends it, nothing of it stays behind. */
export function cleanUpAtEnd(): void {
  process.once('exit', () => {
    for (const child of alive) endGroup(child)
    for (const directory of directories) removeDirectory(directory)
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  process.once('SIGHUP', () => process.exit(129))
}

/** Resident memory in MB; undefined where the platform does not say. */
export function residentMegabytes(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined
  try {
    const status = `/proc/${pid}/status`
    const kilobytes = existsSync(status)
      ? /VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8', timeout: 2000 }).trim()
    return kilobytes ? Number(kilobytes) / 1024 : undefined
  } catch {
    return undefined
  }
}

/** What the process and its threads have computed so far, in microseconds; undefined where the platform does not say. */
export function cpuMicroseconds(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the second field is in parentheses and may hold anything; utime and stime are the 14th and 15th, in ticks of 10 ms.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return undefined
  }
}
