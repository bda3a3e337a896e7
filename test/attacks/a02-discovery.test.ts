// A2: the metadata says what is there and nothing else, under exactly the issuer that it is asked for. What it leaves out is refused:
// a client that is talked into it gets nowhere.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { authorizeUrl, postForm, register, startAuthorizationServer } from '../support/authorization.ts'
import { land } from '../support/codes.ts'
import { plainGet as get } from '../support/plain-get.ts'

verifies('A2')

type Metadata = Readonly<Record<string, unknown>>
const WELL_KNOWN = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']
const list = (metadata: Metadata, member: string): readonly string[] => (metadata[member] ?? []) as readonly string[]

async function metadataOf({ port }: { readonly port: number }): Promise<Metadata> {
  return JSON.parse((await get(port, WELL_KNOWN[0] as string)).text)
}

describe('A2: discovery', () => {
  it('the issuer is the one that was set, whatever the request calls it', async () => {
    await using fixture = await startAuthorizationServer()
    const { port, issuer } = fixture
    for (const path of WELL_KNOWN) {
      const first = (await get(port, path)).text
      for (const headers of [
        { host: 'evil.example' },
        { host: `localhost:${port}.` },
        { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '1' },
        { forwarded: 'host=evil.example;proto=https' },
        { 'x-original-url': '/evil', 'x-rewrite-url': '/evil' },
      ] as Record<string, string>[]) {
        const { status, text } = await get(port, path, headers)
        assert.deepEqual([status, text], [200, first], JSON.stringify(headers))
      }
      assert.equal(JSON.parse(first).issuer, issuer)
    }
  })
  it('nothing answers under the name of another issuer of the same machine', async () => {
    await using fixture = await startAuthorizationServer({ base: '/auth' })
    const paths = WELL_KNOWN.flatMap((path) => [
      path,
      `${path}/`,
      `${path}/other`,
      `${path}/auth/`,
      `${path}/AUTH`,
      `${path}/auth/..`,
      `/other${path}`,
    ])
    for (const path of paths) assert.equal((await get(fixture.port, path)).status, 404, path)
    for (const path of WELL_KNOWN) assert.equal(JSON.parse((await get(fixture.port, `${path}/auth`)).text).issuer, fixture.issuer)
  })
  it('S256 is the one method, and the other is refused whoever asks', async () => {
    await using fixture = await startAuthorizationServer()
    assert.deepEqual(list(await metadataOf(fixture), 'code_challenge_methods_supported'), ['S256'])
    const { client_id: clientId } = await register(fixture)
    for (const method of ['plain', 's256', 'S512', '', 'S256 plain']) {
      const landed = await land(fixture, clientId, { code_challenge_method: method, code_challenge: 'x'.repeat(43) })
      assert.deepEqual([landed.searchParams.get('error'), landed.searchParams.get('code')], ['invalid_request', null], method)
    }
  })
  it('each endpoint that is named is there, below the issuer, and no other of the kind answers', async () => {
    await using fixture = await startAuthorizationServer()
    const metadata = await metadataOf(fixture)
    const named = Object.entries(metadata).filter(([member]) => /_endpoint$|^jwks_uri$/.test(member))
    assert.ok(named.length >= 5)
    for (const [member, url] of named) {
      assert.ok(String(url).startsWith(`${fixture.issuer}/`), member)
      for (const method of ['GET', 'POST'] as const) {
        const { status } = await fetch(String(url), { method, redirect: 'manual' })
        assert.ok(status !== 404 && status < 500, `${method} ${member}: ${status}`)
      }
    }
    const there = new Set(named.map(([, url]) => new URL(String(url)).pathname))
    for (const path of [
      '/introspect',
      '/token/introspection',
      '/par',
      '/request',
      '/device_authorization',
      '/userinfo',
      '/me',
      '/end_session',
      '/session/end',
      '/bc-authorize',
    ])
      if (!there.has(path)) assert.ok([404, 405].includes((await fetch(fixture.issuer + path, { method: 'POST' })).status), path)
  })
  it('a grant type is known to the token endpoint where it is named, and to nobody where it is not', async () => {
    await using fixture = await startAuthorizationServer()
    const supported = list(await metadataOf(fixture), 'grant_types_supported')
    assert.ok(supported.includes('authorization_code') && supported.includes('refresh_token'))
    const { client_id: clientId, client_secret: secret } = await register(fixture, { token_endpoint_auth_method: 'client_secret_post' })
    // What would need an issuer that is trusted says so to the client, which the operator may want to help.
    const unknown = /^(unsupported_grant_type|unauthorized_client|invalid_request)$/
    for (const type of [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:saml2-bearer',
      'urn:openid:params:grant-type:ciba',
      'password',
    ]) {
      const answer = await postForm(`${fixture.issuer}/token`, {
        grant_type: type,
        client_id: clientId,
        client_secret: secret,
        assertion: 'e30.e30.x',
      })
      const { error } = (await answer.json()) as { error: string }
      if (supported.includes(type)) assert.notEqual(error, 'unsupported_grant_type', type)
      else assert.match(error, unknown, type)
    }
  })
  it('an answer comes in the one way that is named: none goes into a fragment, a form or a window', async () => {
    await using fixture = await startAuthorizationServer()
    assert.deepEqual(list(await metadataOf(fixture), 'response_modes_supported'), ['query'])
    const { client_id: clientId } = await register(fixture)
    assert.equal((await fetch(authorizeUrl(fixture, clientId, { response_mode: 'query' }).url, { redirect: 'manual' })).status, 303)
    for (const mode of ['fragment', 'form_post', 'web_message', 'jwt', 'query.jwt', 'pi.flow']) {
      const answer = await fetch(authorizeUrl(fixture, clientId, { response_mode: mode }).url, { redirect: 'manual' })
      assert.deepEqual([answer.status, answer.headers.get('location')], [400, null], mode)
      const html = await answer.text()
      assert.match(html, /unsupported_response_mode/, mode)
      assert.doesNotMatch(html, /<form|<script/, mode)
    }
  })
  it('no document of any kind tells a private part of a key', async () => {
    await using fixture = await startAuthorizationServer()
    const { keys } = JSON.parse((await get(fixture.port, '/jwks')).text) as { keys: Record<string, unknown>[] }
    assert.ok(keys.length > 0)
    for (const key of keys) for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) assert.equal(key[member], undefined, member)
  })
})
