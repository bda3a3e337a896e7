// C26: what a program has of a person goes to the identity provider that it named; what that one answers goes to the authorization server
// only where it is an ID-JAG for that one. Nobody in between learns more, and nobody leads the client elsewhere.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { AuthorizationError, MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { idJag, type MachineWorld, type MachineWorldOptions, startMachineWorld } from '../fixtures/machine-world.ts'
import { verifies } from '../requirements.ts'
import { problemOf, startServer } from '../support/client.ts'

verifies('C26')

type Auth = Extract<MCPClientOptions['auth'], { type: 'enterprise' }>
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
const secrets = { ours: 'the-secret-at-the-server', idp: 'the-secret-at-the-idp', person: 'the-id-token-of-a-person' }

const authOf = ({ issuer, idp }: Pick<MachineWorld, 'issuer' | 'idp'>, change: Partial<Auth['idp']> = {}): Auth => ({
  type: 'enterprise',
  clientId: 'assistant',
  clientSecret: secrets.ours,
  issuer,
  idp: { issuer: idp, clientId: 'assistant-at-idp', clientSecret: secrets.idp, subjectToken: () => secrets.person, ...change },
})
async function inWorld(
  options: MachineWorldOptions,
  use: (world: MachineWorld, client: MCPClient) => Promise<void>,
  change?: Partial<Auth['idp']>,
): Promise<void> {
  await using world = await startMachineWorld(options)
  await using client = new MCPClient({ serverUrl: world.serverUrl, auth: authOf(world, change), log: silentLog })
  await use(world, client)
}
const call = (client: MCPClient): Promise<string> => problemOf(client.callTool('echo').then(({ content }) => content.length))
const CALLED = 'no error: 1'
const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

describe('C26: an ID-JAG', () => {
  it('is asked for by the word of the specification, and each side is shown what is for it', () =>
    inWorld({}, async (world, client) => {
      assert.equal(await call(client), CALLED)
      const [exchange] = world.tokenRequests('idp')
      assert.deepEqual(exchange?.form, {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        requested_token_type: ID_JAG,
        audience: world.issuer,
        resource: world.serverUrl,
        scope: 'tools:read',
        subject_token: secrets.person,
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      })
      assert.equal(exchange?.headers.authorization, basic('assistant-at-idp', secrets.idp))
      const [grant] = world.tokenRequests()
      assert.deepEqual(grant?.form, {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: idJag({ aud: world.issuer, resource: world.serverUrl }),
        scope: 'tools:read',
        resource: world.serverUrl,
      })
      assert.equal(grant?.headers.authorization, basic('assistant', secrets.ours))
      const holding = (secret: string) => new Set(world.seen.filter((one) => JSON.stringify(one).includes(secret)).map(({ at }) => at))
      assert.deepEqual(holding(secrets.person), new Set(['idp']))
      assert.deepEqual(holding(basic('assistant-at-idp', secrets.idp)), new Set(['idp']))
      assert.deepEqual(holding(basic('assistant', secrets.ours)), new Set(['issuer']))
    }))

  it('is asked for with no more than the identity provider gives', () =>
    inWorld(
      {
        exchange: ({ form: { audience: aud } }) => ({
          body: { issued_token_type: ID_JAG, token_type: 'N_A', access_token: idJag({ aud }), scope: 'tools:look' },
        }),
      },
      async (world, client) => {
        assert.equal(await call(client), CALLED)
        assert.equal(world.tokenRequests()[0]?.form['scope'], 'tools:look')
      },
    ))

  const right = (aud: unknown): Record<string, unknown> => ({ issued_token_type: ID_JAG, token_type: 'N_A', access_token: idJag({ aud }) })
  const answers: Readonly<Record<string, (issuer: string) => Record<string, unknown>>> = {
    'an access token': (issuer) => ({ ...right(issuer), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }),
    'something that it does not name': (issuer) => ({ ...right(issuer), issued_token_type: undefined }),
    'a bearer token': (issuer) => ({ ...right(issuer), token_type: 'Bearer' }),
    'no type': (issuer) => ({ ...right(issuer), token_type: undefined }),
    'no token': (issuer) => ({ ...right(issuer), access_token: undefined }),
    'an opaque token': (issuer) => ({ ...right(issuer), access_token: 'opaque' }),
    'a token with a line in it': (issuer) => ({ ...right(issuer), access_token: `${idJag({ aud: issuer })}\r\nx: y` }),
    'one for another authorization server': () => right('https://elsewhere.example'),
    'one for several': (issuer) => right([issuer, 'https://elsewhere.example']),
    'one for nobody': () => right(undefined),
    'an ID token': (issuer) => ({ ...right(issuer), access_token: idJag({ aud: issuer }, { typ: 'JWT', alg: 'ES256' }) }),
  }
  for (const [name, answer] of Object.entries(answers))
    it(`is not what the identity provider answers with ${name}: nobody is shown that`, () =>
      inWorld({ exchange: (_, { issuer }) => ({ body: answer(issuer) }) }, async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError token_refused')
        assert.deepEqual([world.tokenRequests('idp').length, world.tokenRequests(), world.calls()], [1, [], []])
      }))
})

