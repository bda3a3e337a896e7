// The official conformance suite without and with Sallyport in between, as a table.
//
//   node test/conformance/run.ts [--upstream http|stdio|none]
//
// Fails where anything required is worse with the gateway, where the server itself has a failure, and where `later.ts` is out of date.

import { parseArgs, styleText } from 'node:util'
import { isAllPassed, type Row, type Verdict } from './compare.ts'
import { REVISIONS, runComparison, type Upstream } from './comparison.ts'

const { values: flags } = parseArgs({ options: { upstream: { type: 'string', default: 'http' } } })
if (!['http', 'stdio', 'none'].includes(flags.upstream)) {
  console.error('error: --upstream takes http, stdio or none')
  process.exit(2)
}

const started = Date.now()
const rows = await runComparison(flags.upstream as Upstream, (what) => console.error(`${what} …`))
process.exitCode = report(rows) ? 0 : 1

function report(rows: readonly Row[]): boolean {
  const width = Math.max(...rows.map((row) => row.scenario.length))
  for (const revision of REVISIONS) {
    console.log(`\n${revision}${' '.repeat(width - revision.length)}  direct   gateway`)
    for (const row of rows.filter((row) => row.revision === revision)) {
      console.log(`${row.scenario.padEnd(width)}  ${row.direct.padEnd(7)}  ${row.gateway.padEnd(7)}  ${paint(row.verdict)}`)
      for (const note of row.notes) console.log(`${' '.repeat(4)}${note}`)
    }
  }
  const required = rows.filter((row) => row.verdict !== 'unscored')
  // A baseline with failures would let the gateway fail the same way unseen.
  const broken = required.filter((row) => !isAllPassed(row.direct))
  for (const row of broken) console.log(`\nerror: the conformance server itself fails ${row.scenario} (${row.revision}): ${row.direct}`)

  const follows = required.filter((row) => row.follows)
  const passing = follows.filter((row) => row.verdict === 'same')
  const held = required.filter((row) => row.verdict === 'same' && !broken.includes(row))
  const postponed = required.filter((row) => row.verdict === 'later' && !broken.includes(row))
  const failed = required.length - held.length - postponed.length
  console.log(
    `\nWhat issue 3 answers for (input rounds, sampling, elicitation, logging): ${passing.length} of ${follows.length} pass already.`,
  )
  console.log(`${postponed.length} wait in later.ts. ${Math.round((Date.now() - started) / 1000)} s.`)
  console.log(`${held.length} passed, ${failed} failed`)
  return failed === 0
}

function paint(verdict: Verdict): string {
  const colours = { same: 'green', worse: 'red', stale: 'red', later: 'yellow', unscored: 'dim' } as const
  return styleText(colours[verdict], verdict, { stream: process.stdout })
}
