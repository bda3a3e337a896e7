import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TokenStoreError } from '../../src/client/errors.ts'
import type { MCPClient } from '../../src/client/index.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { signInName } from '../../src/client/store/names.ts'
import type { TokenStore } from '../../src/client/store/token-store.ts'
import { AnyAnswer, startWorld, type World } from '../fixtures/sign-in-world.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'

const HOUR = 3_600_000
const grants = (world: World): (string | undefined)[] =>
  world.to('/token').map(({ text }) => Object.fromEntries(new URLSearchParams(text))['grant_type'])
const nameAt = ({ serverUrl }: World, account = 'default'): string => signInName({ server: serverUrl, account })
const call = (client: MCPClient): Promise<unknown> => client.callTool('echo')

describe('a sign-in that is kept', () => {
  it('is used by the next program, which asks nobody but the server', async () => {
    await using world = await startWorld()
    const tokenStore = createMemoryTokenStore()
    await using first = createClient(world, { tokenStore })
    await signInTo(world, first)
    const before = world.seen.length
    await using second = createClient(world, { tokenStore })
    await call(second)
    assert.deepEqual(new Set(world.seen.slice(before).map(({ at, path }) => `${at} ${path}`)), new Set(['server /mcp']))
  })

  it('is renewed at its issuer, whose metadata is read anew', async () => {
    await using world = await startWorld()
    const tokenStore = createMemoryTokenStore()
    await using first = createClient(world, { tokenStore })
    await signInTo(world, first)
    const before = world.seen.length
    await using second = createClient(world, { tokenStore, clock: () => Date.now() + HOUR })
    await call(second)
    assert.deepEqual(
      world.seen
        .slice(before)
        .filter(({ at }) => at === 'issuer')
        .map(({ path }) => path),
      ['/.well-known/oauth-authorization-server', '/token'],
    )
    assert.equal(world.to('/register').length, 1, 'as the client that it was')
  })

  it('is of one account at one server', async () => {
    await using world = await startWorld()
    await using other = await startWorld()
    const tokenStore = createMemoryTokenStore()
    await using ana = createClient(world, { tokenStore, account: 'ana' })
    await signInTo(world, ana)
    await using ben = createClient(world, { tokenStore, account: 'ben' })
    assert.equal(await problemOf(call(ben)), 'AuthorizationError sign_in_required')
    await using elsewhere = createClient(other, { tokenStore, account: 'ana' })
    assert.equal(await problemOf(call(elsewhere)), 'AuthorizationError sign_in_required')
    await call(ana)
  })

  it('of another issuer than auth.issuer counts as none', async () => {
    await using world = await startWorld()
    const tokenStore = createMemoryTokenStore()
    await using any = createClient(world, { tokenStore })
    await signInTo(world, any)
    await using one = createClient(world, { tokenStore, auth: { type: 'oauth2', issuer: 'https://as.example' } })
    assert.equal(await problemOf(call(one)), 'AuthorizationError sign_in_required')
  })

  it('says whose an id is that was given without an issuer', async () => {
    await using other = await startWorld()
    let moved = false
    await using world = await startWorld({
      resourceMetadata: (document) => (moved ? { ...document, authorization_servers: [other.issuer] } : document),
    })
    const options = { tokenStore: createMemoryTokenStore(), auth: { type: 'oauth2', clientId: 'ours' } } as const
    await using first = createClient(world, options)
    await signInTo(world, first)
    moved = true
    await using next = createClient(world, options)
    assert.equal(await problemOf(next.getAuthorizationUrl({ redirectUri: REDIRECT_URI })), 'AuthorizationError issuer_mismatch')
    assert.ok(!JSON.stringify(other.seen).includes('ours'))
  })

  it('that cannot be read counts as none, which is said', async () => {
    await using world = await startWorld()
    for (const text of ['', '{', '{}', '[]', JSON.stringify({ issuer: world.issuer, accessToken: 'a\nb' })]) {
      const tokenStore = createMemoryTokenStore()
      await tokenStore.write(nameAt(world), text)
      const said: string[] = []
      await using client = createClient(world, { tokenStore, log: (_, message) => void said.push(message) })
      assert.equal(await problemOf(call(client)), 'AuthorizationError sign_in_required')
      assert.match(said[0] ?? '', /cannot be read and counts as none/)
    }
  })

  it('is renewed once by two programs at a time, and both have the same token', async () => {
    await using world = await startWorld({ expiresInSeconds: 3600 })
    const tokenStore = createMemoryTokenStore()
    await using first = createClient(world, { tokenStore })
    await signInTo(world, first)
    const later = { tokenStore, clock: () => Date.now() + HOUR }
    await using second = createClient(world, later)
    await using third = createClient(world, later)
    await Promise.all([second, third].flatMap((client) => Array.from({ length: 3 }, () => call(client))))
    assert.deepEqual(grants(world), ['authorization_code', 'refresh_token'])
  })
})

