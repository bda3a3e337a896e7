// C25: a program that signs in as a client shows its secret, or what its key signs, to the one authorization server that it named, and to
// nobody whom a server, or that one, would have it go to. What is refused is an error, and nothing else is tried.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { AuthorizationError, MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { type MachineWorld, type MachineWorldOptions, startMachineWorld } from '../fixtures/machine-world.ts'
import { verifies } from '../requirements.ts'
import { problemOf } from '../support/client.ts'

verifies('C25')

type Auth = Extract<MCPClientOptions['auth'], { type: 'client_credentials' }>
const SECRET = 'the-secret-of-the-client'
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const pem = (key = p256): string => key.export({ type: 'pkcs8', format: 'pem' }) as string

const start = (world: Pick<MachineWorld, 'serverUrl' | 'issuer'>, auth: Partial<Auth> = { clientSecret: SECRET }): MCPClient =>
  new MCPClient({
    serverUrl: world.serverUrl,
    auth: { type: 'client_credentials', clientId: 'nightly', issuer: world.issuer, ...auth } as Auth,
    log: silentLog,
  })
async function inWorld(
  options: MachineWorldOptions,
  use: (world: MachineWorld, client: MCPClient) => Promise<void>,
  auth?: Partial<Auth>,
): Promise<void> {
  await using world = await startMachineWorld(options)
  await using client = start(world, auth)
  await use(world, client)
}
const call = (client: MCPClient): Promise<string> => problemOf(client.callTool('echo').then(({ content }) => content.length))
const CALLED = 'no error: 1'

describe('C25: the secret and the key of a program', () => {
  it('go to the token endpoint of the issuer that it named, for the server that it calls', () =>
    inWorld({}, async (world, client) => {
      assert.equal(await call(client), CALLED)
      const [asked] = world.tokenRequests()
      assert.deepEqual(asked?.form, { grant_type: 'client_credentials', scope: 'tools:read', resource: world.serverUrl })
      assert.equal(asked?.headers.authorization, `Basic ${Buffer.from(`nightly:${SECRET}`).toString('base64')}`)
      const elsewhere = world.seen.filter((one) => one !== asked)
      assert.ok(!JSON.stringify(elsewhere).includes(SECRET))
    }))

  for (const [name, change] of Object.entries<MachineWorldOptions>({
    'names another authorization server': {
      resourceMetadata: (_, { serverUrl, idp }) => ({ body: { resource: serverUrl, authorization_servers: [idp] } }),
    },
    'names the same one with a slash more': {
      resourceMetadata: (_, { serverUrl, issuer }) => ({ body: { resource: serverUrl, authorization_servers: [`${issuer}/`] } }),
    },
    'is at an issuer whose metadata is another’s': {
      serverMetadata: (_, { idp }) => ({ body: { issuer: idp, token_endpoint: `${idp}/token` } }),
    },
  }))
    it(`go nowhere where the server ${name}`, () =>
      inWorld(change, async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError issuer_mismatch')
        assert.deepEqual([world.tokenRequests(), world.tokenRequests('idp'), world.calls()], [[], [], []])
      }))

  it('are not led on by a redirect', async () => {
    for (const status of [301, 302, 307, 308])
      await inWorld({ token: (_, { idp }) => ({ status, headers: { location: `${idp}/token` } }) }, async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError redirected')
        assert.equal(world.tokenRequests('idp').length, 0)
      })
  })

  it('are good for one request each, a minute, and the issuer alone, where a key signs', () =>
    inWorld(
      { serve: ({ headers }) => (headers.authorization === 'Bearer access-1' ? { status: 401 } : undefined) },
      async (world, client) => {
        assert.equal(await call(client), CALLED)
        const assertions = world.tokenRequests().map(({ form }) => form['client_assertion'] ?? '')
        assert.equal(assertions.length, 2)
        const [first, second] = assertions.map((one) => decodeJwt(one))
        assert.deepEqual([first?.iss, first?.sub, first?.aud], ['nightly', 'nightly', world.issuer])
        assert.ok((first?.exp ?? Infinity) - (first?.iat ?? 0) <= 60)
        assert.ok(first?.jti && second?.jti && first.jti !== second.jti)
        assert.ok(!JSON.stringify(world.seen.filter(({ path }) => path !== '/token')).includes(assertions[0] ?? '-'))
      },
      { clientKey: pem() },
    ))

  it('sign with what both sides know, and not at all where there is nothing', async () => {
    await inWorld(
      {},
      async (world, client) => {
        assert.equal(await call(client), CALLED)
        assert.equal(decodeProtectedHeader(world.tokenRequests()[0]?.form['client_assertion'] ?? '').alg, 'PS256', 'RS256 is not listed')
      },
      { clientKey: pem(rsa) },
    )
    await inWorld(
      {},
      async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError registration_unsupported')
        assert.equal(world.tokenRequests().length, 0)
      },
      { clientKey: pem(rsa), alg: 'RS256' },
    )
    const noKeys: MachineWorldOptions = { serverMetadata: (_, { issuer }) => ({ body: { issuer, token_endpoint: `${issuer}/token` } }) }
    await inWorld(
      noKeys,
      async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError registration_unsupported')
        assert.equal(world.tokenRequests().length, 0)
      },
      { clientKey: pem() },
    )
  })

  it('are in no error, though the authorization server says them back', () =>
    inWorld({ token: () => ({ status: 400, body: { error: SECRET, error_description: SECRET } }) }, async (_, client) => {
      const error: unknown = await client.callTool('echo').catch((caught: unknown) => caught)
      assert.ok(error instanceof AuthorizationError && error.code === 'token_refused' && error.reason === undefined)
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(SECRET))
    }))
})

