// Runs the suite on the program of `client/main.ts`, which is what a user of `MCPClient` would write: the scenarios of both revisions, and by
// themselves those that no revision asks for: extensions, and 2025-03-26.

import type { Version } from '../support/index.ts'
import { bundleClient } from './client/bundle.ts'
import { OF_NO_REVISION, ofClient, type Run } from './expected-client.ts'
import { type Judged, judgeBy } from './judge.ts'
import { type Check, loadRequirements, type Requirements, type Results, runClientSuite } from './suite.ts'

export async function runClient(onStep: (what: string) => void = () => {}): Promise<Judged[]> {
  const program = await bundleClient()
  const judged: Judged[] = []
  for (const revision of ['2025-11-25', '2026-07-28'] as const) {
    onStep(`${revision}: our client`)
    judged.push(...(await runRevision(program, revision, onStep)))
  }
  const others = new Map<string, readonly Check[]>()
  for (const scenario of OF_NO_REVISION) {
    onStep(`${scenario}: our client`)
    for (const [name, checks] of await runClientSuite(program, 'all', scenario)) others.set(name, checks)
  }
  judged.push(...(await judgeClient('all', others)).filter(({ scenario }) => OF_NO_REVISION.includes(scenario)))
  return judged
}

/** More than that is not the machine. */
const MOST_AGAIN = 6

async function runRevision(program: string, run: Version, onStep: (what: string) => void): Promise<Judged[]> {
  const results = new Map(await runClientSuite(program, run))
  // The suite starts all at once, in one process with all of its servers: on a busy machine a deadline passes on either side. What failed so
  // is asked once more, by itself.
  const failed = (await judgeClient(run, results)).filter(({ verdict }) => verdict === 'failed')
  for (const { scenario } of failed.length > MOST_AGAIN ? [] : failed) {
    onStep(`${run}: ${scenario}, once more by itself`)
    for (const [name, checks] of await runClientSuite(program, run, scenario)) results.set(name, checks)
  }
  return judgeClient(run, results)
}

export async function judgeClient(run: Run, results: Results): Promise<Judged[]> {
  // What the suite has and nobody has counted is a failure: it may be a scenario that was added.
  const requirements: Requirements =
    run === 'all' ? { scored: [...results.keys()], unscored: new Map() } : await loadRequirements(run, 'client')
  const different = new Map([...results].map(([scenario, checks]) => [scenario, toDifferent(checks)] as const))
  return judgeBy(ofClient(run), run, requirements, different)
}

/** How often a client asks for a thing is no merit of it; that one of the times failed is seen. */
function toDifferent(checks: readonly Check[]): Check[] {
  const seen = new Set<string>()
  return checks.filter(({ id, name = '', status, errorMessage = '' }) => {
    const key = JSON.stringify([id, name, status, errorMessage])
    return !seen.has(key) && seen.add(key)
  })
}
