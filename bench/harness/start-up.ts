/** How long the command takes to say something, and the gateway to listen. @module */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort, removeDirectory, residentMegabytes, start, temporaryDirectory } from './child.ts'
import { guardProgram, sallyport } from './guard.ts'
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

const built = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const slowUpstream = { SLOW_START_MS: '3000' }

/** @throws if the command fails or does not listen. */
export async function measureStartUp(times: number): Promise<StartUp> {
  const from = existsSync(built) ? 'dist' : 'src'
  const program = from === 'dist' ? built : sallyport
  const nodeMs = middle(times, () => timed(['-e', '0']))
  const helpMs = middle(times, () => timed([program, '--help']))
  const first: number[] = []
  const later: number[] = []
  const idle: number[] = []
  for (let time = 0; time < times; time++) {
    const directory = temporaryDirectory()
    try {
      first.push((await listening(directory, program)).ms)
      const again = await listening(directory, program)
      later.push(again.ms)
      if (again.megabytes !== undefined) idle.push(again.megabytes)
    } finally {
      removeDirectory(directory)
    }
  }
  return { from, nodeMs, helpMs, firstListenMs: median(first) ?? 0, listenMs: median(later) ?? 0, idleMegabytes: median(idle) }
}

async function listening(directory: string, program: string): Promise<{ ms: number; megabytes: number | undefined }> {
  const port = await freePort()
  const { args } = await guardProgram(
    directory,
    ['--', process.execPath, fileURLToPath(new URL('../peers/cheap-stdio.ts', import.meta.url))],
    port,
  )
  const running = await start({ args: [program, ...args.slice(1)], env: slowUpstream, url: `http://127.0.0.1:${port}/mcp` })
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
