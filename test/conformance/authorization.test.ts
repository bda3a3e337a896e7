// The suite's `authorization` command, each scenario a test of its own. `npm run conformance -- --only as-registered` prints the same.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { authorizationChecks, CLIENTS, judgeAuthorization, runAuthorization } from './authorization.ts'
import { REVISIONS } from './comparison.ts'
import type { Check } from './suite.ts'

// Side by side: most of it is waiting.
const clients = await Promise.all(CLIENTS.map(async (client) => ({ client, judged: await runAuthorization(client) })))

for (const { client, judged } of clients) {
  suite(`the official suite: our authorization server, ${client}`, () => {
    for (const { revision, scenario, found, verdict, notes } of judged)
      test(`${revision} ${scenario}`, () => assert.equal(verdict, 'passed', `${found}\n${notes.join('\n')}`))
    test('every scenario was run, at both revisions, and each check passed', () => {
      const counts = Object.values(authorizationChecks).map((count) => `${count}/${count}`)
      assert.deepEqual(
        judged.map(({ revision, found }) => `${revision} ${found}`),
        REVISIONS.flatMap((revision) => counts.map((count) => `${revision} ${count}`)),
      )
    })
  })
}

suite('how it is judged', () => {
  const check = (id: string, status: Check['status'] = 'SUCCESS'): Check => ({ id, status })
  const whole = new Map([
    ['authorization-server-metadata-endpoint', [check('a'), check('b')]],
    ['authorization-code-grant', [check('c')]],
  ])
  const verdicts = (changes: readonly (readonly [string, readonly Check[]])[]) =>
    judgeAuthorization('2026-07-28', new Map([...whole, ...changes])).map(({ verdict }) => verdict)
  test('a check that warns, is skipped or is missing is one that failed, and so is a scenario that nobody knows', () => {
    assert.deepEqual(verdicts([]), ['passed', 'passed'])
    assert.deepEqual(verdicts([['authorization-server-metadata-endpoint', [check('a'), check('b', 'WARNING')]]]), ['failed', 'passed'])
    assert.deepEqual(verdicts([['authorization-server-metadata-endpoint', [check('a')]]]), ['failed', 'passed'])
    assert.deepEqual(verdicts([['authorization-code-grant', [check('c', 'SKIPPED')]]]), ['passed', 'failed'])
    assert.deepEqual(verdicts([['authorization-code-grant', []]]), ['passed', 'failed'])
    assert.deepEqual(verdicts([['new', [check('d')]]]), ['passed', 'passed', 'failed'])
  })
})
