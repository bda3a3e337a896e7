// The official conformance suite, all of it, as a table: on the server of `our-server.ts` in every way that it can be reached, and on the
// server of `server.ts`, which is the official SDK's, with the guard in front: as good as without. The suite's scenarios of an
// authorization server, on ours; and those of a client, on ours.
//
//   node test/conformance/run.ts [--only direct|key|gateway-http|gateway-stdio|as-registered|as-resource|as-document|client|sdk-http|sdk-stdio|sdk-legacy-http|sdk-legacy-stdio …]
//
// Fails where anything required fails or is not run, where the guard makes anything of the SDK's server worse, and where `later.ts` or
// what is expected is out of date.

import { parseArgs } from 'node:util'
import { CLIENTS, runAuthorization, type SuiteClient } from './authorization.ts'
import { runClient } from './client.ts'
import { runComparisons, UPSTREAMS, type Upstream } from './comparison.ts'
import { runOurs } from './ours.ts'
import { type Column, report } from './report.ts'
import { WAYS } from './ways.ts'

const names = [...WAYS, ...CLIENTS.map(asColumn), 'client', ...UPSTREAMS.map(columnOf)]
const { values: flags } = parseArgs({ options: { only: { type: 'string', multiple: true, default: names } } })
if (flags.only.some((name) => !(names as string[]).includes(name))) {
  console.error(`error: --only takes ${names.join(', ')}`)
  process.exit(2)
}

const started = Date.now()
const onStep = (what: string): void => console.error(`${what} …`)
const columns: Column[] = []
for (const way of WAYS.filter((each) => flags.only.includes(each))) columns.push({ name: way, rows: await runOurs(way, onStep) })
for (const client of CLIENTS.filter((each) => flags.only.includes(asColumn(each))))
  columns.push({ name: asColumn(client), rows: await runAuthorization(client, onStep) })
if (flags.only.includes('client')) columns.push({ name: 'client', rows: await runClient(onStep) })
const upstreams = UPSTREAMS.filter((each) => flags.only.includes(columnOf(each)))
if (upstreams.length > 0)
  for (const [upstream, rows] of await runComparisons(upstreams, onStep))
    columns.push({ name: columnOf(upstream), rows: rows.map((row) => ({ ...row, found: row.gateway })) })
process.exitCode = report(columns, Math.round((Date.now() - started) / 1000)) ? 0 : 1

function columnOf(upstream: Upstream): `sdk-${Upstream}` {
  return `sdk-${upstream}`
}

function asColumn(client: SuiteClient): `as-${SuiteClient}` {
  return `as-${client}`
}
