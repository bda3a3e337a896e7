// Runs the suite on the program of `client/main.ts`, which is what a user of `MCPClient` would write: the scenarios of both revisions, and once
// all that the suite has, among them the extensions and those of 2025-03-26, which no revision asks for.

import { bundleClient } from './client/bundle.ts'
import { ofClient, RUNS, type Run } from './expected-client.ts'
import { type Judged, judgeBy } from './judge.ts'
import { type Check, loadRequirements, type Requirements, type Results, runClientSuite } from './suite.ts'

export async function runClient(onStep: (what: string) => void = () => {}): Promise<Judged[]> {
  const program = await bundleClient()
  const judged: Judged[] = []
  for (const run of RUNS) {
    onStep(`${run}: our client`)
    judged.push(...(await runOne(program, run, onStep)))
  }
  return judged
}

/** More than that is not the machine. */
const MOST_AGAIN = 6

async function runOne(program: string, run: Run, onStep: (what: string) => void): Promise<Judged[]> {
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
