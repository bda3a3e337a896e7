// A5, A6, A3: a client whose id is a URL says at that URL who it is. Somebody else serves a document in another's name, with a secret, with
// an address of theirs, or none; or a page names so many URLs that we ask half the internet.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { silentLog } from '../../src/core/index.ts'
import { createGuardedFetch } from '../../src/net/index.ts'
import { createArtifacts } from '../../src/oauth/artifacts.ts'
import { createCimd } from '../../src/oauth/cimd.ts'
import { createAllClients } from '../../src/oauth/cimd-clients.ts'
import { createClientCopies } from '../../src/oauth/cimd-copies.ts'
import { createClientDocuments } from '../../src/oauth/cimd-documents.ts'
import { createClients } from '../../src/oauth/clients.ts'
import { createGrants } from '../../src/oauth/grants.ts'
import { MCPServer } from '../../src/server/index.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import {
  ANA,
  authorizeUrl,
  type Fixture,
  postForm,
  redeem,
  startAuthorizationServer,
  type Tokens,
  verify,
} from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, signIn, textOf } from '../support/browser.ts'
import { type ClientSite, startClientSite } from '../support/client-site.ts'
import { startGateway } from '../support/gateway.ts'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'

verifies('A5', 'A6', 'A3')

const CALLBACK = 'http://127.0.0.1:49152/callback'
const start = (site: ClientSite, more = {}) => startAuthorizationServer({ cimd: 'on', guardedFetch: site.fetch, ...more })

let site: ClientSite
before(async () => {
  site = await startClientSite()
})
after(() => site[Symbol.asyncDispose]())

async function connectAs(fixture: Fixture, clientId: string, redirect_uri = CALLBACK): Promise<Tokens> {
  const { url, verifier } = authorizeUrl(fixture, clientId, { redirect_uri })
  const landed = new URL(await signIn(url, ANA))
  assert.equal(landed.searchParams.get('iss'), fixture.issuer)
  const answer = await redeem(fixture, clientId, landed.searchParams.get('code') as string, verifier, { redirect_uri })
  assert.equal(answer.status, 200, await answer.clone().text())
  return (await answer.json()) as Tokens
}
const refresh = (fixture: Fixture, clientId: string, { refresh_token }: Tokens) =>
  postForm(`${fixture.issuer}/token`, { grant_type: 'refresh_token', refresh_token, client_id: clientId })
/** What a person is shown who should sign in there. */
async function shownFor(fixture: Fixture, clientId: string, changes: Record<string, string> = {}) {
  const answer = await fetch(authorizeUrl(fixture, clientId, { redirect_uri: CALLBACK, ...changes }).url, { redirect: 'manual' })
  return {
    status: answer.status,
    location: answer.headers.get('location'),
    type: answer.headers.get('content-type') ?? '',
    text: textOf(await answer.text()),
  }
}
async function refusalOf(fixture: Fixture, clientId: string, changes: Record<string, string> = {}): Promise<string> {
  const { status, location, type, text } = await shownFor(fixture, clientId, changes)
  assert.equal(status, 400, clientId)
  assert.equal(location, null, 'nobody is sent anywhere')
  assert.match(type, /^text\/html/)
  return text
}
const isAsked = ({ status, location }: { status: number; location: string | null }) =>
  status === 303 && location?.includes('/interaction/') === true

