// A12 (OAuth 2.1 §3.2.3, RFC 6749 §5.1): whatever the token endpoint answers is JSON that nobody keeps, whatever was asked and however; and
// so is everything else that carries a code, a secret or a token.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { authorizeUrl, connect, postForm, postJson, redeem, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, type Shown } from '../support/browser.ts'
import { getCode } from '../support/codes.ts'

verifies('A12')

/** What a browser would rather have. */
const accepting = ['text/html', 'application/xhtml+xml,text/html;q=0.9,*/*;q=0.1', 'text/plain', '', 'application/json;q=0'] as const

async function assertPrivateJson(answer: Response, what: string, status: number, error?: string): Promise<Record<string, unknown>> {
  assert.equal(answer.status, status, what)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json(; ?charset=utf-8)?$/i, what)
  assert.equal(answer.headers.get('cache-control'), 'no-store', what)
  assert.equal(answer.headers.get('location'), null, what)
  const body = (await answer.json()) as Record<string, unknown>
  assert.equal(body['error'], error, what)
  if (error !== undefined) assert.equal(body['access_token'], undefined)
  return body
}

describe('A12: the token endpoint', () => {
  it('answers JSON that is not stored, good or bad, whatever Accept prefers', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    const token = `${fixture.issuer}/token`
    for (const accept of accepting) {
      const headers = { accept }
      const { code, verifier } = await getCode(fixture, clientId)
      const fields = {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: 'http://127.0.0.1:53591/callback',
        client_id: clientId,
      }
      const tokens = await assertPrivateJson(await postForm(token, fields, headers), `code, ${accept}`, 200)
      assert.deepEqual([typeof tokens['access_token'], tokens['token_type']], ['string', 'Bearer'])
      const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']), client_id: clientId }
      await assertPrivateJson(await postForm(token, refresh, headers), `refresh, ${accept}`, 200)
      await assertPrivateJson(await postForm(token, fields, headers), `a used code, ${accept}`, 400, 'invalid_grant')
      await assertPrivateJson(
        await postForm(token, { ...fields, client_id: 'cl_nobody' }, headers),
        `nobody, ${accept}`,
        401,
        'invalid_client',
      )
      await assertPrivateJson(
        await postForm(token, { ...fields, grant_type: 'nonsense' }, headers),
        `no grant, ${accept}`,
        400,
        'unsupported_grant_type',
      )
      await assertPrivateJson(await postForm(token, { client_id: clientId }, headers), `nothing, ${accept}`, 400, 'invalid_request')
      await assertPrivateJson(await postForm(token, { x: 'y'.repeat(70_000) }, headers), `too much, ${accept}`, 413, 'invalid_request')
    }
  })
  it('reads a form, and nothing that only looks like one', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    const { code, verifier } = await getCode(fixture, clientId)
    const fields = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: 'http://127.0.0.1:53591/callback',
      client_id: clientId,
    }
    const asJson = await postJson(`${fixture.issuer}/token`, fields)
    assert.ok([400, 401, 415].includes(asJson.status))
    assert.match(asJson.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(asJson.headers.get('cache-control'), 'no-store')
    const twice = new URLSearchParams({ ...fields })
    twice.append('code', 'another')
    const answer = await fetch(`${fixture.issuer}/token`, { method: 'POST', body: twice })
    await assertPrivateJson(answer, 'two codes', 400, 'invalid_request')
    assert.equal((await redeem(fixture, clientId, code, verifier)).status, 200, 'neither used it up')
  })
  it('no method but POST reaches it', async () => {
    await using fixture = await startAuthorizationServer()
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await fetch(`${fixture.issuer}/token?grant_type=refresh_token`, { method, headers: { accept: 'text/html' } })
      await assertPrivateJson(answer, method, 405, 'invalid_request')
    }
    const head = await fetch(`${fixture.issuer}/token`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('cache-control'), head.headers.get('allow')], [405, 'no-store', 'POST, OPTIONS'])
  })
})

describe('A12: what else carries a secret', () => {
  it('a registration and a revocation are not stored', async () => {
    await using fixture = await startAuthorizationServer()
    for (const accept of accepting) {
      const answer = await fetch(`${fixture.issuer}/register`, {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['http://localhost/cb'], token_endpoint_auth_method: 'client_secret_basic' }),
      })
      const registered = await assertPrivateJson(answer, `register, ${accept}`, 201)
      assert.equal(typeof registered['client_secret'], 'string')
    }
    await assertPrivateJson(await postJson(`${fixture.issuer}/register`, {}), 'no registration', 400, 'invalid_redirect_uri')
    const { tokens, clientId } = await connect(fixture)
    const revoked = await postForm(`${fixture.issuer}/revoke`, { token: tokens.access_token, client_id: clientId })
    assert.deepEqual([revoked.status, await revoked.text()], [200, ''])
  })
  it('neither the pages of a sign-in nor the redirect with the code are stored, and no page says where it was to others', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    const { url } = authorizeUrl(fixture, clientId)
    const first = await fetch(url, { redirect: 'manual' })
    assert.equal(first.headers.get('cache-control'), 'no-store')
    const page = (await createBrowser().open(url)) as Shown
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.match(page.headers.get('referrer-policy') ?? '', /^(same-origin|no-referrer)$/)
    const refused = await fetch(authorizeUrl(fixture, clientId, { prompt: 'none' }).url, { redirect: 'manual' })
    assert.equal(refused.headers.get('cache-control'), 'no-store')
  })
})
