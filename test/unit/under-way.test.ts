/** What is under way: found while it is there, the oldest first, and not kept alive when it has left. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { UnderWay } from '../../src/core/index.ts'

test('it holds what a Map would', () => {
  const key = fc.integer({ min: 0, max: 9 })
  const step = fc.oneof(fc.record({ add: key }), fc.record({ take: key }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const underWay = new UnderWay<number, object>()
      const expected = new Map<number, object>()
      for (const each of steps) {
        if ('take' in each) {
          assert.equal(underWay.take(each.take), expected.get(each.take))
          expected.delete(each.take)
        } else if (!expected.has(each.add)) {
          const value = {}
          underWay.add(each.add, value)
          expected.set(each.add, value)
        }
      }
      assert.deepEqual([...underWay.entries()], [...expected])
      assert.deepEqual([...underWay.values()], [...expected.values()])
      assert.equal(underWay.size, expected.size)
      for (let at = 0; at < 10; at++) {
        assert.equal(underWay.has(at), expected.has(at))
        assert.equal(underWay.get(at), expected.get(at))
      }
    }),
  )
})

test('what is taken during a walk is left out of it', () => {
  const underWay = new UnderWay<number, { at: number }>()
  for (let at = 0; at < 4; at++) underWay.add(at, { at })
  const seen: number[] = []
  for (const [at] of underWay.entries()) {
    seen.push(at)
    underWay.take(at + 1)
  }
  assert.deepEqual(seen, [0, 2])
})

test('a minor collection frees what has left', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void
  /** What is left in memory of 20,000 values of 1 kB each, of which 64 at a time were under way. */
  async function keptBytes(enter: (at: number, value: object) => void, leave: (at: number) => void): Promise<number> {
    enter(-1, {})
    // Its first table is old before the load comes, as in a server that has stood idle.
    for (let times = 0; times < 4; times++) collect({ type: 'minor' })
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < 20_000; at++) {
      enter(
        at,
        Array.from({ length: 125 }, () => at),
      )
      if (at >= 64) leave(at - 64)
      // Seldom enough that none sees two collections while it is under way: those would make it old.
      if (at % 200 === 0) {
        await turn()
        collect({ type: 'minor' })
      }
    }
    return process.memoryUsage().heapUsed - before
  }
  const underWay = new UnderWay<number, object>()
  const kept = await keptBytes(
    (at, value) => underWay.add(at, value),
    (at) => underWay.take(at),
  )
  assert.ok(kept < 4_000_000, `${kept} bytes are kept`)
  // If this fails, V8 has learnt to do without us.
  const map = new Map<number, object>()
  const keptByMap = await keptBytes(
    (at, value) => map.set(at, value),
    (at) => map.delete(at),
  )
  assert.ok(keptByMap > 2 * kept, `a Map keeps ${keptByMap} bytes, and UnderWay ${kept}`)
})
