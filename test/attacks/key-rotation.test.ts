// The keys that tokens are signed with change while people sign in, and a token is good for as long as it says, unless its key is not.

import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose'
import { createSigningKeys, type SigningKey } from '../../src/oauth/signing-keys.ts'
import { createLocalBus, createMemoryStore, createSqliteStore, type RecordKind, type Records, type Store } from '../../src/storage/index.ts'
import { createMemoryVault } from '../../src/vault/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import {
  ANA,
  authorizeUrl,
  connect,
  type Fixture,
  redeem,
  register,
  startAuthorizationServer,
  type Tokens,
  verify,
} from '../support/authorization.ts'
import { createBrowser, signIn } from '../support/browser.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('signing-keys')

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const kidOf = (token: string) => decodeProtectedHeader(token).kid
const publishedBy = async ({ issuer }: Pick<Fixture, 'issuer'>): Promise<string[]> => {
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string; d?: string }[] }
  assert.ok(keys.every((key) => !('d' in key)))
  return keys.map(({ kid }) => kid)
}
/** Another process, over the same data. */
const beside = ({ store, vault }: Pick<Fixture, 'store' | 'vault'>, aheadMs = 0) =>
  createSigningKeys({ store, vault, clock: () => Date.now() + aheadMs })
const tokensOf = async (answer: Response): Promise<Tokens> => {
  assert.equal(answer.status, 200, await answer.clone().text())
  return (await answer.json()) as Tokens
}

describe('a new signing key', () => {
  it('is published before it signs; what was signed before stays good; in the end the old one is gone', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await connect(fixture)
    const old = client.tokens.access_token
    const { kid: oldKid, privateJwk: stolen } = await beside(fixture).current()
    const next = await beside(fixture).rotate()
    assert.equal(next.state, 'next')
    // A store in memory tells nobody: it is looked at again after a minute.
    fixture.advance(MINUTE_MS + 1)
    assert.deepEqual(await publishedBy(fixture), [kidOf(old), next.kid])
    const stillOld = await tokensOf(await client.refresh())
    assert.equal(kidOf(stillOld.access_token), kidOf(old), 'it does not sign yet')

    fixture.advance(15 * MINUTE_MS)
    const fresh = await tokensOf(await client.refresh(stillOld.refresh_token))
    assert.equal(kidOf(fresh.access_token), next.kid)
    for (const token of [old, stillOld.access_token, fresh.access_token]) assert.equal(typeof (await verify(fixture, token)), 'object')
    assert.deepEqual(await publishedBy(fixture), [kidOf(old), next.kid])

    fixture.advance(26 * 60 * MINUTE_MS)
    assert.deepEqual(await publishedBy(fixture), [next.kid])
    // Whoever has it by now, out of a copy of long ago, signs nothing with it.
    const forge = ({ kid, privateJwk }: Pick<SigningKey, 'kid' | 'privateJwk'>) =>
      new SignJWT({ ...decodeJwt(fresh.access_token), exp: Math.floor(Date.now() / 1000) + 7 * 86_400 })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .sign(createPrivateKey({ key: privateJwk, format: 'jwk' }))
    assert.equal(await verify(fixture, await forge({ kid: oldKid, privateJwk: stolen })), 'unknown')
    assert.equal(typeof (await verify(fixture, await forge(await beside(fixture, 27 * 60 * MINUTE_MS).current()))), 'object', 'the twin')
  })
  it('comes by itself when the old one has signed for as long as it may', async () => {
    await using fixture = await startAuthorizationServer({ signingKeyDays: 30 })
    const client = await connect(fixture)
    const [first = ''] = await publishedBy(fixture)
    fixture.advance(30 * DAY_MS - 20 * MINUTE_MS)
    await client.refresh()
    assert.deepEqual(await publishedBy(fixture), [first], 'not yet')
    fixture.advance(6 * MINUTE_MS)
    await client.refresh()
    await until('the next one to be published', async () => (await publishedBy(fixture)).length === 2)
    fixture.advance(16 * MINUTE_MS)
    const again = await connect(fixture)
    assert.equal(kidOf(again.tokens.access_token), (await publishedBy(fixture))[1])
  })
  it('stops nobody who is in the middle of something: a page that is open, a code, a refresh token, and five at once', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await connect(fixture)
    const { client_id: id } = await register(fixture)
    const { url, verifier } = authorizeUrl(fixture, id)
    const browser = createBrowser()
    const swap = async () => {
      const { kid } = await beside(fixture).rotate({ compromised: true })
      // As the store does where another process has changed something.
      fixture.bus.publish('credentials', 'changed in another process')
      assert.deepEqual(await publishedBy(fixture), [kid])
      return kid
    }
    // Between every two steps another key, so that the login page, the consent page and the code are each from another provider.
    const landed = await signIn(url, ANA, {
      ...browser,
      submit: async (...step) => {
        await swap()
        return browser.submit(...step)
      },
    })
    await swap()
    const tokens = await tokensOf(await redeem(fixture, id, new URL(landed).searchParams.get('code') as string, verifier))
    assert.equal(typeof (await verify(fixture, tokens.access_token)), 'object')
    const kid = await swap()
    const renewed = await Promise.all(Array.from({ length: 5 }, async () => tokensOf(await client.refresh())))
    assert.equal(new Set(renewed.map(({ refresh_token: token }) => token)).size, 1, 'one successor')
    for (const { access_token: token } of renewed) assert.equal(kidOf(token), kid)
    // The reuse window is not begun anew by another provider.
    assert.equal((await tokensOf(await client.refresh())).refresh_token, renewed[0]?.refresh_token)
  })
})

