// The server of the official SDK: the suite on it for both revisions, then a guard in front of it, reached with an API key through a
// proxy that adds it (the suite knows no tokens), both revisions again, and the comparison check by check.

import { join } from 'node:path'
import { createTokenProxy, firstLine, ROOT, start, startGuard, stop, type Version, withBin } from '../support/index.ts'
import { compare, type Row } from './compare.ts'
import { later } from './later.ts'
import { loadRequirements, type Results, runSuite } from './suite.ts'
import { CONFIG } from './ways.ts'

export const REVISIONS: readonly Version[] = ['2025-11-25', '2026-07-28']
const SERVER = join(ROOT, 'test', 'conformance', 'server.ts')

/** How the guard reaches the server. */
export const UPSTREAMS = ['http', 'stdio'] as const
export type Upstream = (typeof UPSTREAMS)[number]

export async function runComparisons(
  upstreams: readonly Upstream[],
  onStep: (what: string) => void = () => {},
): Promise<ReadonlyMap<Upstream, readonly Row[]>> {
  const server = start(process.execPath, [SERVER], { env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const { url } = JSON.parse(await firstLine(server, 15_000)) as { url: string }
    const direct = await runBoth(url, (revision) => onStep(`${revision}: the SDK's server`))
    const rows = new Map<Upstream, readonly Row[]>()
    for (const upstream of upstreams) rows.set(upstream, await compareBoth(direct, await runThroughGateway(upstream, url, onStep)))
    return rows
  } finally {
    await stop(server.process)
  }
}

async function compareBoth(direct: Map<Version, Results>, gateway: Map<Version, Results>): Promise<Row[]> {
  const rows: Row[] = []
  for (const revision of REVISIONS)
    rows.push(...compare(revision, await loadRequirements(revision), found(direct, revision), found(gateway, revision), later))
  return rows
}

async function runThroughGateway(upstream: Upstream, url: string, onStep: (what: string) => void): Promise<Map<Version, Results>> {
  const target = upstream === 'http' ? [url] : ['--', process.execPath, SERVER, '--stdio']
  await using guard = await startGuard({ args: target, config: CONFIG })
  await using proxy = await createTokenProxy({ target: guard.url, token: await guard.key() })
  return await runBoth(proxy.url, (revision) => onStep(`${revision}: the SDK's server behind the guard (${upstream})`))
}

async function runBoth(url: string, onRevision: (revision: Version) => void): Promise<Map<Version, Results>> {
  const results = new Map<Version, Results>()
  for (const revision of REVISIONS) {
    onRevision(revision)
    results.set(revision, await runSuite(url, revision))
  }
  return results
}

const found = (results: Map<Version, Results>, revision: Version): Results => results.get(revision) ?? new Map()
