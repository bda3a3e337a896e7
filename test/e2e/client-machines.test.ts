/**
 * Programs that sign in by themselves, with our client at our own server: as a registered client, as one of an enterprise's people, as a
 * workload; over HTTP and WebSocket, with bearer tokens and with tokens that are bound to a key.
 */

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { DEFAULT_ACCOUNT, signInName } from '../../src/client/store/names.ts'
import { silentLog } from '../../src/core/index.ts'
import { createClients, type NewClient } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { ANA } from '../support/authorization.ts'
import { signIn as signInAs } from '../support/browser.ts'
import { type Issuer, JWT_BEARER, startIssuer } from '../support/issuer.ts'
import { type Served, startService } from '../support/service.ts'

type Auth = NonNullable<MCPClientOptions['auth']>
type Registered = { readonly id: string; readonly secret: string | undefined }
type Machine = Extract<Auth, { type: 'client_credentials' | 'enterprise' | 'workload' }>

const POD = 'system:serviceaccount:prod:reports'
const SCOPES = ['tools:read', 'tools:execute']
let idp: Issuer
let platform: Issuer
let plain: Served
let nonced: Served

before(async () => {
  idp = await startIssuer()
  platform = await startIssuer()
  const trustedIssuers = [
    { issuer: idp.issuer, use: ['id-jag' as const] },
    { issuer: platform.issuer, use: ['workload' as const], subjects: { [POD]: { scopes: SCOPES } } },
  ]
  plain = await startService({ port: 0 }, { auth: { trustedIssuers } })
  nonced = await startService({ port: 0 }, { auth: { trustedIssuers, requireDpopNonce: true } })
  idp.onToken(async (form) => ({
    access_token: await idp.idJag({
      aud: form.get('audience'),
      resource: form.get('resource'),
      client_id: form.get('client_id'),
      scope: form.get('scope') ?? undefined,
    }),
    issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
    token_type: 'N_A',
  }))
})
after(async () => {
  for (const one of [plain, nonced, idp, platform]) await one[Symbol.asyncDispose]()
})

async function register(served: Served, about: Partial<NewClient> = {}): Promise<Registered> {
  const beside = await openData({ dataDir: served.dataDir })
  try {
    const all = createClients({ ...beside, clock: Date.now })
    return await all.create({
      name: 'nightly report',
      grantTypes: ['client_credentials'],
      authMethod: 'client_secret_basic',
      scopes: SCOPES,
      createdBy: 'test',
      ...about,
    })
  } finally {
    await beside.store.close()
  }
}
const clientAt = (served: Served, auth: Auth, more: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ serverUrl: served.service.url, auth, log: silentLog, ...more })
const tokensGiven = async (served: Served, client: string): Promise<number> =>
  (await served.records()).filter(({ action, decision, clientId }) => action === 'token' && decision === 'allow' && clientId === client)
    .length
const said = { content: [{ type: 'text', text: 'hello' }] }
async function call(client: MCPClient): Promise<unknown> {
  const { content } = await client.callTool('echo', { text: 'hello' })
  return { content }
}

const ways: Readonly<Record<string, (served: Served) => Promise<Machine>>> = {
  'a client with a secret': async (served) => {
    const { id, secret = '' } = await register(served)
    return { type: 'client_credentials', clientId: id, clientSecret: secret, issuer: served.service.issuer, scopes: SCOPES }
  },
  'a client with a key': async (served) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }] }
    const { id } = await register(served, { authMethod: 'private_key_jwt', jwks } as Partial<NewClient>)
    const clientKey = { ...privateKey.export({ format: 'jwk' }), kid: 'one' }
    return { type: 'client_credentials', clientId: id, clientKey, issuer: served.service.issuer, scopes: SCOPES }
  },
  'one of an enterprise’s people': async (served) => {
    const { id, secret = '' } = await register(served, { grantTypes: [JWT_BEARER], scopes: undefined } as Partial<NewClient>)
    return {
      type: 'enterprise',
      clientId: id,
      clientSecret: secret,
      issuer: served.service.issuer,
      scopes: SCOPES,
      // The client of the identity provider has the same id there, as the mapping in it would say.
      idp: { issuer: idp.issuer, clientId: id, subjectToken: () => idp.sign({ sub: 'U019488227', aud: id }) },
    }
  },
  'a workload': async (served) => ({
    type: 'workload',
    token: () => platform.sign({ aud: [served.service.issuer], sub: POD }),
    issuer: served.service.issuer,
    scopes: SCOPES,
  }),
}

