// C4, C10: an answer to a sign-in comes through the browser, so anybody may have written it. It counts once, with the state that was
// made for it, and from the issuer that was recorded; until then not even its error is believed, and no code leaves.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'

verifies('C4', 'C10')

const FINE = 'no error: undefined'
async function attempt(options: WorldOptions): Promise<{ problem: string; world: World }> {
  await using world = await startWorld(options)
  await using client = createClient(world)
  return { problem: await problemOf(signInTo(world, client)), world }
}
const unadvertised = (document: object): object => ({ ...document, authorization_response_iss_parameter_supported: undefined })
const set = (name: string, change: (value: string) => string) => (url: URL) =>
  url.searchParams.set(name, change(url.searchParams.get(name) ?? ''))

describe('C4: who answered', () => {
  for (const [what, callback] of [
    ['another issuer', set('iss', () => 'https://attacker.example')],
    ['the issuer with a slash more', set('iss', (iss) => `${iss}/`)],
    ['the issuer in capitals', set('iss', (iss) => iss.toUpperCase())],
    ['the issuer, escaped once more', set('iss', (iss) => encodeURIComponent(iss))],
    ['nobody', (url: URL) => url.searchParams.delete('iss')],
    ['an empty name', set('iss', () => '')],
    ['two issuers', (url: URL) => url.searchParams.append('iss', 'https://attacker.example')],
  ] as const)
    it(`${what}: no code is sent`, async () => {
      const { problem, world } = await attempt({ callback })
      assert.equal(problem, 'AuthorizationError issuer_mismatch')
      assert.equal(world.to('/token').length, 0)
    })

  it('where it is not advertised it may be missing, and is compared where it is there', async () => {
    assert.equal((await attempt({ serverMetadata: unadvertised, callback: (url) => url.searchParams.delete('iss') })).problem, FINE)
    assert.equal((await attempt({ serverMetadata: unadvertised })).problem, FINE)
    for (const callback of [
      set('iss', () => 'https://attacker.example'),
      set('iss', () => ''),
      (url: URL) => url.searchParams.append('iss', 'https://attacker.example'),
    ]) {
      const { problem, world } = await attempt({ serverMetadata: unadvertised, callback })
      assert.equal(problem, 'AuthorizationError issuer_mismatch')
      assert.equal(world.to('/token').length, 0)
    }
  })

  it('an error from elsewhere is neither believed nor shown', async () => {
    await using world = await startWorld({
      callback(url) {
        url.searchParams.set('iss', 'https://attacker.example')
        url.searchParams.set('error', 'call_0800_now')
        url.searchParams.set('error_description', 'Your account is locked')
      },
    })
    await using client = createClient(world)
    await assert.rejects(signInTo(world, client), (error: Error & { code: string; reason?: string }) => {
      assert.equal(error.code, 'issuer_mismatch')
      assert.equal(error.reason, undefined)
      assert.doesNotMatch(error.message, /0800|locked|attacker/)
      return true
    })
  })
})

describe('C10: what was begun here', () => {
  for (const [what, callback] of [
    ['another state', set('state', (state) => `${state.slice(1)}A`)],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['two states', (url: URL) => url.searchParams.append('state', url.searchParams.get('state') ?? '')],
  ] as const)
    it(`an answer with ${what} is refused`, async () => {
      const { problem, world } = await attempt({ callback })
      assert.equal(problem, 'AuthorizationError state_mismatch')
      assert.equal(world.to('/token').length, 0)
    })

  it('an answer counts once, and only at the client that asked', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    await using other = createClient(world)
    await other.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
    const landed = await world.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }))
    assert.equal(await problemOf(other.handleCallback(landed)), 'AuthorizationError state_mismatch')
    const both = await Promise.all([problemOf(client.handleCallback(landed)), problemOf(client.handleCallback(landed))])
    assert.deepEqual(both.sort(), ['AuthorizationError state_mismatch', FINE])
    assert.equal(world.to('/token').length, 1)
  })

  it('a refused answer uses its request up', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    const landed = new URL(await world.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })))
    const forged = new URL(landed)
    forged.searchParams.set('iss', 'https://attacker.example')
    assert.equal(await problemOf(client.handleCallback(forged)), 'AuthorizationError issuer_mismatch')
    assert.equal(await problemOf(client.handleCallback(landed)), 'AuthorizationError state_mismatch')
  })

  it('an answer is good for ten minutes', async () => {
    await using world = await startWorld()
    let now = Date.now()
    await using client = createClient(world, { clock: () => now })
    const landed = await world.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }))
    now += 10 * 60 * 1000
    assert.equal(await problemOf(client.handleCallback(landed)), 'AuthorizationError state_mismatch')
    assert.equal(world.to('/token').length, 0)
  })

  it('every sign-in has a state of its own, which nobody can guess', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    const states = await Promise.all(
      Array.from({ length: 5 }, async () =>
        new URL(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })).searchParams.get('state'),
      ),
    )
    assert.equal(new Set(states).size, 5)
    for (const state of states) assert.match(state ?? '', /^[\w-]{43}$/)
  })
})
