// Every required scenario of the official suite as a test of its own, with the server of the SDK reached through the guard over HTTP and
// over stdio: it fares as it does without the guard. `node test/conformance/run.ts` prints the same as a table.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isAllPassed } from './compare.ts'
import { runComparisons, UPSTREAMS } from './comparison.ts'

for (const [upstream, rows] of await runComparisons(UPSTREAMS)) {
  suite(`the official suite through the gateway, its upstream over ${upstream}`, () => {
    for (const { revision, scenario, direct, gateway, verdict, notes } of rows) {
      if (verdict === 'unscored') continue
      test(`${revision} ${scenario}`, { skip: verdict === 'later' ? `follows: ${notes.join('; ')}` : false }, () => {
        assert.ok(isAllPassed(direct), `the conformance server itself: ${direct}`)
        assert.equal(verdict, 'same', `${direct} directly, ${gateway} through the gateway\n${notes.join('\n')}`)
      })
    }
  })
}
