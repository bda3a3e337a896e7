// Every required scenario of the official suite as a test of its own, on a server made with `MCPServer`: as it is, with a key, and behind
// the guard over HTTP. Over stdio it is run by `npm run conformance` alone, for the sake of time.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { runOurs, sentence } from './ours.ts'

for (const way of ['direct', 'key', 'gateway-http'] as const) {
  const judged = await runOurs(way)
  suite(`the official suite: ${sentence[way]}`, () => {
    for (const { revision, scenario, found, verdict, notes } of judged) {
      if (verdict === 'not required') continue
      test(`${revision} ${scenario}`, { skip: verdict === 'later' ? `follows: ${notes.join('; ')}` : false }, () => {
        assert.equal(verdict, 'passed', `${found}\n${notes.join('\n')}`)
      })
    }
  })
}
