import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { AuthorizationError, MCPClient } from '../../src/client/index.ts'
import { AnyAnswer, startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'

const echo = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'hello' } } }
const form = (world: World, at = -1): Record<string, string> => Object.fromEntries(new URLSearchParams(world.to('/token').at(at)?.text))
async function inWorld(options: WorldOptions, use: (world: World) => Promise<void>): Promise<void> {
  await using world = await startWorld(options)
  await use(world)
}

describe('signing in', () => {
  it('goes from nothing to a call, as the guide writes it', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world, {
        auth: { type: 'oauth2', clientId: 'your-client-id', scopes: ['tools:read', 'tools:execute'] },
      })
      const authUrl = await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
      const asked = new URL(authUrl).searchParams
      assert.deepEqual([...asked.keys()].sort(), [
        'client_id',
        'code_challenge',
        'code_challenge_method',
        'redirect_uri',
        'resource',
        'response_type',
        'scope',
        'state',
      ])
      assert.equal(asked.get('client_id'), 'your-client-id')
      assert.equal(asked.get('scope'), 'tools:read tools:execute')
      assert.equal(asked.get('resource'), world.serverUrl)
      assert.equal(world.to('/register').length, 0, 'an id that was given is used')

      await client.handleCallback(await world.visit(authUrl))
      assert.deepEqual(await client.request(echo), { content: [{ type: 'text', text: '{"text":"hello"}' }] })
      assert.equal(form(world)['resource'], world.serverUrl)
      assert.equal(form(world)['client_id'], 'your-client-id')
    }))

  it('registers a client as the guide writes it, and uses it in the next sign-in', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world)
      const registration = await client.registerClient({
        clientName: 'My MCP Client',
        redirectUris: [REDIRECT_URI],
        logoUri: 'https://my-app.com/logo.png',
      })
      const sent = JSON.parse(world.to('/register')[0]?.text ?? '')
      assert.deepEqual(sent, {
        client_name: 'My MCP Client',
        redirect_uris: [REDIRECT_URI],
        logo_uri: 'https://my-app.com/logo.png',
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      })
      assert.equal(registration.clientSecret, world.clients.get(registration.clientId))
      assert.ok(!`${inspect(registration)}${JSON.stringify(registration)}`.includes(registration.clientSecret ?? ''))

      await signInTo(world, client)
      assert.equal(world.to('/register').length, 1)
      assert.equal(form(world)['client_secret'], undefined)
      assert.match(world.to('/token')[0]?.headers.authorization ?? '', /^Basic /)
      assert.equal((await client.listTools()).length, 1)
    }))

  it('registers itself, as a public client, where nobody gave an id', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world)
      await signInTo(world, client)
      await signInTo(world, client)
      const registered = world.to('/register')
      assert.equal(registered.length, 1, 'once')
      assert.equal(JSON.parse(registered[0]?.text ?? '').token_endpoint_auth_method, 'none')
      assert.equal(form(world)['client_id'], 'client-1')
    }))

  it('says web for places elsewhere, and native for this computer', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world)
      await client.registerClient({ clientName: 'x', redirectUris: ['https://my-app.com/callback'] })
      assert.equal(JSON.parse(world.to('/register')[0]?.text ?? '').application_type, 'web')
    }))

  it('registers again where the server has forgotten the client', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world)
      const url = await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
      world.clients.set('client-1', 'another secret')
      assert.equal(await problemOf(client.handleCallback(await world.visit(url))), 'AuthorizationError token_refused')
      await signInTo(world, client)
      assert.equal(world.to('/register').length, 2)
    }))

  it('takes the URL whole or from its path on', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world)
      const landed = new URL(await world.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })))
      await client.handleCallback(landed.pathname + landed.search)
      assert.equal((await client.listTools()).length, 1)
    }))

  it('says what was declined, and what to do', () =>
    inWorld(
      {
        callback(url) {
          url.searchParams.delete('code')
          url.searchParams.set('error', 'access_denied')
          url.searchParams.set('error_description', 'Call this number at once')
        },
      },
      async (world) => {
        await using client = createClient(world)
        await assert.rejects(signInTo(world, client), (error: AuthorizationError) => {
          assert.equal(error.code, 'authorization_denied')
          assert.equal(error.reason, 'access_denied')
          assert.match(error.message, /access_denied.*getAuthorizationUrl\(\)/)
          assert.doesNotMatch(error.message, /number/)
          return true
        })
      },
    ))

  it('asks nobody before somebody signed in', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world)
      assert.equal(await problemOf(client.request(echo)), 'AuthorizationError sign_in_required')
      assert.equal(world.seen.length, 0)
    }))
})