describe('a key that is said to be compromised', () => {
  let gateway: Gateway
  let web: HttpWitness
  before(async () => {
    web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look')] })
    gateway = await startGateway({ servers: { web: { url: web.url } } })
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await web[Symbol.asyncDispose]()
  })

  it('is refused within a second after the command line has said so; clients go on with their refresh tokens', async () => {
    const works = async (token: string) => (await mcp(gateway.url, { token }).call('look')).status === 200
    const client = await gateway.signIn()
    const stolen = client.tokens.access_token
    assert.ok(await works(stolen))
    const { code, stdout, stderr } = await gateway.cli('keys', 'rotate', '--signing', '--compromised', '--json')
    assert.equal(code, 0, stderr)
    await until('the old token to be refused', async () => !(await works(stolen)), 1_000)
    const heard = web.seen.length
    assert.equal(await works(stolen), false)
    assert.equal(web.seen.length, heard)
    const { access_token: fresh } = await tokensOf(await client.refresh())
    assert.equal(kidOf(fresh), JSON.parse(stdout).kid)
    assert.ok(await works(fresh))
    assert.equal((await gateway.records()).findLast(({ action }) => action === 'signing-keys.rotate')?.target, kidOf(fresh))
  })
  it('signs nothing that is taken, whatever kid it is given', async () => {
    const { access_token: token } = (await gateway.signIn()).tokens
    const { privateKey } = await generateKeyPair('ES256')
    for (const kid of [kidOf(token), 'unknown', '', '../secret', 'x'.repeat(4096)]) {
      const forged = await new SignJWT(decodeJwt(token))
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: kid as string })
        .sign(privateKey)
      assert.equal((await mcp(gateway.url, { token: forged }).call('look')).status, 401)
    }
    const { kid: _, ...header } = decodeProtectedHeader(token)
    const nameless = await new SignJWT(decodeJwt(token)).setProtectedHeader({ ...header, alg: 'ES256' }).sign(privateKey)
    assert.equal((await mcp(gateway.url, { token: nameless }).call('look')).status, 401)
  })
})

