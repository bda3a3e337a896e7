// The official conformance suite, all of it, as tables: on the server of `our-server.ts` in every way that it can be reached, and on the
// server of `server.ts`, which is the official SDK's, without and with the guard in front.
//
//   node test/conformance/run.ts [--only direct|key|gateway-http|gateway-stdio|sdk-http|sdk-stdio …]
//
// Fails where anything required fails or is not run, where the guard makes anything of the SDK's server worse, and where `later.ts` or
// `expected.ts` is out of date. CI runs less, for the sake of time: see the `*.test.ts` of this folder.

import { parseArgs } from 'node:util'
import { runComparison } from './comparison.ts'
import { runOurs } from './ours.ts'
import { type Column, report } from './report.ts'
import { WAYS, type Way } from './ways.ts'

const UPSTREAMS = ['sdk-http', 'sdk-stdio'] as const
const all = [...WAYS, ...UPSTREAMS]
const { values: flags } = parseArgs({ options: { only: { type: 'string', multiple: true, default: [...all] } } })
const unknown = flags.only.filter((name) => !(all as readonly string[]).includes(name))
if (unknown.length > 0) {
  console.error(`error: --only takes ${all.join(', ')}`)
  process.exit(2)
}

const started = Date.now()
const columns: Column[] = []
for (const name of all.filter((each) => flags.only.includes(each))) columns.push(await run(name))
process.exitCode = report(columns, Math.round((Date.now() - started) / 1000)) ? 0 : 1

async function run(name: (typeof all)[number]): Promise<Column> {
  const onStep = (what: string): void => console.error(`${what} …`)
  if (isWay(name)) return { name, rows: await runOurs(name, onStep) }
  const rows = await runComparison(name === 'sdk-http' ? 'http' : 'stdio', onStep)
  return { name, rows: rows.map((row) => ({ ...row, found: row.gateway })) }
}

function isWay(name: string): name is Way {
  return (WAYS as readonly string[]).includes(name)
}
