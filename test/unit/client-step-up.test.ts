import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MCPClientOptions } from '../../src/client/index.ts'
import { startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI } from '../support/client.ts'

verifies('C11')

/** A server whose calls want more scopes than were granted. */
interface Wanting {
  /** What the challenge of each refusal names; undefined: the call is let through. */
  readonly wants: (granted: readonly string[], call: number) => string | undefined
  /** Without refresh tokens. */
  readonly once?: boolean
}

async function inWorld(
  { wants, once, ...options }: Wanting & WorldOptions,
  use: (world: World, asked: () => string[]) => Promise<void>,
): Promise<void> {
  let granted: readonly string[] = []
  let calls = 0
  await using world = await startWorld({
    ...options,
    token: (document) => ({ ...document, scope: granted.join(' '), ...(once && { refresh_token: undefined }) }),
    serve: (message, _, response) => {
      if (message.method !== 'tools/call') return false
      const scope = wants(granted, ++calls)
      if (scope === undefined) return false
      response.writeHead(403, { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` }).end()
      return true
    },
  })
  const asked = (): string[] => world.to('/authorize').map(({ path }) => new URL(path, world.issuer).searchParams.get('scope') ?? '')
  const visit = world.visit
  world.visit = async (url) => {
    granted = (new URL(url).searchParams.get('scope') ?? '').split(' ')
    return visit(url)
  }
  await use(world, asked)
}
const automatic = (world: World): MCPClientOptions['auth'] => ({
  type: 'oauth2',
  redirectUri: REDIRECT_URI,
  signIn: (url) => world.visit(url),
})
const needs = (scope: string) => (granted: readonly string[]) => (granted.includes(scope) ? undefined : scope)

describe('a client that was told how a person signs in', () => {
  it('signs in when a request needs it, once for all that wait', () =>
    inWorld({ wants: () => undefined }, async (world, asked) => {
      await using client = createClient(world, { auth: automatic(world) })
      await Promise.all(Array.from({ length: 5 }, () => client.callTool('echo')))
      assert.deepEqual(asked(), ['tools:read'])
    }))

  it('steps up with everything that was asked for before', () =>
    inWorld({ wants: needs('tools:execute') }, async (world, asked) => {
      await using client = createClient(world, { auth: automatic(world) })
      await Promise.all(Array.from({ length: 5 }, () => client.callTool('echo')))
      assert.deepEqual(asked(), ['tools:read', 'tools:read tools:execute'])
    }))

  it('steps up twice for one request at the most', () =>
    inWorld({ wants: (granted) => `more:${granted.length}` }, async (world, asked) => {
      await using client = createClient(world, { auth: automatic(world) })
      assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError insufficient_scope')
      assert.deepEqual(asked(), ['tools:read', 'tools:read more:1', 'tools:read more:1 more:2'])
    }))

  it('does not ask again for what was asked for and refused again', () =>
    inWorld({ wants: () => 'tools:admin' }, async (world, asked) => {
      await using client = createClient(world, { auth: automatic(world) })
      for (let call = 0; call < 4; call++) assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError insufficient_scope')
      assert.deepEqual(asked(), ['tools:read', 'tools:read tools:admin'])
    }))

  it('does not sign in for ever, whatever the server says each time', () =>
    inWorld({ wants: (_, call) => `more:${call}` }, async (world, asked) => {
      await using client = createClient(world, { auth: automatic(world) })
      for (let call = 0; call < 20; call++) await problemOf(client.callTool('echo'))
      assert.equal(asked().length, 10)
    }))

  it('has what the person said, where they said no', () =>
    inWorld({ wants: needs('tools:execute'), callback: (url) => url.searchParams.set('error', 'access_denied') }, async (world) => {
      await using client = createClient(world, { auth: automatic(world) })
      assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError authorization_denied')
    }))

  it('signs in again where the server no longer takes what it has, and nothing can be renewed', () =>
    inWorld({ wants: () => undefined, once: true }, async (world, asked) => {
      await using client = createClient(world, { auth: automatic(world) })
      await client.callTool('echo')
      world.expireTokens()
      await client.callTool('echo')
      assert.equal(asked().length, 2)
    }))
})

describe('a client that was not', () => {
  it('says what is needed, and asks for it with the rest at the next sign-in, also after a restart', () =>
    inWorld({ wants: needs('tools:execute') }, async (world, asked) => {
      await using client = createClient(world)
      await client.handleCallback(await world.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })))
      await assert.rejects(client.callTool('echo'), { code: 'insufficient_scope', scopes: ['tools:read', 'tools:execute'] })
      await client.handleCallback(await world.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })))
      await client.callTool('echo')
      assert.deepEqual(asked(), ['tools:read', 'tools:read tools:execute'])
    }))
})