describe('C25: a refusal', () => {
  for (const reason of ['invalid_client', 'invalid_scope', 'unauthorized_client', 'unsupported_grant_type'])
    it(`with ${reason} is the end: one request, and its reason in the error`, () =>
      inWorld({ token: () => ({ status: reason === 'invalid_client' ? 401 : 400, body: { error: reason } }) }, async (world, client) => {
        const error: unknown = await client.callTool('echo').catch((caught: unknown) => caught)
        assert.ok(error instanceof AuthorizationError)
        assert.deepEqual([error.code, error.reason], ['token_refused', reason])
        assert.match(error.message, /auth\.clientId/)
        assert.equal(world.tokenRequests().length, 1)
        assert.deepEqual(world.calls(), [])
      }))

  it('of every token ends with the second', () =>
    inWorld({ serve: () => ({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }) }, async (world, client) => {
      assert.equal(await call(client), 'AuthorizationError credential_refused')
      assert.equal(world.tokenRequests().length, 2)
    }))

  it('for want of a scope is answered with all scopes together, once, however many more the server comes up with', async () => {
    let more = 0
    const serve: MachineWorldOptions['serve'] = ({ headers }) =>
      headers.authorization === undefined
        ? undefined
        : { status: 403, headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="more:${++more}"` } }
    await inWorld({ serve }, async (world, client) => {
      const error: unknown = await client.callTool('echo').catch((caught: unknown) => caught)
      assert.ok(error instanceof AuthorizationError && error.code === 'insufficient_scope')
      assert.deepEqual(error.scopes, ['tools:read', 'more:1', 'more:2'])
      assert.deepEqual(
        world.tokenRequests().map(({ form }) => form['scope']),
        ['tools:read', 'tools:read more:1'],
      )
    })
  })

  it('for want of a scope that it then has is followed by the call', async () => {
    const serve: MachineWorldOptions['serve'] = ({ headers }) =>
      headers.authorization === 'Bearer access-1'
        ? { status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="tools:write"' } }
        : undefined
    await inWorld({ serve }, async (_, client) => assert.equal(await call(client), CALLED))
  })
})

describe('C25: options', () => {
  const d = String(p256.export({ format: 'jwk' })['d'])
  const bad: Readonly<Record<string, readonly [Partial<Auth>, RegExp]>> = {
    'neither secret nor key': [{}, /needs a clientSecret or a clientKey/],
    both: [{ clientSecret: SECRET, clientKey: pem() }, /give one of the two/],
    'a path': [{ clientKey: '/etc/keys/private.pem' }, /not a path/],
    'a public key': [{ clientKey: { ...p256.export({ format: 'jwk' }), d: undefined } }, /is public/],
    'a shared secret': [{ clientKey: { kty: 'oct', k: d } }, /shared secret/],
    'an old form': [{ clientKey: p256.export({ type: 'sec1', format: 'pem' }) as string }, /PKCS#8/],
    'a broken key': [{ clientKey: { ...p256.export({ format: 'jwk' }), crv: 'P-521' } }, /cannot be read/],
    'an algorithm of another key': [{ clientKey: pem(), alg: 'RS256' }, /ES256, which is not what alg says/],
    'an algorithm for a secret': [{ clientSecret: SECRET, alg: 'ES256' }, /is for a clientKey/],
    'a short RSA key': [{ clientKey: pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey) }, /less than 2048 bits/],
    'a key that only agrees': [{ clientKey: pem(generateKeyPairSync('x25519').privateKey) }, /signs nothing/],
    'an issuer on the network without TLS': [{ clientSecret: SECRET, issuer: 'http://as.example' }, /issuer/],
  }
  for (const [name, [auth, problem]] of Object.entries(bad))
    it(`refuse ${name}, and say nothing of it`, () => {
      const places = { serverUrl: 'https://mcp.example/mcp', issuer: 'https://as.example' }
      assert.throws(
        () => start(places, auth),
        (error: Error) => {
          assert.equal(error.name, 'ConfigError')
          assert.match(error.message, problem)
          assert.ok(![SECRET, d, 'PRIVATE KEY'].some((secret) => inspect(error).includes(secret)))
          return true
        },
      )
    })
})
