// `npm run soak:sign-in`: ten thousand sign-ins, each with registration, password, consent, code, token and a call, some renewed, some
// revoked, against a server in a process of its own. Fails where its memory or descriptors grow, or a row is kept that no rule keeps.
//
//   npm run soak:sign-in -- [--sign-ins N] [--parallel N] [--json]

import { parseArgs } from 'node:util'
import { inMegabytes, type Step } from './judge.ts'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    'sign-ins': { type: 'string', default: '10000' },
    parallel: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
})
const [signIns, parallel] = [Number(values['sign-ins']), Number(values.parallel)]
if (!within(signIns, 1_000_000) || !within(parallel, 32)) {
  console.error('usage: npm run soak:sign-in -- [--sign-ins N, 1 to 1000000] [--parallel N, 1 to 32] [--json]')
  process.exit(2)
}

const started = performance.now()
const shown = await soak({ signIns, parallel, onStep: (step) => console.error(lineOf(step)) })
if (values.json) console.log(JSON.stringify(shown))
else {
  console.log(`${shown.signIns} sign-ins in ${shown.seconds} s`)
  for (const { what, isMet, found } of shown.verdicts) console.log(`${isMet ? '✓' : '✗'} ${what}: ${found}`)
  console.log(`audit: ${shown.steps.at(-1)?.auditRecords} records, which no rule removes`)
}
process.exitCode = shown.verdicts.every(({ isMet }) => isMet) ? 0 : 1

function lineOf({ signIns: done, heapBytes, residentBytes, descriptors, rows, databaseBytes }: Step): string {
  const seconds = (performance.now() - started) / 1000
  const open = descriptors ? `${descriptors.others} files, ${descriptors.sockets} sockets` : ''
  const stored = Object.values(rows).reduce((sum, count) => sum + count, 0)
  return [
    `${String(done).padStart(7)}/${signIns}`,
    `${(done / seconds).toFixed(1)}/s`,
    `heap ${inMegabytes(heapBytes)} MB`,
    `resident ${inMegabytes(residentBytes)} MB`,
    open,
    `${stored} rows`,
    `${inMegabytes(databaseBytes)} MB`,
  ].join('  ')
}

function within(figure: number, most: number): boolean {
  return Number.isInteger(figure) && figure >= 1 && figure <= most
}
