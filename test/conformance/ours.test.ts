// Every required scenario of the official suite as a test of its own, on a server made with `MCPServer`: as it is, with a key, and behind
// the guard over HTTP and over stdio. CI runs them all: `npm run conformance` prints the same as a table, and takes as long.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { runOurs, sentence } from './ours.ts'
import { WAYS } from './ways.ts'

for (const way of WAYS) {
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