describe('C26: an identity provider', () => {
  it('that redirects is not followed', async () => {
    let visits = 0
    await using canary = await startServer((_, response) => void (visits++, response.end()))
    for (const status of [302, 307, 308])
      await inWorld({ exchange: () => ({ status, headers: { location: canary.serverUrl } }) }, async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError redirected')
        assert.equal(world.tokenRequests().length, 0)
      })
    await inWorld({ idpMetadata: () => ({ status: 302, headers: { location: canary.serverUrl } }) }, async (world, client) => {
      assert.equal(await call(client), 'AuthorizationError redirected')
      assert.equal(world.tokenRequests('idp').length, 0)
    })
    assert.equal(visits, 0)
  })

  it('whose metadata names another issuer is not asked', () =>
    inWorld({ idpMetadata: (_, { issuer }) => ({ body: { issuer, token_endpoint: `${issuer}/token` } }) }, async (world, client) => {
      assert.equal(await call(client), 'AuthorizationError issuer_mismatch')
      assert.deepEqual([world.tokenRequests('idp'), world.tokenRequests()], [[], []])
    }))

  for (const reason of ['invalid_grant', 'invalid_target', 'access_denied'])
    it(`that says ${reason} is the end: one request, and no other way in`, () =>
      inWorld({ exchange: () => ({ status: 400, body: { error: reason } }) }, async (world, client) => {
        const error: unknown = await client.callTool('echo').catch((caught: unknown) => caught)
        assert.ok(error instanceof AuthorizationError)
        assert.deepEqual([error.code, error.reason], ['token_refused', reason])
        assert.match(error.message, /auth\.idp/)
        assert.deepEqual([world.tokenRequests('idp').length, world.tokenRequests()], [1, []])
      }))

  it('that says the token of the person back gets it into no error', async () => {
    await inWorld({ exchange: ({ form }) => ({ status: 400, body: { error: form['subject_token'] } }) }, async (_, client) => {
      const error: unknown = await client.callTool('echo').catch((caught: unknown) => caught)
      assert.ok(error instanceof AuthorizationError && !inspect(error, { depth: 9 }).includes(secrets.person))
    })
  })

  it('that is in trouble says nothing about the person', () =>
    inWorld({ exchange: () => ({ status: 503 }) }, async (_, client) => assert.equal(await call(client), 'TransportError http_status')))

  it('with an endpoint that the program named is asked there, without metadata', async () => {
    await using world = await startMachineWorld({ idpMetadata: () => ({ status: 500 }) })
    const auth = authOf(world, { issuer: undefined, tokenEndpoint: `${world.idp}/token` })
    await using client = new MCPClient({ serverUrl: world.serverUrl, auth, log: silentLog })
    assert.equal(await call(client), CALLED)
  })

  it('on this machine is meant where the program wrote that, which opens this machine to nobody else', async () => {
    await using world = await startMachineWorld()
    const loopback: NonNullable<MCPClientOptions['lookup']> = (_, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }])
    const named = authOf(world, { issuer: undefined, tokenEndpoint: `https://idp.example:${new URL(world.idp).port}/token` })
    await using client = new MCPClient({ serverUrl: world.serverUrl, auth: named, log: silentLog, lookup: loopback })
    assert.equal(await call(client), 'TransportError address_blocked', 'a name that leads here is not the program’s word')
    assert.equal(world.tokenRequests('idp').length, 0)

    await using far = new MCPClient({ serverUrl: 'https://mcp.example/mcp', auth: authOf(world), log: silentLog, lookup: loopback })
    assert.equal(await call(far), 'TransportError address_blocked', 'and a server elsewhere is not here because its identity provider is')
  })
})

describe('C26: what the program answers', () => {
  it('goes on as it is where it is an error, and is refused where it is no token', async () => {
    const down = new Error('the session of the person has ended')
    const fail = (): never => {
      throw down
    }
    await inWorld(
      {},
      async (world, client) => {
        assert.equal(await client.callTool('echo').catch((caught: unknown) => caught), down)
        assert.equal(world.tokenRequests('idp').length, 0)
      },
      { subjectToken: fail },
    )
    for (const answer of ['', 'two words', 7, undefined])
      await inWorld(
        {},
        async (world, client) => {
          assert.match(await call(client), /^ConfigError/)
          assert.equal(world.tokenRequests('idp').length, 0)
        },
        { subjectToken: () => answer as string },
      )
  })

  for (const [name, idp] of Object.entries<Partial<Auth['idp']>>({
    'both an issuer and an endpoint': { tokenEndpoint: 'https://idp.example/token' },
    neither: { issuer: undefined },
    'an endpoint without TLS': { issuer: undefined, tokenEndpoint: 'http://idp.example/token' },
    'no function': { subjectToken: 'a token' as never },
  }))
    it(`with ${name} stops the constructor`, () => {
      const places = { issuer: 'https://as.example', idp: 'https://idp.example' }
      assert.throws(() => new MCPClient({ serverUrl: 'https://mcp.example/mcp', auth: authOf(places, idp) }), { name: 'ConfigError' })
    })
})
