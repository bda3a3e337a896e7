// C27 (RFC 9449, SEP-1932): tokens that are bound to a key. A proof is for one request and one token; a bound token never goes without one, a
// bearer token never as if it were bound; whatever servers do with nonces, there is an end.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { decodeJwt } from 'jose'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { createProofKeys } from '../../src/client/sign-in/dpop-key.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { silentLog } from '../../src/core/index.ts'
import {
  type Asked,
  type MachineWorld,
  type MachineWorldOptions,
  proofIn,
  type Reply,
  startMachineWorld,
} from '../fixtures/machine-world.ts'
import { verifies } from '../requirements.ts'
import { problemOf } from '../support/client.ts'

verifies('C27')

const authOf = (issuer: string, dpop: 'auto' | boolean = true): NonNullable<MCPClientOptions['auth']> => ({
  type: 'client_credentials',
  clientId: 'nightly',
  clientSecret: 'secret-of-nightly',
  issuer,
  dpop,
})
async function inWorld(
  options: MachineWorldOptions,
  use: (world: MachineWorld, client: MCPClient) => Promise<void>,
  dpop?: 'auto' | boolean,
  more: Partial<MCPClientOptions> = {},
): Promise<void> {
  await using world = await startMachineWorld(options)
  await using client = new MCPClient({ serverUrl: world.serverUrl, auth: authOf(world.issuer, dpop), log: silentLog, ...more })
  await use(world, client)
}
const call = (client: MCPClient): Promise<string> => problemOf(client.callTool('echo').then(({ content }) => content.length))
const CALLED = 'no error: 1'
const nonceOf = async (asked: Asked | undefined): Promise<unknown> => asked && (await proofIn(asked))['nonce']

const refuse = (nonce: string | undefined): Reply => ({
  status: 401,
  headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce", algs="ES256"', ...(nonce !== undefined && { 'dpop-nonce': nonce }) },
})

describe('C27: a proof', () => {
  it('is for one request: its method, its address without query, its token, its time, and a name of its own', () =>
    inWorld({}, async (world, client) => {
      assert.deepEqual([await call(client), await call(client)], [CALLED, CALLED])
      const [asked] = world.tokenRequests()
      assert.ok(asked)
      const first = await proofIn(asked)
      assert.deepEqual([first['htm'], first['htu'], first['ath']], ['POST', `${world.issuer}/token`, undefined])
      const calls = world.calls()
      assert.ok(calls.length >= 2)
      const names = new Set([first.jti])
      for (const one of calls) {
        const proof = await proofIn(one)
        assert.deepEqual([proof['htm'], proof['htu']], [one.method, world.serverUrl])
        assert.equal(one.headers.authorization, 'DPoP access-1')
        assert.equal(proof['ath'], createHash('sha256').update('access-1').digest('base64url'))
        assert.ok(Math.abs((proof.iat ?? 0) - Date.now() / 1000) < 60)
        assert.equal(proof.key, first.key)
        names.add(proof.jti)
      }
      assert.equal(names.size, calls.length + 1)
    }))

  it('has neither query nor fragment in its address', async () => {
    const { key } = await createProofKeys(Date.now).create()
    const proof = await key.prove({ method: 'POST', url: new URL('https://mcp.example:8443/mcp?tenant=a#b') }, 'token')
    assert.equal(decodeJwt(proof)['htu'], 'https://mcp.example:8443/mcp')
  })

  it('goes to nobody whom a redirect names', async () => {
    let redirecting = false
    const serve: MachineWorldOptions['serve'] = ({ headers }, { idp }) =>
      redirecting && headers.authorization ? { status: 307, headers: { location: `${idp}/mcp` } } : undefined
    await inWorld({ serve }, async (world, client) => {
      redirecting = true
      assert.equal(await call(client), 'TransportError redirected')
      assert.ok(!world.seen.some(({ at }) => at === 'idp'))
    })
  })

  it('is made with the same key by the next process, which finds it beside the token', async () => {
    const tokenStore = createMemoryTokenStore()
    await using world = await startMachineWorld()
    for (let process = 0; process < 2; process++) {
      await using client = new MCPClient({ serverUrl: world.serverUrl, auth: authOf(world.issuer), tokenStore, log: silentLog })
      assert.equal(await call(client), CALLED)
    }
    assert.equal(world.tokenRequests().length, 1)
    assert.equal(new Set(await Promise.all(world.calls().map(async (one) => (await proofIn(one)).key))).size, 1)
  })
})

