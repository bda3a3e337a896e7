/** Places: never more than there are, and each given back once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTally } from '../../src/core/index.ts'

test('each key has its own places, and one that is given back twice is given back once', () => {
  const tally = createTally()
  const first = tally.take('a', 2)
  assert.ok(first && tally.take('a', 2) && tally.take('b', 1))
  assert.equal(tally.take('a', 2), undefined)
  first()
  first()
  assert.ok(tally.take('a', 2))
  assert.equal(tally.take('a', 2), undefined)
  assert.equal(tally.take('none', 0), undefined)
})

test('whatever comes and goes, a place is had exactly while there is one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 200 }), (most, steps) => {
      const tally = createTally()
      const inside: (() => void)[] = []
      for (const comes of steps) {
        if (!comes) inside.shift()?.()
        else {
          const leave = tally.take('a', most)
          assert.equal(leave !== undefined, inside.length < most)
          if (leave) inside.push(leave)
        }
      }
    }),
  )
})
