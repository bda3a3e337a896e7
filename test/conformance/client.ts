// Runs the suite on the program of `client/main.ts`, which is what a user of `MCPClient` would write: the scenarios of both revisions, and once
// all that the suite has, among them the extensions and those of 2025-03-26, which no revision asks for.

import { bundleClient } from './client/bundle.ts'
import { ofClient, RUNS } from './expected-client.ts'
import { type Judged, judgeBy } from './judge.ts'
import { loadRequirements, runClientSuite } from './suite.ts'

export async function runClient(onStep: (what: string) => void = () => {}): Promise<Judged[]> {
  const program = await bundleClient()
  const judged: Judged[] = []
  for (const run of RUNS) {
    onStep(`${run}: our client`)
    const results = await runClientSuite(program, run)
    // What the suite has and nobody has counted is a failure: it may be a scenario that was added.
    const requirements = run === 'all' ? { scored: [...results.keys()], unscored: new Map() } : await loadRequirements(run, 'client')
    judged.push(...judgeBy(ofClient(run), run, requirements, results))
  }
  return judged
}
