// Every required scenario of the official suite as a test of its own, on a server made with `MCPServer`: as it is, with a key, and behind
// the guard over HTTP and over stdio. CI runs them all: `npm run conformance` prints the same as a table, and takes as long.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { runOurs, sentence } from './ours.ts'
import { WAYS } from './ways.ts'

// Side by side: most of it is the suite's own waiting. What takes the longest to start is first.
const ways = await Promise.all(WAYS.toReversed().map(async (way) => ({ way, judged: await runOurs(way) })))

for (const { way, judged } of ways) {
  suite(`the official suite: ${sentence[way]}`, () => {
    for (const { revision, scenario, found, verdict, notes } of judged) {
      if (verdict === 'not required') continue
      test(`${revision} ${scenario}`, { skip: verdict === 'later' ? `follows: ${notes.join('; ')}` : false }, () => {
        assert.equal(verdict, 'passed', `${found}\n${notes.join('\n')}`)
      })
    }
  })
}
