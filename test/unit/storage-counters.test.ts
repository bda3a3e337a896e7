/** Counters in memory stay bounded, and forget in the right order. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Count, createLocalBus, createMemoryCounters } from '../../src/storage/index.ts'
import { run } from '../support/child.ts'
import { ROOT } from '../support/paths.ts'

function create(maxKeys: number) {
  let now = 0
  const counters = createMemoryCounters({ clock: () => now, maxKeys })
  return {
    count: (key: string, seconds = 60) => (counters.increment(key, seconds * 1000) as Count).count,
    take: (key: string, seconds = 60) => counters.takeOnce(key, seconds) as boolean,
    pass: (seconds: number) => {
      now += seconds * 1000
    },
  }
}

test('memory answers at once', () => {
  const counters = createMemoryCounters()
  assert.deepEqual(counters.increment('a', 60_000), { count: 1, resetMs: 60_000 })
  assert.equal(counters.takeOnce('a', 60), true)
})

test('when full, the window that ends first is forgotten and the others are not', () => {
  const { count, pass } = create(3)
  count('long', 600)
  count('first')
  pass(1)
  count('second')
  count('third')
  assert.deepEqual([count('long', 600), count('second'), count('third')], [2, 2, 2])
  assert.equal(count('first'), 1)
})

test('when full, what has ended makes room before anything is forgotten', () => {
  const { count, pass } = create(3)
  count('short', 1)
  count('a')
  count('b')
  pass(2)
  count('c')
  assert.deepEqual([count('a'), count('b'), count('c')], [2, 2, 2])
})

test('a value that may be used once is not forgotten to make room: what does not fit is refused', () => {
  const { take, pass } = create(2)
  assert.deepEqual([take('a'), take('b'), take('c'), take('a')], [true, true, false, false])
  pass(60)
  assert.deepEqual([take('c'), take('a'), take('b')], [true, true, false])
})

test('a key that begins anew is counted anew and not dropped with its old window', () => {
  const { count, pass } = create(10)
  for (let round = 0; round < 5; round++) {
    assert.deepEqual([count('a', 10), count('a', 10)], [1, 2])
    pass(10)
  }
  count('a', 10)
  pass(5)
  count('b', 10)
  assert.equal(count('a', 10), 2)
})

test('a window of another length than before still counts for its key', () => {
  const { count, pass } = create(10)
  count('a', 10)
  assert.equal(count('a', 60), 2)
  pass(10)
  assert.equal(count('a', 60), 1)
  count('b', 10)
  pass(30)
  assert.equal(count('a', 10), 2)
})

test('a flood of keys is counted within the bound', () => {
  const { count } = create(1_000)
  for (let n = 0; n < 20_000; n++) count(`address-${n}`, n % 3 === 0 ? 60 : 30)
  assert.equal(count('address-19999', 30), 2)
  assert.equal(count('address-0'), 1)
})

test('a flood of keys keeps no more memory than the bound', async () => {
  // In a process of its own, so that nobody else's garbage is measured.
  const program = `
    import { createMemoryCounters } from ${JSON.stringify(pathToFileURL(join(ROOT, 'src/storage/memory-counters.ts')))}
    const counters = createMemoryCounters({ clock: () => 0, maxKeys: 1_000 })
    const flood = (from, to) => { for (let n = from; n < to; n++) { counters.increment('a' + n, n % 3 === 0 ? 60_000 : 30_000); counters.takeOnce('a' + n, 60) } }
    const used = () => { gc(); return process.memoryUsage().heapUsed }
    flood(0, 2_000)
    const before = used()
    flood(2_000, 200_000)
    const kept = used() - before
    // Still in use, so that it is not garbage itself.
    console.log(JSON.stringify({ kept, ...counters.increment('a199999', 30_000) }))`
  const { code, stdout, stderr } = await run(process.execPath, ['--expose-gc', '--input-type=module', '-e', program])
  assert.equal(code, 0, stderr)
  const { kept, count } = JSON.parse(stdout) as { kept: number; count: number }
  assert.equal(count, 2)
  // 198,000 windows would be over 20 MB.
  assert.ok(kept < 2_000_000, String(kept))
})

test('a bus tells every listener of a topic until it stops, even where one of them fails', () => {
  const bus = createLocalBus()
  const heard: string[] = []
  const listen = (message: string): void => void heard.push(message)
  const stops = [bus.subscribe('credentials', listen), bus.subscribe('credentials', listen)]
  bus.subscribe('resource', (message) => heard.push(`resource ${message}`))
  bus.publish('credentials', 'a')
  assert.deepEqual(heard, ['a', 'a'])
  stops[0]?.()
  const failing = bus.subscribe('credentials', () => {
    throw new Error('mine')
  })
  bus.subscribe('credentials', (message) => heard.push(`last ${message}`))
  assert.throws(() => bus.publish('credentials', 'b'), /mine/)
  assert.deepEqual(heard, ['a', 'a', 'b', 'last b'])
  failing()
  bus.publish('resource', 'c')
  assert.equal(heard.at(-1), 'resource c')
})
