// Every scenario that the official suite has for a client, as a test of its own. `npm run conformance -- --only client` prints the same.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ROOT } from '../support/index.ts'
import { judgeClient, runClient } from './client.ts'
import { expectedOfClient, RUNS } from './expected-client.ts'
import { loadRequirements, runClientSuite } from './suite.ts'

const judged = await runClient()
for (const run of RUNS)
  suite(`the official suite: our client, ${run}`, () => {
    for (const { scenario, found, verdict, notes } of judged.filter(({ revision }) => revision === run))
      test(scenario, () => assert.equal(verdict, 'passed', `${found}\n${notes.join('\n')}`))
  })

test('every scored scenario is in the table, as many as there are', async () => {
  for (const [revision, count] of [
    ['2025-11-25', 18],
    ['2026-07-28', 32],
  ] as const) {
    const { scored } = await loadRequirements(revision, 'client')
    assert.equal(scored.length, count)
    assert.deepEqual(
      scored.filter((scenario) => !(scenario in expectedOfClient[revision])),
      [],
    )
  }
})

test('a program that does nothing passes nothing, whatever the suite says; and nothing that the suite has is left out', async () => {
  const results = await runClientSuite(join(ROOT, 'test', 'conformance', 'later.ts'), 'all')
  assert.deepEqual([...results.keys()].sort(), Object.keys(expectedOfClient.all).sort())
  assert.deepEqual(
    (await judgeClient('all', results)).filter(({ verdict }) => verdict === 'passed'),
    [],
  )
})
