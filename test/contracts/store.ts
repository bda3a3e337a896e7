/** What every store must do, whatever is behind it. @module */

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { changeRecord, type Store } from '../../src/storage/index.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Another connection to the same data; the same store where there is none. */
  readonly other: Store
  readonly end: () => Promise<void>
}

interface Value {
  readonly n: number
  readonly nested?: { readonly list: readonly string[] }
}

export function describeStore(name: string, open: (clock: () => number) => Promise<StoreUnderTest>): void {
  describe(`a store: ${name}`, () => {
    let now = 1_000_000
    let opened: StoreUnderTest[] = []
    async function records(kind: 'account' | 'grant' = 'account') {
      const under = await open(() => now)
      opened.push(under)
      return { ...under, mine: under.store.records<Value>(kind), theirs: under.other.records<Value>(kind) }
    }
    afterEach(async () => {
      for (const { end } of opened) await end()
      opened = []
      now = 1_000_000
    })

    it('gives back what was put, through every connection, and shares no object', async () => {
      const { mine, theirs } = await records()
      const value = { n: 1, nested: { list: ['ä', '\u{1f600}', 'a\u0000b'] } }
      assert.equal(await mine.putIfAbsent('one', value), true)
      value.nested.list.push('later')
      const stored = await theirs.get('one')
      assert.equal(stored?.id, 'one')
      assert.deepEqual(stored.value, { n: 1, nested: { list: ['ä', '\u{1f600}', 'a\u0000b'] } })
      assert.notEqual((await mine.get('one'))?.value, (await mine.get('one'))?.value)
    })

    it('answers undefined for what is not there, and keeps kinds apart', async () => {
      const { store, mine } = await records('account')
      await mine.putIfAbsent('one', { n: 1 })
      assert.equal(await mine.get('two'), undefined)
      assert.equal(await store.records('grant').get('one'), undefined)
      assert.equal(await store.records('grant').takeOnce('one'), undefined)
      assert.equal((await mine.get('one'))?.value.n, 1)
    })

    it('puts only where there is nothing', async () => {
      const { mine, theirs } = await records()
      assert.equal(await mine.putIfAbsent('one', { n: 1 }), true)
      assert.equal(await theirs.putIfAbsent('one', { n: 2 }), false)
      assert.equal((await mine.get('one'))?.value.n, 1)
    })

    it('lets one of many simultaneous puts win', async () => {
      const { mine, theirs } = await records()
      const won = await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? mine : theirs).putIfAbsent('one', { n })))
      assert.equal(won.filter(Boolean).length, 1)
      assert.equal((await mine.get('one'))?.value.n, won.indexOf(true))
    })

    it('replaces exactly the version that was read', async () => {
      const { mine, theirs } = await records()
      await mine.putIfAbsent('one', { n: 1 })
      const read = (await theirs.get('one'))!
      assert.equal(await mine.compareAndSet('one', read.version, { n: 2 }), true)
      assert.equal(await theirs.compareAndSet('one', read.version, { n: 3 }), false)
      const after = (await theirs.get('one'))!
      assert.deepEqual([after.value.n, after.version], [2, read.version + 1])
      assert.equal(await mine.compareAndSet('two', read.version, { n: 4 }), false)
      assert.equal(await mine.get('two'), undefined)
    })

    it('lets one of many simultaneous replacements of a version win', async () => {
      const { mine, theirs } = await records()
      await mine.putIfAbsent('one', { n: -1 })
      const { version } = (await mine.get('one'))!
      const won = await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? mine : theirs).compareAndSet('one', version, { n })))
      assert.equal(won.filter(Boolean).length, 1)
      assert.equal((await mine.get('one'))?.value.n, won.indexOf(true))
    })

    it('does not take a record that was removed and put again for the one before', async () => {
      const { mine } = await records()
      await mine.putIfAbsent('one', { n: 1 })
      const { version } = (await mine.get('one'))!
      await mine.takeOnce('one')
      await mine.putIfAbsent('one', { n: 2 })
      assert.equal(await mine.compareAndSet('one', version, { n: 3 }), false)
      assert.equal((await mine.get('one'))?.value.n, 2)
    })

    it('gives a record away exactly once', async () => {
      const { mine, theirs } = await records()
      await mine.putIfAbsent('one', { n: 7 })
      const taken = await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? mine : theirs).takeOnce('one')))
      assert.deepEqual(
        taken.filter((value) => value !== undefined),
        [{ n: 7 }],
      )
      assert.equal(await mine.get('one'), undefined)
      assert.equal(await mine.takeOnce('one'), undefined)
    })

    it('treats a record as gone from the millisecond at which it expires', async () => {
      const { mine } = await records()
      for (const id of ['get', 'take', 'set', 'put']) await mine.putIfAbsent(id, { n: 1 }, { expiresAt: now + 1_000, group: 'g' })
      const { version } = (await mine.get('set'))!
      now += 999
      assert.equal((await mine.list({ group: 'g' })).length, 4)
      assert.equal(await mine.putIfAbsent('put', { n: 2 }), false)
      now += 1
      assert.equal(await mine.get('get'), undefined)
      assert.equal(await mine.takeOnce('take'), undefined)
      assert.equal(await mine.compareAndSet('set', version, { n: 2 }), false)
      assert.deepEqual(await mine.list({ group: 'g' }), [])
      assert.deepEqual(await mine.list(), [])
      assert.equal(await mine.putIfAbsent('put', { n: 2 }), true)
      assert.equal((await mine.get('put'))?.value.n, 2)
      assert.deepEqual(await mine.list({ group: 'g' }), [])
    })

    it('replaces group and expiry together with the value', async () => {
      const { mine } = await records()
      await mine.putIfAbsent('one', { n: 1 }, { group: 'a', expiresAt: now + 10 })
      await mine.compareAndSet('one', (await mine.get('one'))!.version, { n: 2 }, { group: 'b' })
      now += 1_000
      assert.deepEqual(await mine.list({ group: 'a' }), [])
      assert.deepEqual(
        (await mine.list({ group: 'b' })).map(({ value }) => value.n),
        [2],
      )
      await mine.compareAndSet('one', (await mine.get('one'))!.version, { n: 3 })
      assert.deepEqual(await mine.list({ group: 'b' }), [])
    })

    it('tells how many records a group has and how large they are, of those that are live', async () => {
      const { mine, theirs } = await records()
      assert.deepEqual(await mine.usage('a'), { count: 0, bytes: 0 })
      const values = [{ n: 1 }, { n: 2, nested: { list: ['ä', '\u{1f600}'.repeat(5_000)] } }] as const
      for (const value of values) await mine.putIfAbsent(`id-${value.n}`, value, { group: 'a', expiresAt: now + value.n })
      await mine.putIfAbsent('other', { n: 3 }, { group: 'b' })
      await mine.putIfAbsent('none', { n: 4 })
      const sizes = values.map((value) => Buffer.byteLength(JSON.stringify(value)))
      assert.deepEqual(await theirs.usage('a'), { count: 2, bytes: sizes[0]! + sizes[1]! })
      now += 1
      assert.deepEqual(await theirs.usage('a'), { count: 1, bytes: sizes[1] })
      await mine.takeOnce('id-2')
      assert.deepEqual(await theirs.usage('a'), { count: 0, bytes: 0 })
    })

    it('changes a record whoever else changes it too, and leaves it where there is nothing to change', async () => {
      const { mine, theirs } = await records()
      const more = (value: Value | undefined): Value => ({ n: (value?.n ?? 0) + 1 })
      const options = ({ n }: Value) => ({ group: `after ${n}` })
      const changed = await Promise.all(Array.from({ length: 20 }, (_, n) => changeRecord(n % 2 ? mine : theirs, 'one', more, options)))
      assert.deepEqual(
        changed.map((value) => value?.n).sort((a, b) => a! - b!),
        Array.from({ length: 20 }, (_, n) => n + 1),
      )
      assert.equal((await mine.usage('after 20')).count, 1)
      assert.equal(await changeRecord(mine, 'one', () => undefined, options), undefined)
      const losing = { ...mine, compareAndSet: async () => false }
      await assert.rejects(changeRecord(losing, 'one', more, options), /faster than it can be written/)
      assert.equal((await mine.get('one'))?.value.n, 20)
    })

    it('lists in order of id, by group, a page at a time', async () => {
      const { mine } = await records()
      for (const n of [3, 1, 4, 0, 2]) await mine.putIfAbsent(`id-${n}`, { n }, { group: n % 2 ? 'odd' : 'even' })
      const numbers = async (query: Parameters<typeof mine.list>[0]) => (await mine.list(query)).map(({ value }) => value.n)
      assert.deepEqual(await numbers(undefined), [0, 1, 2, 3, 4])
      assert.deepEqual(await numbers({ group: 'even' }), [0, 2, 4])
      assert.deepEqual(await numbers({ group: 'even', limit: 2 }), [0, 2])
      assert.deepEqual(await numbers({ group: 'even', after: 'id-2' }), [4])
      assert.deepEqual(await numbers({ after: 'id-1', limit: 2 }), [2, 3])
      assert.deepEqual(await numbers({ group: 'none' }), [])
    })

    it('never lists more than a thousand at once', async () => {
      const { mine } = await records()
      await Promise.all(Array.from({ length: 1_003 }, (_, n) => mine.putIfAbsent(`id-${String(n).padStart(4, '0')}`, { n })))
      const first = await mine.list({ limit: 5_000 })
      assert.equal(first.length, 1_000)
      assert.equal((await mine.list({ after: first.at(-1)!.id })).length, 3)
    })

    it('sweeps what has expired and nothing else, in more than one batch', async () => {
      const { store, mine } = await records()
      await Promise.all(Array.from({ length: 1_100 }, (_, n) => mine.putIfAbsent(`e-${n}`, { n }, { expiresAt: now + 10 })))
      await mine.putIfAbsent('later', { n: 1 }, { expiresAt: now + 5_000 })
      await mine.putIfAbsent('never', { n: 2 })
      assert.equal(await store.sweep(), 0)
      now += 10
      assert.equal(await store.sweep(), 1_100)
      assert.equal(await store.sweep(), 0)
      assert.deepEqual(
        (await mine.list()).map(({ id }) => id),
        ['later', 'never'],
      )
    })

    it('tells all that there is in one walk, whatever its kind: what has expired too, and data keys never', async () => {
      const { store, other, mine } = await records()
      await mine.putIfAbsent('one', { n: 1 }, { group: 'g', expiresAt: now + 10 })
      await store.records('grant').putIfAbsent('one', { n: 2 })
      await store.records('data_key').putIfAbsent('key', { n: 3 })
      await store.records('stored_part').putIfAbsent('large', { text: 'ä'.repeat(40_000) })
      await Promise.all(Array.from({ length: 1_100 }, (_, n) => store.records('task').putIfAbsent(`task ${n}`, { n })))
      now += 20
      const all = await Array.fromAsync(other.scan())
      const small = all.filter(({ kind }) => kind !== 'task').sort((a, b) => (a.kind < b.kind ? -1 : 1))
      assert.deepEqual(small, [
        { kind: 'account', id: 'one', group: 'g', expiresAt: now - 10, bytes: 7, value: { n: 1 } },
        { kind: 'grant', id: 'one', group: undefined, expiresAt: undefined, bytes: 7, value: { n: 2 } },
        { kind: 'stored_part', id: 'large', group: undefined, expiresAt: undefined, bytes: 80_011, value: undefined },
      ])
      assert.equal(new Set(all.map(({ id }) => id)).size, 1_102)
      assert.equal(all.length, 1_103)
      await Promise.all(all.map(({ kind, id }) => store.records(kind).takeOnce(id)))
      assert.deepEqual(await Array.fromAsync(store.scan()), [])
      assert.equal(await store.erase(), true)
    })

    it('refuses what JSON cannot carry, and an expiry that is not a time', async () => {
      const { mine } = await records()
      await assert.rejects(mine.putIfAbsent('one', undefined as never), TypeError)
      await assert.rejects(mine.putIfAbsent('one', { n: 1 }, { expiresAt: Number.NaN }), TypeError)
      assert.equal(await mine.get('one'), undefined)
      await mine.putIfAbsent('one', { n: 1 }, { expiresAt: Number.POSITIVE_INFINITY })
      now += 1e12
      assert.equal((await mine.get('one'))?.value.n, 1)
    })
  })
}
