/**
 * Closed-loop load: so many connections, each sending its next request when the last is answered. wrk where it is
 * installed, else autocannon; a ratio means something only within one of them.
 *
 * @module
 */

import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { removeDirectory, temporaryDirectory } from './child.ts'
import type { Message } from './messages.ts'
import { writeLines } from './proofs.ts'
import { percentile } from './statistics.ts'

export interface Load {
  readonly requestsPerSecond: number
  readonly requests: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
}

export interface Generator {
  readonly name: 'wrk' | 'autocannon'
  /** @throws if any request failed or was refused: a figure with refusals in it means nothing. */
  run(message: Message, connections: number, seconds: number): Promise<Load>
}

export function createGenerator(preferred?: string): Generator {
  const hasWrk = preferred !== 'autocannon' && spawnSync('wrk', ['--version'], { timeout: 5000 }).error === undefined
  if (preferred === 'wrk' && !hasWrk) throw new Error('wrk is not installed')
  return hasWrk
    ? { name: 'wrk', run: runWrk }
    : { name: 'autocannon', run: (message, connections, seconds) => runAutocannon(message, connections, seconds) }
}

const script = fileURLToPath(new URL('call.lua', import.meta.url))

function runWrk(message: Message, connections: number, seconds: number): Promise<Load> {
  const headers = Object.entries(message.headers).map(([name, value]) => `${name}: ${value}`)
  const { prove, fresh } = message
  const directory = (prove ?? fresh) && temporaryDirectory()
  const proofs = directory && prove && writeLines(directory, 'proofs', prove, seconds)
  const bodies = directory && fresh && writeLines(directory, 'bodies', fresh, seconds)
  const given = { BENCH_BODY: message.body, BENCH_HEADERS: headers.join('\n') }
  const env = { ...process.env, ...given, ...(proofs && { BENCH_PROOFS: proofs }), ...(bodies && { BENCH_BODIES: bodies }) }
  const args = ['-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '10', '--latency', '-s', script, message.url]
  return new Promise((resolve, reject) => {
    const wrk = spawn('wrk', args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: (seconds + 20) * 1000, killSignal: 'SIGKILL' })
    // wrk is in our own process group, so ctrl-C at a terminal reaches it too; otherwise it ends with its own time.
    const endWithUs = (): void => void wrk.kill('SIGKILL')
    process.once('exit', endWithUs)
    let output = ''
    wrk.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
    wrk.stderr.resume()
    wrk.once('error', reject)
    wrk.once('close', () => {
      process.off('exit', endWithUs)
      if (directory) removeDirectory(directory)
      const line = /^BENCH (.+)$/m.exec(output)?.[1]
      if (!line) return reject(new Error(`wrk said nothing: ${output.slice(0, 300)}`))
      const { requests, microseconds, p50, p99, failed, refused } = JSON.parse(line)
      if (requests === 0 || failed > 0 || refused > 0) return reject(spoiled(requests, failed, refused))
      resolve({ requestsPerSecond: requests / (microseconds / 1e6), requests, p50, p99 })
    })
  })
}

/** With `overallRate`, autocannon sends each second's requests in one burst: see README.md before reading a p99 of it. */
export async function runAutocannon(message: Message, connections: number, seconds: number, overallRate?: number): Promise<Load> {
  const times: number[] = []
  const { prove, fresh } = message
  const another = (request: object) => ({
    ...request,
    ...(prove && { headers: { ...message.headers, dpop: prove() } }),
    ...(fresh && { body: fresh() }),
  })
  const run = autocannon({
    url: message.url,
    method: 'POST',
    headers: { ...message.headers },
    body: message.body,
    ...((prove ?? fresh) && { requests: [{ setupRequest: another }] }),
    connections,
    duration: seconds,
    timeout: 10,
    ...(overallRate === undefined ? {} : { overallRate }),
  })
  // Its own histogram counts whole milliseconds.
  run.on('response', (_client, _status, _bytes, milliseconds) => {
    if (times.length < 5_000_000) times.push(milliseconds * 1000)
  })
  const { requests, non2xx, errors, timeouts, duration } = await run
  if (times.length === 0 || non2xx > 0 || errors > 0) throw spoiled(requests.total, errors + timeouts, non2xx)
  const sorted = Float64Array.from(times).sort()
  return {
    requestsPerSecond: requests.total / duration,
    requests: requests.total,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
  }
}

export const spoiled = (requests: number, failed: number, refused: number): Error =>
  new Error(`answered wrongly under load: of ${requests} requests ${refused} were refused and ${failed} failed`)
