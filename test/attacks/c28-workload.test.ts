// C28 (SEP-1933): a workload shows its platform's token to the authorization server that it named, once for each token. What is refused is
// an error: the same is not tried again, and nothing else is tried instead.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { AuthorizationError, MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { idJag, type MachineWorld, type MachineWorldOptions, startMachineWorld } from '../fixtures/machine-world.ts'
import { verifies } from '../requirements.ts'
import { problemOf } from '../support/client.ts'

verifies('C28')

type Auth = Extract<MCPClientOptions['auth'], { type: 'workload' }>
const TOKEN = idJag({ iss: 'https://platform.example', sub: 'pod' }, { alg: 'RS256' })

async function inWorld(
  options: MachineWorldOptions,
  use: (world: MachineWorld, client: MCPClient) => Promise<void>,
  change: Partial<Auth> = {},
): Promise<void> {
  await using world = await startMachineWorld(options)
  const auth: Auth = { type: 'workload', token: () => TOKEN, issuer: world.issuer, ...change }
  await using client = new MCPClient({ serverUrl: world.serverUrl, auth, log: silentLog })
  await use(world, client)
}
const call = (client: MCPClient): Promise<string> => problemOf(client.callTool('echo').then(({ content }) => content.length))
const CALLED = 'no error: 1'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

describe('C28: the token of a workload', () => {
  it('is shown to the token endpoint alone, without a registration, and once for all that is asked', () =>
    inWorld({}, async (world, client) => {
      assert.deepEqual(await Promise.all([call(client), call(client), call(client)]), [CALLED, CALLED, CALLED])
      const [asked, ...more] = world.tokenRequests()
      assert.deepEqual(asked?.form, { grant_type: GRANT, assertion: TOKEN, scope: 'tools:read', resource: world.serverUrl })
      assert.deepEqual([more, asked?.headers.authorization], [[], undefined])
      assert.equal(world.seen.filter((one) => JSON.stringify(one).includes(TOKEN)).length, 1)
    }))

  it('goes with an id where there is one', () =>
    inWorld(
      {},
      async (world, client) => {
        assert.equal(await call(client), CALLED)
        assert.equal(world.tokenRequests()[0]?.form['client_id'], 'reports')
      },
      { clientId: 'reports' },
    ))

  it('is not shown to an authorization server that the program did not name', () =>
    inWorld(
      { resourceMetadata: (_, { serverUrl, idp }) => ({ body: { resource: serverUrl, authorization_servers: [idp] } }) },
      async (world, client) => {
        assert.equal(await call(client), 'AuthorizationError issuer_mismatch')
        assert.ok(!JSON.stringify(world.seen).includes(TOKEN))
        assert.ok(!world.seen.some(({ at }) => at === 'idp'))
      },
    ))

  it('is not led on by a redirect', () =>
    inWorld({ token: (_, { idp }) => ({ status: 307, headers: { location: `${idp}/token` } }) }, async (world, client) => {
      assert.equal(await call(client), 'AuthorizationError redirected')
      assert.equal(world.tokenRequests('idp').length, 0)
    }))

  it('is in no error, though the authorization server says it back', () =>
    inWorld({ token: ({ form }) => ({ status: 400, body: { error: form['assertion'], error_description: TOKEN } }) }, async (_, client) => {
      const error: unknown = await client.callTool('echo').catch((caught: unknown) => caught)
      assert.ok(error instanceof AuthorizationError && !inspect(error, { depth: 9, showHidden: true }).includes(TOKEN))
    }))
})

describe('C28: a refusal', () => {
  for (const reason of ['invalid_grant', 'invalid_scope', 'unauthorized_client', 'unsupported_grant_type', 'invalid_client'])
    for (const dpop of [false, true])
      it(`with ${reason} is the end${dpop ? ', with a proof too' : ''}: one request for all that is asked at once, of one grant`, () =>
        inWorld(
          { token: () => ({ status: 400, body: { error: reason } }) },
          async (world, client) => {
            const errors = await Promise.all([1, 2].map(() => client.callTool('echo').catch((caught: unknown) => caught)))
            for (const error of errors) {
              assert.ok(error instanceof AuthorizationError)
              assert.deepEqual([error.code, error.reason], ['token_refused', reason])
              assert.match(error.message, /auth\.token\(\)/)
            }
            assert.deepEqual(
              world.tokenRequests().map(({ form }) => form['grant_type']),
              [GRANT],
            )
            assert.equal(world.tokenRequests('idp').length, 0)
          },
          { dpop },
        ))

  it('of what came out of it, of several requests at once, is answered with one more token for all of them', async () => {
    let isOver = false
    let asked = 0
    const serve: MachineWorldOptions['serve'] = ({ headers }) =>
      isOver && headers.authorization === 'Bearer access-1' ? { status: 401 } : undefined
    const token = (): string => (asked++, TOKEN)
    await inWorld(
      { serve },
      async (world, client) => {
        assert.equal(await call(client), CALLED)
        isOver = true
        assert.deepEqual(await Promise.all([call(client), call(client), call(client)]), [CALLED, CALLED, CALLED])
        assert.deepEqual([world.tokenRequests().length, asked], [2, 2])
      },
      { token },
    )
  })

  it('of what came out of it is answered with one more token', () =>
    inWorld({ serve: ({ headers }) => (headers.authorization ? { status: 401 } : undefined) }, async (world, client) => {
      assert.equal(await call(client), 'AuthorizationError credential_refused')
      assert.equal(world.tokenRequests().length, 2)
    }))
})
