/**
 * `npm run bench:memory`: a server of ours, fully guarded, over a million calls, and what it holds of the machine's memory on the way.
 * A benchmark measures: whether it is flat is for the reader, who is shown every step.
 *
 *   npm run bench:memory -- [--server NAME] [--calls N] [--json]
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { cleanUpAtEnd, residentMegabytes } from './harness/child.ts'
import { createGenerator } from './harness/load.ts'
import { CONNECTIONS } from './harness/measure.ts'
import { bringUp, servers } from './harness/servers.ts'

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'sallyport-key' },
    calls: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
  },
})
const server = servers.find(({ name }) => name === values.server)
const calls = Number(values.calls)
if (!server || !Number.isInteger(calls) || calls < 1 || calls > 100_000_000) {
  process.stderr.write('usage: npm run bench:memory -- [--server NAME] [--calls N, 1 to 100000000] [--json]\n')
  process.exit(2)
}

interface Step {
  readonly calls: number
  readonly megabytes: number
}

const SLICE_SECONDS = 3
const STEPS = 10

cleanUpAtEnd()
const generator = createGenerator()
const { running, message, stop } = await bringUp(server)
const steps: Step[] = []
let done = 0
try {
  process.stderr.write(`${server.name}: ${calls} calls with ${generator.name}\n`)
  while (done < calls) {
    done += (await generator.run(message, CONNECTIONS, SLICE_SECONDS)).requests
    if (done < ((steps.length + 1) * calls) / STEPS) continue
    const megabytes = residentMegabytes(running.child.pid) ?? 0
    steps.push({ calls: done, megabytes })
    process.stderr.write(`${String(done).padStart(9)} calls  ${megabytes.toFixed(1)} MB\n`)
  }
} finally {
  await stop()
}
// The first fifth is warming up: code is compiled and caches are filled.
const [early, late] = [steps[1] ?? steps[0], steps.at(-1)]
const growth = early && late ? late.megabytes / early.megabytes : undefined
process.stdout.write(
  values.json
    ? `${JSON.stringify({ server: server.name, steps, growth })}\n`
    : `${server.name}: ${early?.megabytes.toFixed(1)} MB after ${early?.calls} calls, ${late?.megabytes.toFixed(1)} MB after ${late?.calls}: ${growth?.toFixed(2)} times\n`,
)