describe('C27: the type of a token', () => {
  const bearer = { access_token: 'unbound', token_type: 'Bearer', expires_in: 3600 }
  const required: MachineWorldOptions['resourceMetadata'] = (_, { serverUrl, issuer }) => ({
    body: { resource: serverUrl, authorization_servers: [issuer], dpop_bound_access_tokens_required: true },
  })
  const welcome: MachineWorldOptions['resourceMetadata'] = (_, { serverUrl, issuer }) => ({
    body: { resource: serverUrl, authorization_servers: [issuer], dpop_signing_alg_values_supported: ['ES256'] },
  })

  it('Bearer is refused where a bound one is wanted, by the program or by the server', async () => {
    for (const [dpop, resourceMetadata] of [
      [true, welcome],
      ['auto', required],
    ] as const)
      await inWorld(
        { resourceMetadata, token: () => ({ body: bearer }) },
        async (world, client) => {
          assert.equal(await call(client), 'AuthorizationError token_refused')
          assert.deepEqual(world.calls(), [])
        },
        dpop,
      )
  })

  it('Bearer is used as that where a bound one was only welcome: without a proof', () =>
    inWorld(
      { resourceMetadata: welcome, token: () => ({ body: bearer }) },
      async (world, client) => {
        assert.equal(await call(client), CALLED)
        assert.ok(world.tokenRequests()[0]?.headers['dpop'])
        for (const { headers } of world.calls()) assert.deepEqual([headers.authorization, headers['dpop']], ['Bearer unbound', undefined])
      },
      'auto',
    ))

  it('DPoP is refused where no key was shown', () =>
    inWorld(
      { token: () => ({ body: { ...bearer, token_type: 'DPoP' } }) },
      async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError token_refused')
        assert.deepEqual([world.tokenRequests()[0]?.headers['dpop'], world.calls()], [undefined, []])
      },
      false,
    ))

  it('DPoP is not sent as Bearer because the server asks for Bearer', async () => {
    const serve: MachineWorldOptions['serve'] = ({ headers }) =>
      headers.authorization?.startsWith('Bearer ')
        ? undefined
        : { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
    await inWorld({ serve }, async (world, client) => {
      assert.equal(await call(client), 'AuthorizationError credential_refused')
      assert.ok(world.calls().length > 0)
      for (const { headers } of world.calls()) assert.match(headers.authorization ?? '', /^DPoP /)
    })
  })

  it('is chosen by what both servers say, unless told', async () => {
    const says = async (resourceMetadata: MachineWorldOptions['resourceMetadata'], algorithms: unknown): Promise<boolean> => {
      let isProved = false
      const serverMetadata: MachineWorldOptions['serverMetadata'] = (_, { issuer }) => ({
        body: { issuer, token_endpoint: `${issuer}/token`, dpop_signing_alg_values_supported: algorithms },
      })
      await inWorld(
        { ...(resourceMetadata && { resourceMetadata }), serverMetadata },
        async (world, client) => {
          assert.equal(await call(client), CALLED)
          isProved = world.tokenRequests()[0]?.headers['dpop'] !== undefined
        },
        'auto',
      )
      return isProved
    }
    assert.equal(await says(welcome, ['ES256']), true)
    assert.equal(await says(required, ['ES256']), true)
    assert.equal(await says(undefined, ['ES256']), false, 'the server does not say that it takes proofs')
    assert.equal(await says(welcome, undefined), false, 'the authorization server does not')
    assert.equal(await says(welcome, ['RS256']), false, 'not of our kind')
    const others: MachineWorldOptions['resourceMetadata'] = (_, { serverUrl, issuer }) => ({
      body: { resource: serverUrl, authorization_servers: [issuer], dpop_signing_alg_values_supported: ['RS256'] },
    })
    assert.equal(await says(others, ['ES256']), false, 'the server would not verify ours')
  })
})

