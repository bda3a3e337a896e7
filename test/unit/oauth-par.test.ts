/** Pushed authorization requests (RFC 9126): what is pushed stands, once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import {
  ANA,
  authorizeUrl,
  CALLBACK,
  type Fixture,
  postForm,
  redeem,
  register,
  startAuthorizationServer,
} from '../support/authorization.ts'
import { createBrowser, signIn } from '../support/browser.ts'
import { createHolder } from '../support/dpop.ts'
import { slowly } from '../support/slow-store.ts'

verifies('par')

interface Pushed {
  readonly request_uri: string
  readonly expires_in: number
}

/** What would go into the URL of the browser. */
function fieldsFor(fixture: Fixture, clientId: string, changes: Record<string, string | undefined> = {}) {
  const { url, verifier } = authorizeUrl(fixture, clientId, changes)
  return { fields: Object.fromEntries(new URL(url).searchParams), verifier }
}
const push = (fixture: Fixture, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
  postForm(`${fixture.issuer}/par`, fields, headers)
const referring = (fixture: Fixture, clientId: string, requestUri: string, more: Record<string, string> = {}): string =>
  `${fixture.issuer}/authorize?${new URLSearchParams({ client_id: clientId, request_uri: requestUri, ...more })}`

const follow = (url: string): Promise<string> => signIn(url, ANA, createBrowser(), CALLBACK)

/** Nobody is asked anything: a page says so, or the client is told. */
async function assertRefused(url: string): Promise<void> {
  const { status, headers } = await fetch(url, { redirect: 'manual' })
  if (status === 400) return
  const told = new URL(headers.get('location') ?? url)
  assert.equal(told.origin + told.pathname, CALLBACK, url)
  assert.match(told.searchParams.get('error') ?? '', /^(invalid_request|request_)/)
}

async function begin(fixture: Fixture, changes: Record<string, string | undefined> = {}) {
  const { client_id: clientId } = await register(fixture)
  const { fields, verifier } = fieldsFor(fixture, clientId, changes)
  const answer = await push(fixture, fields)
  assert.equal(answer.status, 201, await answer.clone().text())
  return { clientId, verifier, ...((await answer.json()) as Pushed) }
}

test('a pushed request ends in tokens, and its reference in nothing more', async () => {
  await using fixture = await startAuthorizationServer()
  const { clientId, verifier, request_uri: uri, expires_in: seconds } = await begin(fixture)
  assert.match(uri, /^urn:ietf:params:oauth:request_uri:[\w-]{20,}$/)
  assert.ok(seconds > 0 && seconds <= 60)
  const landed = new URL(await follow(referring(fixture, clientId, uri)))
  assert.equal(landed.searchParams.get('state'), 'the state')
  assert.equal(landed.searchParams.get('iss'), fixture.issuer)
  const redeemed = await redeem(fixture, clientId, landed.searchParams.get('code') ?? '', verifier)
  assert.equal(redeemed.status, 200)
  await assertRefused(referring(fixture, clientId, uri))
})

test('of sign-ins that began with one reference, one ends well, also where the store is slow', async () => {
  for (const store of [undefined, slowly(createMemoryStore())]) {
    await using fixture = await startAuthorizationServer(store ? { store } : {})
    const { clientId, request_uri: uri } = await begin(fixture)
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => follow(referring(fixture, clientId, uri))))
    const codes = outcomes.filter((each) => each.status === 'fulfilled' && new URL(each.value).searchParams.has('code'))
    assert.equal(codes.length, 1)
  }
})

test('that is so too when the second person takes longer than the reference lasts', async () => {
  await using fixture = await startAuthorizationServer()
  const { clientId, request_uri: uri } = await begin(fixture)
  const slow = createBrowser()
  const page = await slow.open(referring(fixture, clientId, uri))
  assert.ok('html' in page)
  assert.ok(new URL(await follow(referring(fixture, clientId, uri))).searchParams.has('code'))
  fixture.advance(120_000)
  await fixture.store.sweep()
  const ended = await signIn(page.url, ANA, slow, CALLBACK).catch(() => CALLBACK)
  assert.equal(new URL(ended).searchParams.get('code'), null)
})

test('what the browser adds or changes does not count', async () => {
  await using fixture = await startAuthorizationServer()
  const { clientId, request_uri: uri } = await begin(fixture, { scope: 'tools:read' })
  const changed = { scope: 'tools:execute', state: 'another', redirect_uri: 'https://evil.example/', resource: 'https://evil.example/mcp' }
  const landed = new URL(await follow(referring(fixture, clientId, uri, changed)))
  assert.equal(landed.origin + landed.pathname, CALLBACK)
  assert.equal(landed.searchParams.get('state'), 'the state')
})