describe('A5: a client with a document', () => {
  it('signs in on any port of its computer, refreshes, and is told of in the metadata', async () => {
    await using fixture = await start(site)
    const id = site.publish()
    const tokens = await connectAs(fixture, id)
    const principal = await verify(fixture, tokens.access_token)
    assert.ok(typeof principal === 'object' && principal.clientId === id)
    assert.equal((await refresh(fixture, id, tokens)).status, 200)
    const metadata = (await (await fetch(`${fixture.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>
    assert.equal(metadata['client_id_metadata_document_supported'], true)
    assert.ok(metadata['registration_endpoint'], 'beside registration')
  })
  it('is sent back only where its document says', async () => {
    await using fixture = await start(site)
    const id = site.publish('/strict.json', { redirect_uris: ['http://127.0.0.1/callback', 'https://client.example/cb'] })
    for (const redirect_uri of [
      'http://localhost:49152/callback',
      'http://127.0.0.1:49152/callback/x',
      'http://127.0.0.1:49152/other',
      'https://client.example:444/cb',
      'https://evil.example/cb',
    ])
      assert.match(await refusalOf(fixture, id, { redirect_uri }), /We will not send you there/, redirect_uri)
    assert.ok(isAsked(await shownFor(fixture, id)))
    assert.ok(isAsked(await shownFor(fixture, id, { redirect_uri: 'https://client.example/cb' })))
  })
  it('may prove itself with a key of its document, and then must', async () => {
    await using fixture = await start(site)
    const { generateKeyPair, exportJWK, SignJWT } = await import('jose')
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
    site.answers.set('/keys.json', { body: { keys: [jwk] } })
    const ids = [
      site.publish('/inline.json', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } }),
      site.publish('/linked.json', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${site.origin}/keys.json` }),
    ]
    for (const id of ids) {
      const { url, verifier } = authorizeUrl(fixture, id, { redirect_uri: CALLBACK })
      const code = new URL(await signIn(url, ANA)).searchParams.get('code') as string
      assert.equal((await redeem(fixture, id, code, verifier, { redirect_uri: CALLBACK })).status, 401, id)
      const again = authorizeUrl(fixture, id, { redirect_uri: CALLBACK })
      const second = new URL(await signIn(again.url, ANA)).searchParams.get('code') as string
      const assertion = await new SignJWT({ jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(fixture.issuer)
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey)
      const proven = await redeem(fixture, id, second, again.verifier, {
        redirect_uri: CALLBACK,
        client_assertion: assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      })
      assert.equal(proven.status, 200, await proven.text())
    }
  })
})

describe('A5: what is no client’s document', () => {
  const bad: Record<string, (id: string) => Record<string, unknown>> = {
    'another client_id': () => ({ client_id: 'https://claude.ai/oauth/claude-code-client-metadata' }),
    'its client_id in another spelling': (id) => ({ client_id: id.toUpperCase() }),
    'no client_id': () => ({ client_id: undefined }),
    'no client_name': () => ({ client_name: undefined }),
    'no redirect_uris': () => ({ redirect_uris: undefined }),
    'a redirect that is neither https nor this computer': () => ({ redirect_uris: ['javascript:alert(1)'] }),
    'a redirect over plain http': () => ({ redirect_uris: ['http://app.example/cb'] }),
    'a secret': () => ({ client_secret: 'everybody knows' }),
    'an end of a secret': () => ({ client_secret_expires_at: 0 }),
    'authentication with a secret': () => ({ token_endpoint_auth_method: 'client_secret_basic' }),
    'authentication with a shared key': () => ({ token_endpoint_auth_method: 'client_secret_jwt' }),
    'keys that are private': () => ({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'a', y: 'b', d: 'c' }] },
    }),
    'keys that are shared': () => ({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'oct', k: 'c' }] } }),
    'keys at an address that is not https': () => ({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'http://client.example/keys',
    }),
    'no keys': () => ({ token_endpoint_auth_method: 'private_key_jwt' }),
    'more than 5 kB': () => ({ padding: 'x'.repeat(5200) }),
    'a grant without a person': () => ({ grant_types: ['client_credentials'] }),
  }
  it('is taken for none, and a person is told what to do, without a redirect', async () => {
    await using fixture = await start(site)
    let index = 0
    for (const [what, changes] of Object.entries(bad)) {
      const path = `/bad-${index++}.json`
      site.publish(path, changes(site.origin + path))
      fixture.advance(5000)
      const text = await refusalOf(fixture, site.origin + path)
      assert.match(text, /its description cannot be used/, what)
      const token = await postForm(`${fixture.issuer}/token`, {
        grant_type: 'authorization_code',
        code: 'x',
        client_id: site.origin + path,
      })
      assert.deepEqual([token.status, ((await token.json()) as { error: string }).error], [401, 'invalid_client'], what)
    }
    assert.equal((await fixture.store.records('client_document').list()).length, 0, 'none of them is kept')
    const details = fixture.records.filter(({ action }) => action === 'authorize').map(({ facts }) => facts?.['detail'])
    assert.equal(details.length, Object.keys(bad).length, 'each is on record')
    assert.equal(details[0], 'its client_id is another than its URL', 'with the reason')
  })
  it('nor is what answers otherwise than with 200 and JSON, or leads elsewhere', async () => {
    await using fixture = await start(site)
    const good = site.publish('/good.json')
    const { body } = site.answers.get('/good.json') ?? {}
    for (const [path, answer] of Object.entries({
      '/redirects.json': { status: 302, headers: { location: good } },
      '/fails.json': { status: 500 },
      '/partial.json': { status: 206, body },
      '/page.json': { headers: { 'content-type': 'text/html' }, body },
      '/twice.json': { body: `{"client_id":"${site.origin}/twice.json","client_id":"x"}` },
      '/list.json': { body: [body] },
      '/broken.json': undefined,
      '/slow.json': { body, delayMs: 1500 },
    })) {
      site.answers.set(path, answer)
      const before = site.asked.length
      assert.match(await refusalOf(fixture, site.origin + path), /its description cannot be used/, path)
      assert.deepEqual(site.asked.slice(before), [path], 'asked once, and nobody else')
    }
  })
  it('nor is a URL that is not https with a path, in its normal form, on the internet; and nothing is asked for it', async () => {
    await using fixture = await startAuthorizationServer({ cimd: 'on' })
    const before = site.connections()
    const port = new URL(site.origin).port
    for (const id of [
      `https://client.example:${port}`,
      `https://client.example:${port}/`,
      `http://client.example:${port}/client.json`,
      `https://client.example:${port}/client.json#x`,
      `https://client.example:${port}/client.json#`,
      `https://user@client.example:${port}/client.json`,
      `https://client.example:${port}/a/../client.json`,
      `https://client.example:${port}/%2e%2e/client.json`,
      `https://CLIENT.example:${port}/client.json`,
      `HTTPS://client.example:${port}/client.json`,
      `https:client.example:${port}/client.json`,
      `https://client.example:${port}\\client.json`,
      `https://127.0.0.1:${port}/client.json`,
      `https://localhost:${port}/client.json`,
      `https://169.254.169.254/latest/meta-data`,
      `https://[::1]:${port}/client.json`,
    ])
      assert.match(await refusalOf(fixture, id), /not known here/, id)
    assert.equal(site.connections(), before)
  })
})