describe('a program signs in by itself', () => {
  for (const [name, authFor] of Object.entries(ways)) {
    for (const dpop of ['auto', true, false] as const)
      for (const transport of ['http', 'websocket'] as const)
        it(`as ${name}, over ${transport}, with dpop ${dpop}, at a server that wants nonces and at one that does not`, async () => {
          for (const served of [plain, nonced]) {
            await using client = clientAt(served, { ...(await authFor(served)), dpop }, { transport })
            assert.deepEqual(await call(client), said)
            assert.deepEqual(await call(client), said)
          }
        })
  }

  it('beside a person, whose tokens are bound to a key as well, and stay so when they are renewed', async () => {
    await nonced.account()
    const tokenStore = createMemoryTokenStore()
    const name = signInName({ server: nonced.service.url, account: DEFAULT_ACCOUNT })
    const redirectUri = 'http://127.0.0.1:53591/callback'
    let visits = 0
    const signIn = async (url: string): Promise<string> => (visits++, signInAs(url, ANA))
    const auth: Auth = { type: 'oauth2', dpop: true, redirectUri, signIn }
    for (const transport of ['http', 'websocket'] as const) {
      await using client = clientAt(nonced, auth, { tokenStore, transport })
      assert.deepEqual(await call(client), said)
      const kept = JSON.parse((await tokenStore.read(name)) ?? '{}') as { accessToken: string }
      // For the next client it has expired.
      await tokenStore.write(name, JSON.stringify({ ...kept, expiresAt: 1 }))
      await using next = clientAt(nonced, auth, { tokenStore, transport })
      assert.deepEqual(await call(next), said)
      const renewed = JSON.parse((await tokenStore.read(name)) ?? '{}') as { accessToken: string }
      assert.notEqual(renewed.accessToken, kept.accessToken)
    }
    assert.equal(visits, 1, 'the key is kept with the tokens')
  })

  it('once for all that it does at once, and once more when its token is refused', async () => {
    const auth = await ways['a client with a secret']?.(plain)
    assert.ok(auth?.type === 'client_credentials')
    const tokenStore = createMemoryTokenStore()
    await using one = clientAt(plain, auth, { tokenStore })
    await using two = clientAt(plain, auth, { tokenStore })
    for (const answer of await Promise.all([call(one), call(one), call(two), call(two)])) assert.deepEqual(answer, said)
    assert.equal(await tokensGiven(plain, auth.clientId), 1, 'one for both, who share a store')

    assert.deepEqual(await two.signOut(), { wasSignedIn: true, revoked: true })
    assert.deepEqual(await call(one), said, 'the first still holds the revoked one, is refused, and gets another')
    assert.equal(await tokensGiven(plain, auth.clientId), 2)
    assert.deepEqual(await call(two), said)
    assert.equal(await tokensGiven(plain, auth.clientId), 2, 'which the second finds in the store')
  })

  it('for whom it was asked: who shares a store with another does not get the token of that one', async () => {
    const auth = await ways['one of an enterprise’s people']?.(plain)
    assert.ok(auth?.type === 'enterprise')
    const tokenStore = createMemoryTokenStore()
    const as = (sub: string): MCPClient =>
      clientAt(plain, { ...auth, idp: { ...auth.idp, subjectToken: () => idp.sign({ sub, aud: auth.clientId }) } }, { tokenStore })
    const given: string[] = []
    idp.onToken(async (form) => {
      const { sub } = JSON.parse(Buffer.from(form.get('subject_token')?.split('.')[1] ?? '', 'base64url').toString()) as { sub: string }
      given.push(sub)
      const changes = {
        sub,
        aud: form.get('audience'),
        resource: form.get('resource'),
        client_id: form.get('client_id'),
        scope: SCOPES.join(' '),
      }
      return { access_token: await idp.idJag(changes), issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag', token_type: 'N_A' }
    })
    for (const sub of ['ana', 'ben', 'ben']) {
      await using client = as(sub)
      assert.deepEqual(await call(client), said)
    }
    assert.deepEqual(given, ['ana', 'ben'])
    const subjects = (await plain.records()).filter(({ action, clientId }) => action === 'tools/call' && clientId === auth.clientId)
    assert.deepEqual(new Set(subjects.map(({ subject }) => subject)), new Set(['ana', 'ben']))
  })

  it('and shows no secret', async () => {
    for (const [name, authFor] of Object.entries(ways)) {
      const auth = await authFor(plain)
      await using client = clientAt(plain, auth)
      const shown = inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client)
      const { clientSecret, clientKey } = auth as { clientSecret?: string; clientKey?: { d?: string } }
      for (const secret of [clientSecret, clientKey?.d]) if (secret) assert.ok(!shown.includes(secret), name)
    }
  })
})