describe('a store that keeps nothing more', () => {
  /** Full for sign-ins from now on, before anything begins or when it is written. */
  function createFull(): TokenStore & { fullAt: 'never' | 'begin' | 'write' } {
    const store = createMemoryTokenStore()
    const full = (): never => {
      throw new TokenStoreError('store_unwritable', 'The disk is full.')
    }
    const one = {
      ...store,
      fullAt: 'never' as 'never' | 'begin' | 'write',
      write: async (name: string, value: string) =>
        one.fullAt === 'write' && name.startsWith('sign-in/') ? full() : store.write(name, value),
      exclusively: async <T>(name: string, work: () => Promise<T>) =>
        one.fullAt === 'begin' && name.startsWith('sign-in/') ? full() : store.exclusively(name, work),
    }
    return one
  }

  it('has no refresh token spent: the old token is used while it is good, and then the store says why', async () => {
    await using world = await startWorld({ expiresInSeconds: 3600 })
    const tokenStore = createFull()
    let offset = 0
    await using client = createClient(world, { tokenStore, clock: () => Date.now() + offset })
    await signInTo(world, client)
    tokenStore.fullAt = 'begin'
    offset = HOUR - 20_000
    await call(client)
    offset = HOUR
    await assert.rejects(call(client), { code: 'store_unwritable' })
    assert.deepEqual(grants(world), ['authorization_code'])
    tokenStore.fullAt = 'never'
    await call(client)
    assert.deepEqual(grants(world), ['authorization_code', 'refresh_token'])
  })

  it('loses nothing where it fails too late: the new tokens are used, and kept when they can be', async () => {
    await using world = await startWorld({ expiresInSeconds: 3600 })
    const tokenStore = createFull()
    let offset = 0
    const said: string[] = []
    await using client = createClient(world, { tokenStore, clock: () => Date.now() + offset, log: (_, message) => void said.push(message) })
    await signInTo(world, client)
    tokenStore.fullAt = 'write'
    offset = HOUR
    await call(client)
    assert.match(said.join(), /could not be kept/)
    tokenStore.fullAt = 'never'
    offset = 2 * HOUR
    await call(client)
    assert.deepEqual(grants(world), ['authorization_code', 'refresh_token', 'refresh_token'])
    await using next = createClient(world, { tokenStore, clock: () => Date.now() + offset })
    await call(next)
  })

  it('keeps nobody from signing out: the tokens are made worthless, and that they are still there is said', async () => {
    await using world = await startWorld({
      serverMetadata: (document, { issuer }) => ({ ...document, revocation_endpoint: `${issuer}/revoke` }),
    })
    const tokenStore = createFull()
    await using client = createClient(world, { tokenStore })
    await signInTo(world, client)
    tokenStore.fullAt = 'begin'
    await assert.rejects(client.signOut(), { code: 'store_unwritable' })
    assert.equal(world.to('/revoke').length, 2)
  })

  it('spends no code either', async () => {
    await using world = await startWorld()
    const tokenStore = createFull()
    await using client = createClient(world, { tokenStore })
    tokenStore.fullAt = 'begin'
    await assert.rejects(signInTo(world, client), { code: 'store_unwritable' })
    assert.equal(world.to('/token').length, 0)
  })
})

describe('signOut()', () => {
  const revoking = {
    serverMetadata: (document: object, { issuer }: { issuer: string }) => ({ ...document, revocation_endpoint: `${issuer}/revoke` }),
  }

  it('revokes the refresh token, then the access token, and forgets both', async () => {
    await using world = await startWorld(revoking)
    const tokenStore = createMemoryTokenStore()
    await using client = createClient(world, { tokenStore })
    await signInTo(world, client)
    const kept = JSON.parse((await tokenStore.read(nameAt(world))) ?? '{}')
    // The fixture has no such page: it is told, and does not say yes.
    assert.deepEqual(await client.signOut(), { wasSignedIn: true, revoked: false })
    const told = world.to('/revoke').map(({ text }) => Object.fromEntries(new URLSearchParams(text)))
    assert.deepEqual(
      told.map(({ token }) => token),
      [kept.refreshToken, kept.accessToken],
    )
    assert.equal(await tokenStore.read(nameAt(world)), undefined)
    assert.equal(await problemOf(call(client)), 'AuthorizationError sign_in_required')
    assert.deepEqual(await client.signOut(), { wasSignedIn: false, revoked: false })
  })

  it('forgets also where the issuer cannot be asked', async () => {
    const tokenStore = createMemoryTokenStore()
    let isGone = false
    await using world = await startWorld({ serverMetadata: (document) => (isGone ? (new AnyAnswer({ status: 503 }) as never) : document) })
    await using first = createClient(world, { tokenStore })
    await signInTo(world, first)
    isGone = true
    await using client = createClient(world, { tokenStore })
    assert.deepEqual(await client.signOut(), { wasSignedIn: true, revoked: false })
    assert.equal(await tokenStore.read(nameAt(world)), undefined)
  })
})