describe('A5: asking for a document', () => {
  it('is done once for parallel requests, and again only when it is no longer fresh', async () => {
    await using fixture = await start(site)
    const id = site.publish('/shared.json', {}, { 'cache-control': 'max-age=120' })
    site.answers.set('/shared.json', { ...site.answers.get('/shared.json'), delayMs: 100 })
    const asked = () => site.asked.filter((path) => path === '/shared.json').length
    const shown = await Promise.all(Array.from({ length: 10 }, () => shownFor(fixture, id)))
    assert.ok(shown.every(isAsked))
    assert.equal(asked(), 1)
    await connectAs(fixture, id)
    assert.equal(asked(), 1)
    fixture.advance(121_000)
    assert.ok(isAsked(await shownFor(fixture, id)))
    assert.equal(asked(), 2)
  })
  it('is done at least every day and at most every minute, whatever the site says', async () => {
    for (const [cacheControl, stays, gone] of [
      ['no-store', 50_000, 61_000],
      ['max-age=0', 50_000, 61_000],
      ['max-age=31536000', 86_390_000, 86_410_000],
    ] as const) {
      await using fixture = await start(site)
      const id = site.publish('/bounds.json', {}, { 'cache-control': cacheControl })
      const asked = () => site.asked.filter((path) => path === '/bounds.json').length
      // Somebody allowed it something: it stays longer than an hour. What that takes goes by on the fixture's clock too.
      const startedAt = Date.now()
      await connectAs(fixture, id)
      const before = asked()
      const tookMs = Date.now() - startedAt
      fixture.advance(stays - tookMs)
      await shownFor(fixture, id)
      assert.equal(asked(), before, cacheControl)
      fixture.advance(gone - stays + tookMs)
      await shownFor(fixture, id)
      assert.equal(asked(), before + 1, cacheControl)
    }
  })
  it('is shared by all processes over the store', async () => {
    const clock = Date.now
    const store = createMemoryStore({ clock })
    const node = () =>
      createClientDocuments({
        copies: createClientCopies({ store, clock }),
        clock,
        counters: createMemoryCounters({ clock }),
        fetch: site.fetch,
      })
    const id = site.publish('/two-nodes.json')
    for (const documents of [node(), node()]) assert.equal((await documents.find(id))?.['client_id'], id)
    assert.equal(site.asked.filter((path) => path === '/two-nodes.json').length, 1)
  })
  it('that failed is not repeated for half a minute, and then it is', async () => {
    await using fixture = await start(site)
    site.answers.set('/late.json', { status: 503 })
    for (let index = 0; index < 3; index++) await refusalOf(fixture, `${site.origin}/late.json`)
    assert.equal(site.asked.filter((path) => path === '/late.json').length, 1)
    site.publish('/late.json')
    fixture.advance(31_000)
    assert.ok(isAsked(await shownFor(fixture, `${site.origin}/late.json`)))
  })
  it('ends nobody’s sign-in while the site is down; once it says that the client is gone, it does', async () => {
    await using fixture = await start(site)
    const id = site.publish('/outage.json', {}, { 'cache-control': 'max-age=60' })
    let tokens = await connectAs(fixture, id)
    for (const answer of [
      undefined,
      { status: 500 },
      { status: 403 },
      { status: 429 },
      { headers: { 'content-type': 'text/html' }, body: 'sorry' },
    ]) {
      site.answers.set('/outage.json', answer)
      fixture.advance(61_000)
      const refreshed = await refresh(fixture, id, tokens)
      assert.equal(refreshed.status, 200, JSON.stringify(answer))
      tokens = (await refreshed.json()) as Tokens
    }
    for (const answer of [{ status: 404 }, { status: 410 }, { body: { client_id: 'https://evil.example/x' } }]) {
      site.answers.set('/outage.json', answer)
      fixture.advance(61_000)
      assert.equal((await refresh(fixture, id, tokens)).status, 401, JSON.stringify(answer))
    }
    site.publish('/outage.json')
    fixture.advance(61_000)
    assert.equal((await refresh(fixture, id, tokens)).status, 200, 'back again')
  })
  it('is done for so many new ones of one site in a minute, and so many are kept', async () => {
    await using fixture = await start(site)
    for (let index = 0; index < 25; index++) site.publish(`/many-${index}.json`)
    const shown = await Promise.all(Array.from({ length: 25 }, (_, index) => shownFor(fixture, `${site.origin}/many-${index}.json`)))
    assert.ok(shown.filter(isAsked).length <= 20)
    assert.ok(site.asked.filter((path) => path.startsWith('/many-')).length <= 20)
    for (let index = 0; index < 500; index++)
      await fixture.store
        .records<object>('client_document')
        .putIfAbsent(
          `https://a.example/${index}`,
          { metadata: {}, fetchedAt: Date.now() - 1000, freshUntil: 0 },
          { group: 'unused', expiresAt: Date.now() + 9e6 },
        )
    fixture.advance(61_000)
    site.publish('/one-more.json')
    const { count } = await fixture.store.records('client_document').usage('unused')
    assert.ok(isAsked(await shownFor(fixture, `${site.origin}/one-more.json`)))
    assert.equal((await fixture.store.records('client_document').usage('unused')).count, count, 'the oldest made room')
  })
  it('is done only where a sign-in begins: a name at the token endpoint costs nobody a request', async () => {
    await using fixture = await start(site)
    const id = site.publish('/token-only.json')
    const asked = () => site.asked.filter((path) => path === '/token-only.json').length
    for (const path of ['/token', '/revoke', '/introspect'])
      await postForm(fixture.issuer + path, { grant_type: 'authorization_code', code: 'x', token: 'x', client_id: id })
    assert.equal(asked(), 0)
    const pushed = await postForm(
      `${fixture.issuer}/par`,
      Object.fromEntries(new URL(authorizeUrl(fixture, id, { redirect_uri: CALLBACK }).url).searchParams),
    )
    assert.equal(pushed.status, 201, await pushed.text())
    assert.equal(asked(), 1)
  })
  it('fetches nothing that it links to, and shows nothing of it', async () => {
    await using fixture = await start(site)
    const id = site.publish('/links.json', {
      logo_uri: `${site.origin}/logo.png`,
      policy_uri: `${site.origin}/policy`,
      tos_uri: `${site.origin}/tos`,
      client_uri: `${site.origin}/home`,
      jwks_uri: `${site.origin}/unused-keys.json`,
      token_endpoint_auth_method: 'none',
    })
    const before = site.asked.length
    await connectAs(fixture, id)
    assert.deepEqual(site.asked.slice(before), ['/links.json'])
  })
})

