/** What every token store must do, whatever is behind it. @module */

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { TokenStore } from '../../src/client/store/token-store.ts'

export interface TokenStoreUnderTest {
  readonly store: TokenStore
  /** Another one with the same records; the same store where there is none. */
  readonly other: TokenStore
  readonly end: () => Promise<void>
}

const NAME = 'sign-in/https%3A%2F%2Fmcp.example.com%2Fmcp/default'

export function describeTokenStore(name: string, open: () => Promise<TokenStoreUnderTest>, skip: string | false = false): void {
  describe(`a token store: ${name}`, { skip }, () => {
    let opened: TokenStoreUnderTest[] = []
    async function start(): Promise<TokenStoreUnderTest> {
      const under = await open()
      opened.push(under)
      return under
    }
    afterEach(async () => {
      for (const { end } of opened) await end()
      opened = []
    })

    it('gives back what was written, through every connection', async () => {
      const { store, other } = await start()
      for (const value of ['{"a":1}', '', 'ä\u{1f600}\n\u0000"', 'x'.repeat(256 * 1024)]) {
        await store.write(NAME, value)
        assert.equal(await other.read(NAME), value)
        assert.equal(await store.read(NAME), value)
      }
    })

    it('answers undefined for what is not there, and keeps names apart', async () => {
      const { store, other } = await start()
      assert.equal(await store.read(NAME), undefined)
      await store.write(NAME, 'one')
      await store.write(`${NAME}/`, 'two')
      await store.write(NAME.toUpperCase(), 'three')
      assert.deepEqual(
        [await other.read(NAME), await other.read(`${NAME}/`), await other.read(NAME.toUpperCase())],
        ['one', 'two', 'three'],
      )
    })

    it('removes, also what is not there', async () => {
      const { store, other } = await start()
      await store.remove(NAME)
      await store.write(NAME, 'one')
      await other.remove(NAME)
      assert.equal(await store.read(NAME), undefined)
      await store.remove(NAME)
    })

    it('takes names of visible ASCII only, and text of 256 KiB at most', async () => {
      const { store } = await start()
      for (const wrong of ['', 'a b', 'a\n', 'ä', 'x'.repeat(8193)]) {
        await assert.rejects(store.read(wrong), TypeError)
        await assert.rejects(store.write(wrong, ''), TypeError)
        await assert.rejects(store.remove(wrong), TypeError)
        await assert.rejects(
          store.exclusively(wrong, async () => {}),
          TypeError,
        )
      }
      for (const wrong of ['x'.repeat(256 * 1024 + 1), 'ä'.repeat(128 * 1024 + 1), '\ud800'])
        await assert.rejects(store.write(NAME, wrong), TypeError)
      await store.write('x'.repeat(8192), 'x'.repeat(256 * 1024))
    })

    it('lets one in at a time, through every connection, in whatever way the one before ends', async () => {
      const { store, other } = await start()
      let inside = 0
      let most = 0
      const work = async (n: number): Promise<number> => {
        most = Math.max(most, ++inside)
        await turn()
        const before = Number((await store.read(NAME)) ?? 0)
        if (n % 3 !== 0) await (n % 2 ? store : other).read(NAME)
        inside--
        if (n % 3 === 0) throw new Error('not this one')
        return before
      }
      const all = Array.from({ length: 12 }, (_, n) => (n % 2 ? store : other).exclusively(NAME, () => work(n)))
      const ended = await Promise.allSettled(all)
      assert.equal(most, 1)
      assert.deepEqual(
        ended.map(({ status }) => status),
        all.map((_, n) => (n % 3 === 0 ? 'rejected' : 'fulfilled')),
      )
    })

    it('loses no change of those who read and write inside', async () => {
      const { store, other } = await start()
      const add = (one: TokenStore): Promise<void> =>
        one.exclusively(NAME, async () => one.write(NAME, String(Number((await one.read(NAME)) ?? 0) + 1)))
      await Promise.all(Array.from({ length: 20 }, (_, n) => add(n % 2 ? store : other)))
      assert.equal(await store.read(NAME), '20')
    })

    it('keeps writers and removers who are outside waiting, and readers not', async () => {
      const { store, other } = await start()
      await store.write(NAME, 'before')
      const order: string[] = []
      const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
      const held = store.exclusively(NAME, async () => {
        await mayEnd
        await store.write(NAME, 'inside')
        order.push('inside')
      })
      const outside = other.write(NAME, 'outside').then(() => order.push('outside'))
      // Long enough for one that does not wait.
      for (let n = 0; n < 50; n++) assert.equal(await other.read(NAME), 'before')
      end()
      await Promise.all([held, outside])
      assert.deepEqual(order, ['inside', 'outside'])
      assert.equal(await store.read(NAME), 'outside')
    })

    it('is for one name: another is not kept waiting, and may be changed from inside', async () => {
      const { store } = await start()
      await store.exclusively(NAME, async () => {
        await store.exclusively('registration/a', async () => {
          await store.write('registration/a', 'one')
          await store.write(NAME, 'two')
        })
        await store.write('pins/a', 'three')
      })
      assert.deepEqual([await store.read('registration/a'), await store.read(NAME), await store.read('pins/a')], ['one', 'two', 'three'])
    })

    it('refuses who is inside already, and does not take for inside what was left running', async () => {
      const { store } = await start()
      let left: Promise<void> | undefined
      const { promise: ended, resolve: end } = Promise.withResolvers<void>()
      await store.exclusively(NAME, async () => {
        await assert.rejects(store.exclusively(NAME, async () => {}))
        left = ended.then(() => store.exclusively(NAME, () => store.write(NAME, 'later')))
      })
      end()
      await left
      assert.equal(await store.read(NAME), 'later')
    })

    it('keeps the last of many changes inside, and may remove and write again', async () => {
      const { store, other } = await start()
      await store.exclusively(NAME, async () => {
        await Promise.all([store.write(NAME, 'one'), store.write(NAME, 'two'), store.write(NAME, 'three')])
        assert.equal(await store.read(NAME), 'three')
        await store.remove(NAME)
        assert.equal(await store.read(NAME), undefined)
        await store.write(NAME, 'four')
      })
      assert.equal(await other.read(NAME), 'four')
      await store.exclusively(NAME, () => store.remove(NAME))
      assert.equal(await other.read(NAME), undefined)
    })

    it('answers what the work does, and shows nothing of what it keeps', async () => {
      const { store } = await start()
      const { inspect } = await import('node:util')
      await store.write(NAME, 'secret-token-of-somebody')
      assert.equal(await store.exclusively(NAME, async () => 7), 7)
      assert.ok(!inspect(store, { depth: 9, showHidden: true }).includes('secret-token'))
    })
  })
}
