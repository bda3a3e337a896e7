/** How long the command takes to say something, and the gateway to listen. @module */

import { spawnSync } from 'node:child_process'
import { freePort, removeDirectory, residentMegabytes, start, temporaryDirectory } from './child.ts'
import { currentBuild, guardProgram } from './guard.ts'
import { median } from './statistics.ts'

export interface StartUp {
  /** Whether the built package was started, as a user has it, or the sources of a checkout. */
  readonly from: 'dist' | 'src'
  /** Nothing at all, for comparison. */
  readonly nodeMs: number
  readonly helpMs: number
  /** To the port's accepting a connection while the guarded command is still coming up: in a new data directory, and again in it. */
  readonly firstListenMs: number
  readonly listenMs: number
  readonly idleMegabytes: number | undefined
}

// Comes up after the measurement, and ends with its stdin. (The guard hands on none of our environment.)
const slowUpstream = 'setTimeout(() => {}, 5000); process.stdin.resume()'

/** @throws if the command fails or does not listen. */
export async function measureStartUp(times: number): Promise<StartUp> {
  const { from, program } = currentBuild()
  const nodeMs = middle(times, () => timed(['-e', '0']))
  const helpMs = middle(times, () => timed([program, '--help']))
  const first: number[] = []
  const later: number[] = []
  const idle: number[] = []
  for (let time = 0; time < times; time++) {
    const directory = temporaryDirectory()
    try {
      first.push((await listening(directory)).ms)
      const again = await listening(directory)
      later.push(again.ms)
      if (again.megabytes !== undefined) idle.push(again.megabytes)
    } finally {
      removeDirectory(directory)
    }
  }
  return { from, nodeMs, helpMs, firstListenMs: median(first) ?? 0, listenMs: median(later) ?? 0, idleMegabytes: median(idle) }
}

async function listening(directory: string): Promise<{ ms: number; megabytes: number | undefined }> {
  const port = await freePort()
  const { args } = await guardProgram(directory, ['--', process.execPath, '-e', slowUpstream], port)
  const running = await start({ args, url: `http://127.0.0.1:${port}/mcp` })
  const megabytes = residentMegabytes(running.child.pid)
  await running.stop()
  return { ms: running.startedMs, megabytes }
}

function timed(args: readonly string[]): number {
  const began = performance.now()
  const { status, error, stderr } = spawnSync(process.execPath, args, { timeout: 20_000, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')} failed: ${error?.message ?? stderr.slice(0, 300)}`)
  return performance.now() - began
}

const middle = (times: number, one: () => number): number => median(Array.from({ length: times }, one)) ?? 0