describe('A5: a person who is asked', () => {
  it('reads whose client it is, and that a program of this computer can pass for it', async () => {
    await using fixture = await start(site)
    const host = new URL(site.origin).host
    for (const [path, redirect, warns] of [
      ['/local.json', CALLBACK, true],
      ['/web.json', 'https://client.example/cb', false],
    ] as const) {
      const id = site.publish(path, { client_name: 'Bank of Claude', redirect_uris: [redirect] })
      const browser = createBrowser()
      const login = await browser.open(authorizeUrl(fixture, id, { redirect_uri: redirect }).url)
      assert.ok(!('stoppedAt' in login))
      const [form] = formsOf(login)
      assert.ok(form)
      const consent = await browser.submit(login, form, [...prefilled(form), ['name', ANA.name], ['password', ANA.password]])
      assert.ok(!('stoppedAt' in consent))
      const text = textOf(consent.html)
      assert.ok(text.includes(`Allow “Bank of Claude” ${warns ? 'not verified' : `belongs to ${host}`} to use`), text)
      assert.ok(text.includes(warns ? `It is described by ${host} .` : `The owner of ${host} says that this program is theirs.`), text)
      assert.equal(text.includes('could pass for it'), warns)
    }
  })
})

describe('A5: a client that was removed', () => {
  it('loses what it was allowed for good, though its document brings it back', async () => {
    await using fixture = await start(site)
    const id = site.publish('/removed.json')
    const tokens = await connectAs(fixture, id)
    // As an operator does it, beside the server.
    const { store, keyRing, vault } = fixture
    const clock = Date.now
    const grants = createGrants({ store, clock, bus: createLocalBus(), artifacts: createArtifacts({ store, keyRing, vault, clock }) })
    const copies = createClientCopies({ store, clock })
    const clients = createAllClients({ clients: createClients({ store, vault, clock }), copies, grants })
    assert.ok((await clients.list()).some((client) => client.id === id && client.name === 'A described client'))
    assert.equal(await clients.remove(id), true)
    assert.equal(await verify(fixture, tokens.access_token), 'revoked')
    assert.notEqual((await refresh(fixture, id, tokens)).status, 200)
    await connectAs(fixture, id)
    assert.equal(await verify(fixture, tokens.access_token), 'revoked', 'a new consent does not bring the old one back')
    assert.notEqual((await refresh(fixture, id, tokens)).status, 200)
  })
})