describe('what is asked for', () => {
  const scopeOf = async (world: World, client: MCPClient, scopes?: readonly string[]): Promise<string | null> =>
    new URL(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI, scopes })).searchParams.get('scope')

  it('is what the program wishes, else the challenge, else what the metadata lists, else nothing', async () => {
    await inWorld({}, async (world) => {
      await using client = createClient(world)
      assert.equal(await scopeOf(world, client), 'tools:read')
      assert.equal(await scopeOf(world, client, ['tools:execute']), 'tools:execute')
    })
    const challenge = (value: string): string => value.replace(/, scope=.*/, '')
    await inWorld({ challenge }, async (world) => {
      await using client = createClient(world)
      assert.equal(await scopeOf(world, client), 'tools:read tools:execute')
    })
    await inWorld({ challenge, resourceMetadata: (document) => ({ ...document, scopes_supported: undefined }) }, async (world) => {
      await using client = createClient(world)
      assert.equal(await scopeOf(world, client), null)
    })
  })

  it('has offline_access in it only where the authorization server lists it and the program wished nothing', async () => {
    const serverMetadata = (document: object): object => ({ ...document, scopes_supported: ['tools:read', 'offline_access'] })
    await inWorld({ serverMetadata }, async (world) => {
      await using client = createClient(world)
      assert.equal(await scopeOf(world, client), 'tools:read offline_access')
      assert.equal(await scopeOf(world, client, ['tools:read']), 'tools:read')
    })
  })

  it('grows by what a request was refused for, and keeps what was asked before', async () => {
    let refused = true
    const serve: WorldOptions['serve'] = (message, _, response) => {
      if (message.method !== 'tools/call' || !refused) return false
      response.writeHead(403, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="tools:execute"' }).end()
      return true
    }
    await inWorld({ serve }, async (world) => {
      await using client = createClient(world)
      await signInTo(world, client)
      await assert.rejects(client.request(echo), (error: AuthorizationError) => {
        assert.equal(error.code, 'insufficient_scope')
        assert.deepEqual(error.scopes, ['tools:read', 'tools:execute'])
        return true
      })
      assert.equal(await scopeOf(world, client), 'tools:read tools:execute')
      refused = false
      await signInTo(world, client)
      assert.deepEqual(await client.request(echo), { content: [{ type: 'text', text: '{"text":"hello"}' }] })
    })
  })
})

describe('tokens', () => {
  const clockAt = (): { clock: () => number; advance(seconds: number): void } => {
    let offset = 0
    return { clock: () => Date.now() + offset, advance: (seconds) => void (offset += seconds * 1000) }
  }

  it('are renewed once, however many requests find them expired', () =>
    inWorld({ expiresInSeconds: 600 }, async (world) => {
      const { clock, advance } = clockAt()
      await using client = createClient(world, { clock })
      await signInTo(world, client)
      await client.listTools()
      assert.equal(world.to('/token').length, 1)
      advance(599)
      await Promise.all(Array.from({ length: 20 }, () => client.request(echo)))
      assert.equal(world.to('/token').length, 2)
      assert.equal(form(world)['grant_type'], 'refresh_token')
      assert.equal(form(world)['resource'], world.serverUrl)
    }))

  it('are renewed once, however many requests the server refuses', () =>
    inWorld({}, async (world) => {
      await using client = createClient(world)
      await signInTo(world, client)
      await client.listTools()
      world.expireTokens()
      await Promise.all(Array.from({ length: 20 }, () => client.request(echo)))
      assert.equal(world.to('/token').length, 2)
    }))

  it('are thrown away when the refresh token is refused, and the person is asked again', () => {
    let lost = false
    const token: WorldOptions['token'] = (document) => (lost ? new AnyAnswer({ status: 400, body: { error: 'invalid_grant' } }) : document)
    return inWorld({ token }, async (world) => {
      await using client = createClient(world)
      await signInTo(world, client)
      lost = true
      world.expireTokens()
      assert.equal(await problemOf(client.request(echo)), 'AuthorizationError sign_in_required')
      assert.equal(await problemOf(client.request(echo)), 'AuthorizationError sign_in_required')
      assert.equal(world.to('/token').length, 2)
    })
  })

  it('are kept while the authorization server is in trouble', () => {
    let down = false
    const token: WorldOptions['token'] = (document) => (down ? new AnyAnswer({ status: 503 }) : document)
    return inWorld({ token, expiresInSeconds: 600 }, async (world) => {
      const { clock, advance } = clockAt()
      await using client = createClient(world, { clock })
      await signInTo(world, client)
      down = true
      advance(580)
      assert.deepEqual(await client.request(echo), { content: [{ type: 'text', text: '{"text":"hello"}' }] }, 'still good')
      advance(600)
      assert.equal(await problemOf(client.request(echo)), 'TransportError http_status')
      down = false
      assert.deepEqual(await client.request(echo), { content: [{ type: 'text', text: '{"text":"hello"}' }] })
    })
  })

  it('of a type that is not spoken here are refused', () =>
    inWorld({ token: (document) => ({ ...document, token_type: 'DPoP' }) }, async (world) => {
      await using client = createClient(world)
      assert.equal(await problemOf(signInTo(world, client)), 'AuthorizationError token_refused')
    }))
})