test('a reference is its client’s, good for a minute, and cannot be made up', async (t) => {
  await using fixture = await startAuthorizationServer()
  const { clientId, request_uri: uri } = await begin(fixture)
  const { client_id: other } = await register(fixture)
  const attempts = [
    referring(fixture, other, uri),
    referring(fixture, clientId, `${uri}x`),
    referring(fixture, clientId, 'https://evil.example/request'),
    referring(fixture, clientId, uri, { request: 'eyJhbGciOiJub25lIn0.e30.' }),
  ]
  for (const url of attempts) await assertRefused(url)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 })
  await assertRefused(referring(fixture, clientId, uri))
})

test('what would be refused at the authorization endpoint is refused here, in JSON', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const { fields } = fieldsFor(fixture, clientId)
  const { code_challenge: _, ...withoutChallenge } = fields
  const attempts: Record<string, [Record<string, string>, string]> = {
    'no PKCE': [withoutChallenge, 'invalid_request'],
    'a redirect that is not registered': [{ ...fields, redirect_uri: 'https://evil.example/' }, 'invalid_request'],
    'another server': [{ ...fields, resource: 'https://evil.example/mcp' }, 'invalid_target'],
    'unknown scopes only': [{ ...fields, scope: 'nothing:here' }, 'invalid_scope'],
    'a reference': [{ ...fields, request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'request_uri_not_supported'],
  }
  for (const [name, [given, error]] of Object.entries(attempts)) {
    const answer = await push(fixture, given as Record<string, string>)
    assert.equal(answer.status, 400, name)
    assert.equal(((await answer.json()) as { error: string }).error, error, name)
  }
  assert.equal((await push(fixture, { ...fields, client_id: 'cl_nobody' })).status, 401)
  const record = fixture.records.findLast(({ action }) => action === 'par')
  assert.equal(record?.reason, 'invalid_client')
})

test('a client with a secret pushes with it, and one that has registered for it cannot do without', async () => {
  await using fixture = await startAuthorizationServer()
  const client = await register(fixture, { token_endpoint_auth_method: 'client_secret_post', require_pushed_authorization_requests: true })
  assert.equal(client['require_pushed_authorization_requests'], true)
  const { fields } = fieldsFor(fixture, client.client_id)
  assert.equal((await push(fixture, fields)).status, 401)
  assert.equal((await push(fixture, { ...fields, client_secret: 'wrong' })).status, 401)
  const answer = await push(fixture, { ...fields, client_secret: client.client_secret ?? '' })
  assert.equal(answer.status, 201)
  const direct = await fetch(authorizeUrl(fixture, client.client_id).url, { redirect: 'manual' })
  const back = new URL(direct.headers.get('location') ?? fixture.issuer)
  assert.equal(back.searchParams.get('error') ?? direct.status, 'invalid_request')
})

test('a push with a proof binds the code to its key', async () => {
  await using fixture = await startAuthorizationServer()
  const [holder, other] = [await createHolder(), await createHolder()]
  const redeemBy = async (by: typeof holder): Promise<number> => {
    const { client_id: clientId } = await register(fixture)
    const { fields, verifier } = fieldsFor(fixture, clientId)
    const answer = await push(fixture, fields, { dpop: await holder.prove({ htu: `${fixture.issuer}/par` }) })
    assert.equal(answer.status, 201)
    const { request_uri: uri } = (await answer.json()) as Pushed
    const code = new URL(await follow(referring(fixture, clientId, uri))).searchParams.get('code') ?? ''
    return (await redeem(fixture, clientId, code, verifier, {}, { dpop: await by.prove({ htu: `${fixture.issuer}/token` }) })).status
  }
  assert.equal(await redeemBy(other), 400)
  assert.equal(await redeemBy(holder), 200)
})

test('what one address pushes is bounded: in size, and in number', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const { fields } = fieldsFor(fixture, clientId)
  const large = await push(fixture, { ...fields, state: 'x'.repeat(9_000) })
  assert.equal(large.status, 413)
  const page = { origin: 'https://app.example' }
  const statuses: number[] = []
  for (let each = 0; each < 61; each++) statuses.push((await push(fixture, fields, page)).status)
  assert.deepEqual([statuses[0], statuses[59], statuses[60]], [201, 201, 429])
  const refused = await push(fixture, fields, page)
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  assert.equal((await push(fixture, fields)).status, 201, 'programs have a budget of their own')
  fixture.advance(600_000)
  assert.equal((await push(fixture, fields, page)).status, 201)
})
