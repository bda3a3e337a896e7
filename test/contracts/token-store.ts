/** What every token store must do, whatever is behind it. @module */

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { encryptionName, machineTokenName, pinsName, registrationName, signInName } from '../../src/client/store/names.ts'
import type { TokenStore } from '../../src/client/store/token-store.ts'
import type { Clock } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'

export interface TokenStoreUnderTest {
  readonly store: TokenStore
  /** Another one with the same records; the same store where there is none. */
  readonly other: TokenStore
  readonly end: () => Promise<void>
}

const NAME = 'sign-in/https%3A%2F%2Fmcp.example.com%2Fmcp/default'

const DAY_MS = 86_400_000
const SERVER = 'https://mcp.example.com/mcp'
const at = (days: number) => ({ server: `https://${days}.example.com/mcp`, account: 'ana' })

export function describeTokenStore(name: string, open: (clock: Clock) => Promise<TokenStoreUnderTest>, skip: string | false = false): void {
  describe(`a token store: ${name}`, { skip }, () => {
    let opened: TokenStoreUnderTest[] = []
    let now = Date.now()
    async function start(): Promise<TokenStoreUnderTest> {
      const under = await open(() => now)
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

    /** Any use of a store tidies up, a day after the last time. */
    async function afterDays(days: number, store: TokenStore): Promise<void> {
      now += days * DAY_MS
      await store.read('no/such/record')
    }
    const whatIsLeft = async (store: TokenStore, names: readonly string[]): Promise<boolean[]> =>
      Promise.all(names.map(async (one) => (await store.read(one)) !== undefined))

    it('removes each kind of record once nobody has used it for as long as its class says, and nothing sooner', async () => {
      verifies('client-retention')
      const issuer = 'https://login.example.com'
      const kinds: readonly (readonly [name: string, value: object, days: number])[] = [
        [signInName(at(1)), { refreshToken: 'r', expiresAt: now }, 90],
        [machineTokenName({ ...at(2), issuer, kind: 'workload', client: 'c' }), {}, 90],
        [signInName(at(3)), { expiresAt: now + 20 * DAY_MS }, 27],
        [registrationName(issuer), { clientId: 'c' }, 180],
        [registrationName(issuer, 'device'), { expiresAt: now + DAY_MS }, 8],
        [pinsName(at(4).server, 'ana'), {}, 365],
        [encryptionName(at(5).server, 'ana'), {}, 365],
        ['of-a-newer-version/a', {}, Number.POSITIVE_INFINITY],
      ]
      const began = now
      for (const offset of [0, 1]) {
        for (const days of [8, 27, 90, 180, 365]) {
          now = began
          const { store, other } = await start()
          for (const [one, value] of kinds) await store.write(one, JSON.stringify(value))
          await afterDays(days + offset * 0.1, other)
          assert.deepEqual(
            await whatIsLeft(
              store,
              kinds.map(([one]) => one),
            ),
            kinds.map(([, , least]) => days + offset * 0.1 <= least),
            `after ${days + offset * 0.1} days`,
          )
        }
      }
    })

    it('keeps what is used, whether it is read, written or taken', async () => {
      const { store, other } = await start()
      const names = [signInName(at(1)), signInName(at(2)), signInName(at(3)), signInName(at(4))]
      const [read = '', written = '', taken = '', unused = ''] = names
      for (const one of names) await store.write(one, '{}')
      await afterDays(60, other)
      await other.read(read)
      await other.write(written, '{}')
      await other.exclusively(taken, async () => void (await other.read(taken)))
      await afterDays(60, store)
      assert.deepEqual(await whatIsLeft(store, [read, written, taken, unused]), [true, true, true, false])
    })

    it('keeps what somebody is inside of, and does not wait for them', async () => {
      const { store, other } = await start()
      const [held, free] = [signInName(at(1)), signInName(at(2))]
      await store.write(held, '{}')
      await store.write(free, '{}')
      now += 100 * DAY_MS
      await store.exclusively(held, async () => {
        await other.read('no/such/record')
        assert.equal(await other.read(free), undefined)
        assert.equal(await store.read(held), '{}')
      })
      now += 100 * DAY_MS
      const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
      const inside = store.exclusively(held, () => mayEnd)
      // By the same connection: it would wait for ever.
      await store.read('no/such/record')
      end()
      await inside
      assert.equal(await store.read(held), '{}')
    })

    it('keeps the pins of a server for as long as its account signs in there', async () => {
      const { store, other } = await start()
      const pins = [pinsName(SERVER, 'ana'), encryptionName(SERVER, 'ana'), pinsName(SERVER, 'raj')]
      const signIn = signInName({ server: SERVER, account: 'ana' })
      for (const one of [...pins, signIn]) await store.write(one, '{}')
      for (let n = 0; n < 5; n++) {
        await afterDays(80, other)
        await other.read(signIn)
      }
      assert.deepEqual(await whatIsLeft(store, pins), [true, true, false])
    })

    it('believes no clock that has gone wrong, and tidies up in small steps', async () => {
      const { store, other } = await start()
      const ahead = now + 5 * 365 * DAY_MS
      const today = now
      now = ahead
      await store.write(NAME, '{}')
      now = today
      await afterDays(1, other)
      await afterDays(50, other)
      assert.equal(await store.read(NAME), '{}')
      // A clock that is behind for a while.
      const another = signInName(at(100))
      await store.write(another, '{}')
      now -= 200 * DAY_MS
      await other.read(another)
      await afterDays(200, other)
      assert.equal(await store.read(another), '{}')
      const many = Array.from({ length: 20 }, (_, n) => signInName(at(n)))
      for (const one of many) await store.write(one, '{}')
      await afterDays(91, other)
      now += 3_600_001
      const { names } = store as { names?: () => Promise<readonly string[]> }
      if (names) assert.equal((await names()).length, 14)
      for (let n = 0; n < 3; n++) {
        await other.read('no/such/record')
        now += 3_600_001
      }
      assert.deepEqual(
        await whatIsLeft(store, many),
        many.map(() => false),
      )
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
