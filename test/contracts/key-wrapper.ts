/** What every `KeyWrapper` must do, whatever is behind it. @module */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import type { KeyWrapper } from '../../src/vault/index.ts'

export interface WrapperUnderTest {
  readonly wrapper: KeyWrapper
  /** As another process has it. */
  readonly other: KeyWrapper
  /** Over other keys. */
  readonly stranger: KeyWrapper
  /** Another key wraps from now on, and the older ones still unwrap; undefined where that is done by whoever starts the process. */
  readonly renew?: (() => Promise<void>) | undefined
  readonly end?: () => Promise<void>
}

export function describeKeyWrapper(name: string, open: () => Promise<WrapperUnderTest>): void {
  describe(`a key wrapper: ${name}`, () => {
    let opened: WrapperUnderTest | undefined
    const start = async (): Promise<WrapperUnderTest> => (opened = await open())
    afterEach(async () => {
      await opened?.end?.()
      opened = undefined
    })

    it('unwraps what it has wrapped, here and in another process, for the same context', async () => {
      const { wrapper, other } = await start()
      for (const context of ['ring', 'named_secret:1:abc', 'ä "\u0000']) {
        const key = randomBytes(32)
        const { keyId, wrapped } = await wrapper.wrap(key, context)
        for (const each of [wrapper, other]) assert.deepEqual(Buffer.from((await each.unwrap(keyId, wrapped, context)) ?? []), key)
      }
    })
    it('shows nothing of the key, and never the same twice', async () => {
      const { wrapper } = await start()
      const key = randomBytes(32)
      const [one, two] = [await wrapper.wrap(key, 'a'), await wrapper.wrap(key, 'a')]
      assert.notEqual(one.wrapped, two.wrapped)
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        assert.ok(!JSON.stringify(one).includes(key.toString(encoding).slice(0, 20)))
    })
    it('does not unwrap for another context, what was changed, or what a stranger has wrapped', async () => {
      const { wrapper, stranger } = await start()
      const { keyId, wrapped } = await wrapper.wrap(randomBytes(32), 'named_secret:1')
      assert.equal(await wrapper.unwrap(keyId, wrapped, 'named_secret:2'), undefined)
      const at = wrapped.length - 12
      const changed = wrapped.slice(0, at) + (wrapped[at] === 'A' ? 'B' : 'A') + wrapped.slice(at + 1)
      assert.equal(await wrapper.unwrap(keyId, changed, 'named_secret:1'), undefined)
      assert.equal(await wrapper.unwrap(keyId, wrapped.slice(0, -8), 'named_secret:1'), undefined)
      const strange = await stranger.wrap(randomBytes(32), 'named_secret:1')
      assert.equal(await wrapper.unwrap(strange.keyId, strange.wrapped, 'named_secret:1'), undefined)
    })
    it('says which key wraps, and wraps with that one', async () => {
      const { wrapper, other } = await start()
      const keyId = await wrapper.current()
      assert.ok(keyId.length > 0 && keyId.length < 300)
      assert.equal((await wrapper.wrap(randomBytes(32), 'a')).keyId, keyId)
      assert.equal(await other.current(), keyId)
    })
    it('goes over to a new key while it runs, and goes on to unwrap what the older one has wrapped', async () => {
      const { wrapper, other, renew } = await start()
      if (renew === undefined) return
      const key = randomBytes(32)
      const before = await wrapper.wrap(key, 'a')
      await renew()
      const after = await wrapper.wrap(key, 'a')
      assert.notEqual(after.keyId, before.keyId)
      assert.equal(await wrapper.current(), after.keyId)
      for (const each of [wrapper, other])
        for (const { keyId, wrapped } of [before, after]) assert.deepEqual(Buffer.from((await each.unwrap(keyId, wrapped, 'a')) ?? []), key)
    })
  })
}
