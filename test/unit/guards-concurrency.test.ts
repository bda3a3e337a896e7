/** How often an entry is in use at once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Entry } from '../../src/core/index.ts'
import { createEntryConcurrency } from '../../src/guards/index.ts'

const entry = (name: string, concurrency?: number, kind: Entry['kind'] = 'tool'): Entry =>
  ({ kind, name, limits: concurrency === undefined ? undefined : { concurrency } }) as Entry

const leaveOf = (answer: ReturnType<ReturnType<typeof createEntryConcurrency>['enter']>): (() => void) => {
  assert.ok(typeof answer === 'function')
  return answer
}

test('an entry is in use as often at once as it may be, and its name is free again when one use has ended', () => {
  const { enter } = createEntryConcurrency()
  const slow = entry('slow', 2)
  const first = leaveOf(enter(slow))
  leaveOf(enter(slow))
  const refused = enter(slow)
  assert.deepEqual(refused, { reason: 'overloaded', problem: 'The tool slow is in use as often as it may be at once (2): try again.' })
  first()
  const again = leaveOf(enter(slow))
  // A place that is given back twice is given back once.
  first()
  assert.notEqual(typeof enter(slow), 'function')
  again()
  leaveOf(enter(slow))
})

test('entries are counted apart, by kind too, and one whose definition was replaced together with its successor', () => {
  const { enter } = createEntryConcurrency()
  leaveOf(enter(entry('a', 1)))
  leaveOf(enter(entry('b', 1)))
  leaveOf(enter(entry('a', 1, 'prompt')))
  assert.notEqual(typeof enter(entry('a', 1)), 'function')
})

test('an entry without a bound is not counted', () => {
  const { enter } = createEntryConcurrency()
  assert.equal(enter(entry('free')), undefined)
  assert.equal(enter({ ...entry('free'), limits: { cost: 3 } }), undefined)
})

test('a resource is refused without its name', () => {
  const { enter } = createEntryConcurrency()
  const secret = entry('file:///secret', 1, 'resource')
  leaveOf(enter(secret))
  assert.ok(!JSON.stringify(enter(secret)).includes('secret'))
})

test('whatever comes and goes, never more than the bound are in', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 200 }), (bound, steps) => {
      const { enter } = createEntryConcurrency()
      const inside: (() => void)[] = []
      for (const comes of steps) {
        if (!comes) inside.shift()?.()
        else {
          const answer = enter(entry('t', bound))
          assert.equal(typeof answer === 'function', inside.length < bound)
          if (typeof answer === 'function') inside.push(answer)
        }
      }
    }),
  )
})
