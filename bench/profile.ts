/**
 * `node bench/profile.ts NAME`: one server of the benchmark under load with V8's profiler, and where its time went.
 * For finding what to make faster; how fast it is, `run.ts` says, since the profiler itself slows it down.
 *
 * @module
 */

import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cleanUpAtEnd, removeDirectory, temporaryDirectory } from './harness/child.ts'
import { type CpuProfile, summarize } from './harness/cpu-profile.ts'
import { createGenerator } from './harness/load.ts'
import { CONNECTIONS } from './harness/measure.ts'
import { bringUp, servers } from './harness/servers.ts'

const usage = `usage: node bench/profile.ts NAME [--seconds N] [--top N] [--keep FILE]

  --seconds  1 to 60 of load; 5 unless told
  --top      how many functions; 25 unless told
  --keep     also writes the .cpuprofile there, for a browser's developer tools

names: ${servers.map(({ name }) => name).join(', ')}
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '5' }, top: { type: 'string', default: '25' }, keep: { type: 'string' } },
})
const server = servers.find(({ name }) => name === positionals[0])
const seconds = Number(values.seconds)
const top = Number(values.top)
if (!server || positionals.length !== 1 || !Number.isInteger(seconds) || seconds < 1 || seconds > 60 || !Number.isInteger(top) || top < 1) {
  process.stderr.write(usage)
  process.exit(2)
}

cleanUpAtEnd()
const directory = temporaryDirectory()
const generator = createGenerator()
const { running, message, stop } = await bringUp(server, ['--cpu-prof', '--cpu-prof-interval=250', `--cpu-prof-dir=${directory}`])
let window = { from: 0, until: 0 }
try {
  process.stderr.write(`${server.name}: warming up, then ${seconds} s with ${generator.name}\n`)
  await generator.run(message, CONNECTIONS, 1)
  const from = microseconds()
  const { requestsPerSecond } = await generator.run(message, CONNECTIONS, seconds)
  window = { from, until: microseconds() }
  process.stderr.write(`${Math.round(requestsPerSecond)} req/s under the profiler\n`)
} finally {
  await stop()
}

// Only the server's own process is asked about, not what it starts.
const files = globSync(join(directory, '*.cpuprofile'))
const found = files.map((file) => ({ file, profile: JSON.parse(readFileSync(file, 'utf8')) as CpuProfile }))
const { file, profile } = found.find(({ file }) => file.includes(`.${running.child.pid}.`)) ?? found[0] ?? {}
if (!file || !profile) throw new Error('the server wrote no profile: it did not end properly on SIGTERM')
if (values.keep) writeFileSync(values.keep, readFileSync(file))
removeDirectory(directory)

// On Linux and macOS V8's clock is that of hrtime; where it is not, the whole profile counts.
const inside = window.from >= profile.startTime && window.until <= profile.endTime
const { functions, busyMicroseconds, idleMicroseconds } = summarize(
  profile,
  inside ? window.from : 0,
  inside ? window.until : Number.POSITIVE_INFINITY,
)
const total = busyMicroseconds + idleMicroseconds
process.stdout.write(
  `busy ${percent(busyMicroseconds, total)} of ${(total / 1e6).toFixed(1)} s${inside ? '' : ' (starting up included)'}; shares of the busy time:\n\n`,
)
for (const { name, place, microseconds: own } of functions.slice(0, top)) {
  process.stdout.write(`${percent(own, busyMicroseconds).padStart(7)}  ${name.padEnd(36)} ${place}\n`)
}
const listed = functions.slice(0, top).reduce((sum, { microseconds: own }) => sum + own, 0)
process.stdout.write(
  `${percent(busyMicroseconds - listed, busyMicroseconds).padStart(7)}  the other ${Math.max(0, functions.length - top)}\n`,
)

function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / (whole || 1)).toFixed(1)} %`
}