describe('A5: where documents are not taken', () => {
  it('they are not told of, nothing is fetched, and registration is all there is', async () => {
    await using fixture = await startAuthorizationServer({ cimd: 'off', guardedFetch: site.fetch })
    const id = site.publish('/off.json')
    const before = site.asked.length
    assert.match(await refusalOf(fixture, id), /takes no programs that are described at a URL/)
    assert.equal(site.asked.length, before)
    const metadata = (await (await fetch(`${fixture.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>
    assert.equal(metadata['client_id_metadata_document_supported'], undefined)
  })
  it('is what the option says, of a server in code and of a gateway; another value does not start', async () => {
    const offered = async (issuer: string) =>
      ((await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>)[
        'client_id_metadata_document_supported'
      ]
    for (const cimd of ['on', 'off'] as const) {
      const expected = cimd === 'on' ? true : undefined
      await using server = await startServer({ auth: { cimd } })
      assert.equal(await offered(server.issuer), expected)
      const gateway = await startGateway({ servers: {}, config: { auth: { cimd } } })
      assert.equal(await offered(gateway.issuer), expected)
      await gateway[Symbol.asyncDispose]()
    }
    assert.throws(() => new MCPServer({ auth: { cimd: 'maybe' as 'on' } }), /auth\.cimd/)
    await assert.rejects(startGateway({ servers: {}, config: { auth: { cimd: true } } }), /auth\.cimd/)
  })
  it('because this machine does not get out: they are told of once it does, and no longer when it does not', async () => {
    const lines: string[] = []
    const clock = Date.now
    const copies = createClientCopies({ store: createMemoryStore({ clock }), clock })
    const parts = { copies, counters: createMemoryCounters({ clock }), clock }
    const urls = [`${site.origin}/egress-a`, `${site.origin}/egress-b`]
    site.answers.set('/egress-a', undefined)
    site.answers.set('/egress-b', undefined)
    const cimd = createCimd({
      ...parts,
      mode: 'auto',
      fetch: site.fetch,
      log: (_, line) => void lines.push(line),
      egress: { urls, firstMs: 1, againMs: 20, afterFailureMs: 20 },
    })
    assert.equal(cimd.isOffered(), false, 'not before it was tried')
    await until('the first answer', () => lines.length === 1)
    assert.equal(cimd.isOffered(), false)
    site.answers.set('/egress-b', { status: 404 })
    await until('a way out', () => cimd.isOffered())
    site.answers.set('/egress-b', undefined)
    await until('no way out', () => !cimd.isOffered())
    assert.equal(lines.length, 3)
    cimd.close()

    const shut = createGuardedFetch({ lookup: (_, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]) })
    const behindPortal = createCimd({ ...parts, mode: 'auto', fetch: shut, log: silentLog, egress: { firstMs: 1 } })
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(behindPortal.isOffered(), false, 'a name that leads to a private address is no way out')
    behindPortal.close()
  })
})
