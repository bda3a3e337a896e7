// The server of the official SDK: the suite on it for both revisions, then a guard in front of it, reached with an API key through a
// proxy that adds it (the suite knows no tokens), both revisions again, and the comparison check by check. A server that speaks 2025-11-25
// alone asks its client by requests of its own: behind the guard it is compared in that revision.

import { join } from 'node:path'
import { createTokenProxy, firstLine, ROOT, start, startGuard, stop, type Version, withBin } from '../support/index.ts'
import { compare, type Row } from './compare.ts'
import { later } from './later.ts'
import { loadRequirements, type Results, runSuite } from './suite.ts'
import { CONFIG, inTurn } from './ways.ts'

export const REVISIONS: readonly Version[] = ['2025-11-25', '2026-07-28']
const SERVER = join(ROOT, 'test', 'conformance', 'server.ts')

/** How the guard reaches the server; `legacy`: which speaks 2025-11-25 alone. */
export const UPSTREAMS = ['http', 'stdio', 'legacy-http', 'legacy-stdio'] as const
export type Upstream = (typeof UPSTREAMS)[number]

export async function runComparisons(
  upstreams: readonly Upstream[],
  onStep: (what: string) => void = () => {},
): Promise<ReadonlyMap<Upstream, readonly Row[]>> {
  // Side by side: most of it is the suite's own waiting.
  const [direct, ...gateways] = await Promise.all([
    runDirectly(onStep),
    ...upstreams.map((upstream) => runThroughGateway(upstream, onStep)),
  ])
  const rows = new Map<Upstream, readonly Row[]>()
  for (const [index, upstream] of upstreams.entries()) rows.set(upstream, await compareAll(direct, gateways[index] ?? new Map()))
  return rows
}

async function runDirectly(onStep: (what: string) => void): Promise<Found> {
  await using opening = new AsyncDisposableStack()
  return await runAll(await inTurn(() => startServer(opening)), REVISIONS, (revision) => onStep(`${revision}: the SDK's server`))
}

async function compareAll(direct: Found, gateway: Found): Promise<Row[]> {
  const rows: Row[] = []
  for (const [revision, results] of gateway)
    rows.push(...compare(revision, await loadRequirements(revision), direct.get(revision) ?? new Map(), results, later))
  return rows
}

type Found = ReadonlyMap<Version, Results>

async function runThroughGateway(upstream: Upstream, onStep: (what: string) => void): Promise<Found> {
  await using opening = new AsyncDisposableStack()
  const isLegacy = upstream.startsWith('legacy-')
  const flags = isLegacy ? ['--legacy'] : []
  const proxy = await inTurn(async () => {
    const target = upstream.endsWith('http')
      ? [await startServer(opening, ...flags)]
      : ['--', process.execPath, SERVER, '--stdio', ...flags]
    const guard = opening.use(await startGuard({ args: target, config: CONFIG }))
    return opening.use(await createTokenProxy({ target: guard.url, token: await guard.key() }))
  })
  return await runAll(proxy.url, isLegacy ? ['2025-11-25'] : REVISIONS, (revision) =>
    onStep(`${revision}: the SDK's server behind the guard (${upstream})`),
  )
}

async function startServer(opening: AsyncDisposableStack, ...flags: string[]): Promise<string> {
  const server = start(process.execPath, [SERVER, ...flags], { env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  opening.defer(() => stop(server.process))
  return (JSON.parse(await firstLine(server, 60_000)) as { url: string }).url
}

async function runAll(url: string, revisions: readonly Version[], onRevision: (revision: Version) => void): Promise<Found> {
  const results = new Map<Version, Results>()
  for (const revision of revisions) {
    onRevision(revision)
    results.set(revision, await runSuite(url, revision))
  }
  return results
}
