// The official conformance suite without and with Sallyport in between: every scored scenario must fare the same.
//
//   node test/conformance/run.ts [--upstream http|stdio] [--direct]
//
// Starts the conformant server of this folder, runs the suite on it for both revisions, puts a guard in front of it (reached with
// an API key through a proxy that adds it, because the suite knows no tokens), runs both again and compares check by check.
// Fails where anything required is worse, where the server itself has a failure, and where `later.ts` is out of date.

import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { createTokenProxy, firstLine, ROOT, start, startGuard, stop, type Version, withBin } from '../support/index.ts'
import { compare, type Row, type Verdict } from './compare.ts'
import { later } from './later.ts'
import { loadRequirements, type Results, runSuite } from './suite.ts'

const REVISIONS: readonly Version[] = ['2025-11-25', '2026-07-28']
const SERVER = join(ROOT, 'test', 'conformance', 'server.ts')
// The suite sends some hundred requests in a few seconds; what is tested here is the protocol, not the limits.
const PLENTY = { max: 100_000 }
const CONFIG = { limits: { address: PLENTY, principal: PLENTY, client: PLENTY, tool: PLENTY } }

const { values: flags } = parseArgs({
  options: { upstream: { type: 'string', default: 'http' }, direct: { type: 'boolean', default: false } },
})
if (flags.upstream !== 'http' && flags.upstream !== 'stdio') {
  console.error('error: --upstream takes http or stdio')
  process.exit(2)
}

const started = Date.now()
const server = start(process.execPath, [SERVER], { env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
try {
  const { url } = JSON.parse(await firstLine(server, 15_000)) as { url: string }
  const direct = await runBoth('the server directly', url)
  // Only the baseline: the gateway is the server itself.
  const gateway = flags.direct ? direct : await runThroughGateway(url)

  const rows: Row[] = []
  for (const revision of REVISIONS) {
    const requirements = await loadRequirements(revision)
    rows.push(...compare(revision, requirements, direct.get(revision)!, gateway.get(revision)!, flags.direct ? [] : later))
  }
  process.exitCode = report(rows) ? 0 : 1
} finally {
  await stop(server.process)
}

async function runThroughGateway(url: string): Promise<Map<Version, Results>> {
  const upstream = flags.upstream === 'http' ? [url] : ['--', process.execPath, SERVER, '--stdio']
  await using guard = await startGuard({ args: upstream, config: CONFIG })
  await using proxy = await createTokenProxy({ target: guard.url, token: await guard.key() })
  return await runBoth(`the server behind the guard (${flags.upstream})`, proxy.url)
}

async function runBoth(what: string, url: string): Promise<Map<Version, Results>> {
  const results = new Map<Version, Results>()
  for (const revision of REVISIONS) {
    console.error(`${revision}: ${what} …`)
    results.set(revision, await runSuite(url, revision))
  }
  return results
}

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

function isAllPassed(summary: string): boolean {
  const [passed, run] = summary.split('/')
  return run !== undefined && run !== '0' && passed === run
}

function paint(verdict: Verdict): string {
  const colours = { same: 'green', worse: 'red', stale: 'red', later: 'yellow', unscored: 'dim' } as const
  return styleText(colours[verdict], verdict, { stream: process.stdout })
}
