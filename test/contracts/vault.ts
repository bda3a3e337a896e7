/** What every vault must do, wherever its data keys are and whatever they are wrapped with. @module */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Place, Vault } from '../../src/vault/index.ts'

export interface VaultUnderTest {
  readonly vault: Vault
  /** Another process's, over the same data; the same vault where there is none. */
  readonly other: Vault
  readonly end: () => Promise<void>
}

const ana: Place = { kind: 'connection', id: 'a', field: 'tokens', subject: 'ana' }
const everybody: Place = { kind: 'client', id: 'a', field: 'secret' }

export function describeVault(name: string, open: () => Promise<VaultUnderTest>): void {
  describe(`a vault: ${name}`, () => {
    let vault: Vault
    let other: Vault
    let end: () => Promise<void>
    before(async () => {
      ;({ vault, other, end } = await open())
    })
    after(() => end())
    const opened = async (from: Vault, sealed: string, place: Place) => (await from.open(sealed, place))?.toString()

    it('opens what was sealed, text and bytes alike, in every process', async () => {
      for (const place of [ana, everybody]) {
        for (const text of ['', 'a', 'ä\u{1f600}', 'x'.repeat(100_000)]) {
          const sealed = await vault.seal(text, place)
          for (const each of [vault, other]) assert.equal(await opened(each, sealed, place), text)
        }
        const bytes = randomBytes(1_000)
        assert.deepEqual(await other.open(await vault.seal(bytes, place), place), bytes)
      }
    })
    it('shows nothing, neither of the value nor of whose it is, and never the same twice', async () => {
      const [one, two] = [await vault.seal('a password', ana), await vault.seal('a password', ana)]
      assert.match(one, /^v2\.connection:\d+:[\w-]{22}\.[\w-]+$/)
      assert.match(await vault.seal('a password', everybody), /^v2\.client:\d+\.[\w-]+$/)
      assert.notEqual(one, two)
      assert.ok(!one.includes('ana'))
      assert.ok(!Buffer.from(one.split('.')[2] as string, 'base64url').includes('password'))
    })
    it('opens nothing that was moved: to another record, field, kind or person, or to nobody’s', async () => {
      const sealed = await vault.seal('mine', ana)
      // Theirs are there, too: it is not for want of a data key that it stays closed.
      for (const moved of [
        { ...ana, id: 'b' },
        { ...ana, field: 'other' },
        { ...ana, kind: 'task' },
        { ...ana, subject: 'bob' },
        { kind: ana.kind, id: ana.id, field: ana.field },
        { ...ana, id: 'a"', field: '"tokens' },
      ]) {
        const theirs = await vault.seal('theirs', moved)
        assert.equal(await vault.open(sealed, moved), undefined, JSON.stringify(moved))
        assert.equal(await vault.open(theirs, ana), undefined, JSON.stringify(moved))
        // The value of one under the name of the other's data key.
        const [, , text] = sealed.split('.')
        const [, keyId] = theirs.split('.')
        if (keyId !== sealed.split('.')[1]) assert.equal(await vault.open(`v2.${keyId}.${text}`, ana), undefined)
        assert.equal(await vault.open(`v2.${keyId}.${text}`, moved), undefined)
      }
    })
    it('opens nothing that was changed, cut or written otherwise', async () => {
      const sealed = await vault.seal('some plaintext', everybody)
      for (let at = 0; at < sealed.length; at++) {
        const changed = sealed[at] === 'A' ? 'B' : 'A'
        assert.equal(await vault.open(sealed.slice(0, at) + changed + sealed.slice(at + 1), everybody), undefined, `changed at ${at}`)
        assert.equal(await vault.open(sealed.slice(0, at), everybody), undefined, `cut at ${at}`)
      }
      const [version, id, text] = sealed.split('.')
      for (const wrong of [`${sealed}=`, `${sealed}A`, `${sealed}.`, ` ${sealed}`, '', '..', `${version}.ring.${text}`, `v1.${id}.${text}`])
        assert.equal(await vault.open(wrong, everybody), undefined, wrong)
    })
    it('makes one data key, however many want the first one at once', async () => {
      const places = Array.from({ length: 20 }, (_, n) => ({ ...ana, id: String(n), subject: 'everybody at once' }))
      const sealed = await Promise.all(places.map((place, n) => (n % 2 === 0 ? vault : other).seal(String(n), place)))
      assert.equal(new Set(sealed.map((each) => each.split('.')[1])).size, 1)
      for (const [n, each] of sealed.entries()) assert.equal(await opened(n % 2 === 0 ? other : vault, each, places[n] as Place), String(n))
    })
    it('shreds what is a person’s, of one kind or of all, in every process at once; others’ stays, and what comes after opens', async () => {
      const eve = { ...ana, subject: 'eve' }
      const places = [eve, { ...eve, kind: 'task' }, { ...eve, kind: 'named_secret' }, ana, { ...ana, kind: 'task' }]
      const sealed = await Promise.all(places.map((place) => vault.seal('x', place)))
      const left = () => Promise.all(sealed.map((each, n) => opened(other, each, places[n] as Place)))
      assert.deepEqual(await left(), ['x', 'x', 'x', 'x', 'x'])
      assert.equal(await vault.shred({ kind: 'task', subject: 'eve' }), 1)
      assert.deepEqual(await left(), ['x', undefined, 'x', 'x', 'x'])
      assert.equal(await vault.shred({ subject: 'eve' }), 2)
      assert.deepEqual(await left(), [undefined, undefined, undefined, 'x', 'x'])
      assert.equal(await vault.shred({ subject: 'eve' }), 0)
      const again = await other.seal('anew', eve)
      assert.equal(await opened(vault, again, eve), 'anew')
      assert.equal(await vault.open(sealed[0] as string, eve), undefined, 'what was forgotten stays so')
    })
    it('shreds a kind: everybody’s of it, and nothing of another', async () => {
      const shared = { kind: 'task', id: '1', field: 'sealed' }
      const places = [shared, { ...shared, subject: 'ana' }, { ...shared, kind: 'task_2' }, everybody]
      const sealed = await Promise.all(places.map((place) => vault.seal('x', place)))
      assert.ok((await vault.shred({ kind: 'task' })) >= 2)
      const left = await Promise.all(sealed.map((each, n) => opened(other, each, places[n] as Place)))
      assert.deepEqual(left, [undefined, undefined, 'x', 'x'])
      await assert.rejects(vault.shred({}), TypeError)
    })
  })
}
