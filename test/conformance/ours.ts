// Runs the suite on the server of `our-server.ts`, in each of the ways that it can be reached, for both revisions.

import type { Version } from '../support/index.ts'
import { REVISIONS } from './comparison.ts'
import { type Judged, judge } from './judge.ts'
import { later } from './later.ts'
import { loadRequirements, runSuite } from './suite.ts'
import { open, type Way } from './ways.ts'

export async function runOurs(way: Way, onStep: (what: string) => void = () => {}): Promise<Judged[]> {
  await using at = await open(way)
  const judged: Judged[] = []
  for (const revision of REVISIONS) {
    onStep(`${revision}: ${sentence[way]}`)
    judged.push(...(await runOne(at.url, revision, way)))
  }
  return judged
}

async function runOne(url: string, revision: Version, way: Way): Promise<Judged[]> {
  const requirements = await loadRequirements(revision)
  return judge(revision, requirements, await runSuite(url, revision), way.startsWith('gateway') ? later : [])
}

export const sentence: Readonly<Record<Way, string>> = {
  direct: 'our server, without sign-in',
  key: 'our server, with a key',
  'gateway-http': 'our server behind the guard (http)',
  'gateway-stdio': 'our server behind the guard (stdio)',
}
