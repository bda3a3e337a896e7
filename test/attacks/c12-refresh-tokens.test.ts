// C12: a refresh token is worth more than the access token that it renews. It goes to the token endpoint that gave it and nowhere else; the
// client does not take for granted that there is one, and asks for one only where the authorization server says that it has them.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AnyAnswer, startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'

verifies('C12')

const scopeOf = (url: string): string[] => (new URL(url).searchParams.get('scope') ?? '').split(' ')

it('offline_access is asked for where the authorization server lists it, whatever the server wishes', async () => {
  for (const [listed, expected] of [
    [['tools:read', 'offline_access'], true],
    [['tools:read'], false],
    [undefined, false],
  ] as const) {
    await using world = await startWorld({ serverMetadata: (document) => ({ ...document, scopes_supported: listed }) })
    await using client = createClient(world)
    const url = await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
    assert.equal(scopeOf(url).includes('offline_access'), expected, String(listed))
  }
})

it('without one the end of the access token is the end of the sign-in, and said so', async () => {
  await using world = await startWorld({ token: (document) => ({ ...document, refresh_token: undefined }) })
  await using client = createClient(world)
  await signInTo(world, client)
  await client.listTools()
  world.expireTokens()
  assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError sign_in_required')
  assert.equal(world.to('/token').length, 1, 'nothing was asked of the token endpoint')
})

it('goes to the token endpoint alone, once for all that wait, and the one before it is never used again', async () => {
  await using world = await startWorld()
  await using client = createClient(world)
  await signInTo(world, client)
  for (let round = 0; round < 3; round++) {
    world.expireTokens()
    await Promise.all(Array.from({ length: 10 }, (_, n) => client.callTool('echo', { n })))
  }
  const shown = world.seen.filter((one) => JSON.stringify(one).includes('refresh-'))
  assert.ok(shown.every(({ at, path, method }) => at === 'issuer' && path === '/token' && method === 'POST'))
  const used = shown.map(({ text }) => new URLSearchParams(text).get('refresh_token'))
  assert.equal(used.length, 3)
  assert.equal(new Set(used).size, 3)
})

it('that is refused is not tried again, and the person is asked', async () => {
  let refuses = false
  await using world = await startWorld({
    token: (document) => (refuses ? new AnyAnswer({ status: 400, body: { error: 'invalid_grant' } }) : document),
  })
  await using client = createClient(world)
  await signInTo(world, client)
  refuses = true
  world.expireTokens()
  for (let n = 0; n < 3; n++) assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError sign_in_required')
  assert.equal(world.to('/token').length, 2)
})

it('survives an authorization server that is in trouble, and the trouble is said', async () => {
  let inTrouble = false
  await using world = await startWorld({ token: (document) => (inTrouble ? new AnyAnswer({ status: 503 }) : document) })
  await using client = createClient(world)
  await signInTo(world, client)
  inTrouble = true
  world.expireTokens()
  assert.match(await problemOf(client.callTool('echo')), /^(?:TransportError http_status|AuthorizationError sign_in_required)$/)
  inTrouble = false
  assert.match(await problemOf(client.callTool('echo')), /^no error/)
})