describe('several processes', () => {
  /** Counts what is read, and is as slow as a network. */
  function watched(store: Store) {
    const count = { reads: 0 }
    const slow: Store = {
      ...store,
      records<T>(kind: RecordKind): Records<T> {
        const records = store.records<T>(kind)
        return {
          ...records,
          async get(id) {
            count.reads++
            await delay(Math.random() * 5)
            return records.get(id)
          },
        }
      },
    }
    return { store: slow, count }
  }

  it('make one first key, and one next key, however many want one at once', async () => {
    const parts = { ...watched(createMemoryStore({ clock: Date.now })), vault: createMemoryVault() }
    const processes = Array.from({ length: 20 }, () => beside(parts))
    assert.equal(new Set((await Promise.all(processes.map((each) => each.current()))).map(({ kid }) => kid)).size, 1)
    const rotated = await Promise.all(processes.map((each) => each.rotate()))
    assert.equal(new Set(rotated.map(({ kid }) => kid)).size, 1)
    assert.deepEqual(
      (await processes[0]?.list())?.map(({ state }) => state),
      ['signing', 'next'],
    )
  })
  it('agree within a second over one database, and look at once for a key that they do not know', async () => {
    await using temp = await createTempDir('rotation')
    const vault = createMemoryVault()
    const open = () => {
      const store = createSqliteStore({ file: join(temp.path, 'sallyport.db') })
      const bus = createLocalBus()
      store.onForeignChange(() => bus.publish('credentials', 'changed'))
      return { store, keys: createSigningKeys({ store, vault, clock: Date.now, bus }) }
    }
    const [one, other] = [open(), open()]
    try {
      const first = await one.keys.current()
      assert.equal((await other.keys.current()).kid, first.kid)
      // It has heard of that one, and looked.
      await delay(500)
      await other.keys.current()
      await delay(1_100)
      const { kid } = await one.keys.rotate({ compromised: true })
      // A token of the new key arrives there before anything else has told of it.
      assert.equal((await other.keys.find(kid))?.kid, kid)
      assert.equal(await other.keys.find(first.kid), undefined)
      const next = await one.keys.rotate()
      await until('the other to hear of it', async () => (await other.keys.published()).length === 2, 1_000)
      assert.deepEqual((await other.keys.list()).at(-1), next)
    } finally {
      await one.store.close()
      await other.store.close()
    }
  })
  it('are not believed from a read that began before they were replaced', async () => {
    const store = createMemoryStore({ clock: Date.now })
    const parts = { vault: createMemoryVault(), clock: Date.now, bus: createLocalBus() }
    let held: Promise<void> | undefined
    const slow: Store = {
      ...store,
      records<T>(kind: RecordKind): Records<T> {
        const records = store.records<T>(kind)
        return {
          ...records,
          async get(id) {
            const found = await records.get(id)
            await held
            return found
          },
        }
      },
    }
    const keys = createSigningKeys({ ...parts, store: slow })
    const stolen = await keys.current()
    const gate = Promise.withResolvers<void>()
    held = gate.promise
    parts.bus.publish('credentials', 'something else')
    const reading = keys.find(stolen.kid)
    await delay(5)
    held = undefined
    await createSigningKeys({ ...parts, store }).rotate({ compromised: true })
    const asked = keys.find(stolen.kid)
    gate.resolve()
    assert.equal(await asked, undefined, 'the key was replaced before this was asked')
    assert.equal(await reading, undefined)
    assert.equal(await keys.find(stolen.kid), undefined)
  })
  it('are not made to read by tokens that name keys that nobody has', async () => {
    const { store, count } = watched(createMemoryStore({ clock: Date.now }))
    let now = Date.now()
    const keys = createSigningKeys({ store, vault: createMemoryVault(), clock: () => now })
    await keys.current()
    await keys.current()
    const before = count.reads
    for (let at = 0; at < 10_000; at++) assert.equal(await keys.find(`invented-${at}`), undefined)
    assert.equal(count.reads, before, 'what was read a moment ago is not read again')
    now += 1_001
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => keys.find(`invented-${at}`)))
    assert.equal(count.reads, before + 1)
  })
})

describe('what is on disk', () => {
  it('opens nothing and moves nowhere: a sealed key under the name of another stops everything', async () => {
    const store = createMemoryStore({ clock: Date.now })
    const vault = createMemoryVault()
    const keys = beside({ store, vault })
    const { privateJwk } = await keys.current()
    await keys.rotate()
    const records = store.records<{ keys: { kid: string; sealed: string }[] }>('secret')
    const found = await records.get('signing-keys')
    assert.ok(found)
    assert.ok(!JSON.stringify(found).includes(String(privateJwk['d'])))
    const [one, two] = found.value.keys
    assert.ok(one && two)
    await records.compareAndSet('signing-keys', found.version, { keys: [{ ...one, sealed: two.sealed }, two] })
    await assert.rejects(beside({ store, vault }).current(), /data key that is gone, or elsewhere/)
    await assert.rejects(beside({ store, vault: createMemoryVault() }).find(one.kid), /data key that is gone, or elsewhere/)
  })
  it('stays small: a key that nothing needs is dropped with the next change', async () => {
    let now = Date.now()
    const store = createMemoryStore({ clock: () => now })
    const keys = createSigningKeys({ store, vault: createMemoryVault(), clock: () => now })
    await keys.current()
    for (let day = 0; day < 30; day++) {
      await keys.rotate()
      now += 2 * DAY_MS
    }
    const kept = await store.records<{ keys: object[] }>('secret').get('signing-keys')
    assert.equal(kept?.value.keys.length, 2)
    for (let again = 0; again < 100; again++) await keys.rotate()
    assert.ok((await keys.published()).length <= 3)
  })
})