describe('C27: nonces', () => {
  it('of each side are honoured, used next time, and not shown to the other', async () => {
    let asked = 0
    const current = (): string => `server-${asked}`
    await using world = await startNonced({ issuer: () => 'issuer-nonce', server: current, good: () => `server-${++asked}` })
    await using client = new MCPClient({ serverUrl: world.serverUrl, auth: authOf(world.issuer), log: silentLog })
    assert.deepEqual([await call(client), await call(client)], [CALLED, CALLED])
    assert.deepEqual(await Promise.all(world.tokenRequests().map(nonceOf)), [undefined, 'issuer-nonce'])
    const [first, ...rest] = await Promise.all(world.calls().map(nonceOf))
    assert.equal(first, undefined)
    assert.deepEqual(
      rest,
      rest.map((_, at) => `server-${at}`),
      'one refusal, and then what each good answer brought',
    )
  })

  it('that are never the right ones come to an end', async () => {
    let made = 0
    await using endless = await startNonced({ issuer: () => `never-${++made}`, server: () => '', good: () => '' })
    await using client = new MCPClient({ serverUrl: endless.serverUrl, auth: authOf(endless.issuer), log: silentLog })
    assert.equal(await call(client), 'AuthorizationError token_refused')
    assert.equal(endless.tokenRequests().length, 2)

    await inWorld({ serve: ({ headers }) => (headers['dpop'] ? refuse(`never-${++made}`) : undefined) }, async (world, other) => {
      assert.equal(await call(other), 'AuthorizationError credential_refused')
      assert.deepEqual([world.calls().length, world.tokenRequests().length], [2, 1])
    })
  })

  it('that are asked for and not given are not guessed', () =>
    inWorld({ serve: ({ headers }) => (headers['dpop'] ? refuse(undefined) : undefined) }, async (world, client) => {
      assert.equal(await call(client), 'AuthorizationError credential_refused')
      assert.deepEqual([world.calls().length, world.tokenRequests().length], [1, 1])
    }))

  it('that are none go into no proof', async () => {
    for (const nonce of ['a b', 'a"b', 'x'.repeat(5000)])
      await inWorld({ serve: ({ headers }) => (headers['dpop'] ? refuse(nonce) : undefined) }, async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError credential_refused')
        for (const one of world.calls()) assert.equal(await nonceOf(one), undefined)
      })
  })
})

interface Nonced {
  readonly issuer: () => string
  readonly server: () => string
  /** What a good answer of the server brings. */
  readonly good: () => string
}

/** Both sides want the nonce that they name now. */
async function startNonced({ issuer, server, good }: Nonced): Promise<MachineWorld> {
  const claimOf = ({ headers }: Asked): unknown =>
    (JSON.parse(Buffer.from(String(headers['dpop']).split('.')[1] ?? '', 'base64url').toString() || '{}') as { nonce?: unknown }).nonce
  return startMachineWorld({
    token: (asked) => {
      const nonce = issuer()
      if (claimOf(asked) === nonce) return undefined
      return { status: 400, headers: { 'dpop-nonce': nonce }, body: { error: 'use_dpop_nonce' } }
    },
    serve: (asked) => {
      if (asked.headers['dpop'] === undefined) return undefined
      return claimOf(asked) === server() ? { headers: { 'dpop-nonce': good() } } : refuse(server())
    },
  })
}
