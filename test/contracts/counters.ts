/** What every implementation of the counters must do. @module */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Counters } from '../../src/storage/index.ts'

export interface CountersUnderTest {
  readonly counters: Counters
  /** Moves the time of the counters on. */
  readonly pass: (seconds: number) => void
  readonly end: () => Promise<void>
}

export function describeCounters(name: string, create: () => CountersUnderTest): void {
  describe(`counters: ${name}`, () => {
    const check = (title: string, body: (under: CountersUnderTest) => Promise<void>): void => {
      it(title, async () => {
        const under = create()
        try {
          await body(under)
        } finally {
          await under.end()
        }
      })
    }
    check('add up what one key costs, and keep keys apart', async ({ counters }) => {
      assert.equal((await counters.increment('a', 60_000)).count, 1)
      assert.equal((await counters.increment('a', 60_000, 5)).count, 6)
      assert.equal((await counters.increment('b', 60_000)).count, 1)
    })
    check('lose no increment that happens at the same time', async ({ counters }) => {
      const counts = await Promise.all(Array.from({ length: 200 }, async () => counters.increment('a', 60_000)))
      assert.deepEqual(
        counts.map(({ count }) => count).sort((a, b) => a - b),
        Array.from({ length: 200 }, (_, n) => n + 1),
      )
    })
    check('say when the window ends, and start another then', async ({ counters, pass }) => {
      assert.deepEqual(await counters.increment('a', 60_000), { count: 1, resetMs: 60_000 })
      pass(59.5)
      assert.deepEqual(await counters.increment('a', 60_000), { count: 2, resetMs: 500 })
      pass(0.5)
      assert.deepEqual(await counters.increment('a', 60_000), { count: 1, resetMs: 60_000 })
    })
    check('count windows of milliseconds, shorter than a second or not whole seconds', async ({ counters, pass }) => {
      assert.deepEqual(await counters.increment('short', 250), { count: 1, resetMs: 250 })
      assert.deepEqual(await counters.increment('odd', 1_500), { count: 1, resetMs: 1_500 })
      pass(0.249)
      assert.deepEqual(await counters.increment('short', 250), { count: 2, resetMs: 1 })
      pass(0.001)
      assert.deepEqual(await counters.increment('short', 250), { count: 1, resetMs: 250 })
      assert.equal((await counters.increment('odd', 1_500)).count, 2)
      pass(1.25)
      assert.equal((await counters.increment('odd', 1_500)).count, 1)
    })
    check('say what has been counted without adding to it', async ({ counters }) => {
      await counters.increment('a', 60_000, 3)
      assert.deepEqual(await counters.increment('a', 60_000, 0), { count: 3, resetMs: 60_000 })
      assert.equal((await counters.increment('a', 60_000)).count, 4)
    })
    check('take a value once within its time, and again after it', async ({ counters, pass }) => {
      const taken = await Promise.all(Array.from({ length: 20 }, async () => counters.takeOnce('jti', 30)))
      assert.equal(taken.filter(Boolean).length, 1)
      assert.equal(await counters.takeOnce('other', 30), true)
      pass(29)
      assert.equal(await counters.takeOnce('jti', 30), false)
      pass(1)
      assert.equal(await counters.takeOnce('jti', 30), true)
      assert.equal(await counters.takeOnce('jti', 30), false)
    })
    check('do not take a counted key for one that was taken', async ({ counters }) => {
      await counters.increment('a', 60_000)
      assert.equal(await counters.takeOnce('a', 60), true)
      assert.equal((await counters.increment('a', 60_000)).count, 2)
    })
  })
}
