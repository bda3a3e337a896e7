// A4 (RFC 9207): every answer of the authorization endpoint names its issuer, errors too, and it is the one of the metadata to the letter:
// a client that compares can tell which of two servers it was sent back from.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, type Fixture, type FixtureOptions, register, startAuthorizationServer } from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'
import { land } from '../support/codes.ts'
import { plainGet } from '../support/plain-get.ts'

verifies('A4')

type Changes = Record<string, string | undefined>

/** Requests that end at the client with that error. */
const failing: readonly (readonly [error: string, changes: Changes])[] = [
  ['access_denied', {}],
  ['invalid_scope', { scope: 'nothing that exists' }],
  ['invalid_target', { resource: 'https://elsewhere.example/mcp' }],
  ['invalid_request', { code_challenge: undefined, code_challenge_method: undefined }],
  ['invalid_request', { code_challenge_method: 'plain' }],
  ['login_required', { prompt: 'none' }],
]

async function metadataOf({ issuer, port }: Fixture, path = new URL(issuer).pathname.replace(/\/$/, '')): Promise<Record<string, unknown>> {
  return (await (await fetch(`http://localhost:${port}/.well-known/oauth-authorization-server${path}`)).json()) as Record<string, unknown>
}

const servers: readonly (readonly [string, FixtureOptions])[] = [
  ['at the root', {}],
  ['below a path', { base: '/auth' }],
]
for (const [where, options] of servers)
  describe(`A4: an issuer ${where}`, () => {
    it('is in every answer once, with and without a state, and announced', async () => {
      await using fixture = await startAuthorizationServer(options)
      const metadata = await metadataOf(fixture)
      assert.equal(metadata['authorization_response_iss_parameter_supported'], true)
      const { client_id: clientId } = await register(fixture)
      for (const state of ['the state', undefined]) {
        const allowed = await land(fixture, clientId, { state })
        assert.ok(allowed.searchParams.get('code'))
        assert.deepEqual(allowed.searchParams.getAll('iss'), [metadata['issuer']])
        for (const [error, changes] of failing) {
          const { url } = authorizeUrl(fixture, clientId, { state, ...changes })
          const landed = new URL(await signIn(url, { ...ANA, deny: error === 'access_denied' }))
          assert.equal(landed.searchParams.get('error'), error, JSON.stringify(changes))
          assert.deepEqual(landed.searchParams.getAll('iss'), [metadata['issuer']], error)
          assert.deepEqual(landed.searchParams.getAll('state'), state === undefined ? [] : [state])
        }
      }
    })
  })

describe('A4: what a request says of the issuer', () => {
  it('is not repeated: neither a parameter nor a header becomes the issuer of the answer', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    const landed = await land(fixture, clientId, { iss: 'https://evil.example' })
    assert.deepEqual(landed.searchParams.getAll('iss'), [fixture.issuer])
    const { url } = authorizeUrl(fixture, clientId, { prompt: 'none', iss: 'https://evil.example' })
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }
    const answer = await fetch(url, { redirect: 'manual', headers })
    assert.deepEqual(new URL(answer.headers.get('location') ?? '').searchParams.getAll('iss'), [fixture.issuer])
  })
  it('is the public one where a proxy stands in front', async () => {
    await using fixture = await startAuthorizationServer({ publicUrl: 'https://mcp.example.com' })
    const { port, resource } = fixture
    const { client_id: clientId } = await register({ issuer: `http://127.0.0.1:${port}` })
    const { pathname, search } = new URL(authorizeUrl({ issuer: 'https://mcp.example.com', resource }, clientId, { prompt: 'none' }).url)
    const { headers } = await plainGet(port, pathname + search, { host: 'mcp.example.com' })
    assert.equal(new URL(headers.location ?? '').searchParams.get('iss'), 'https://mcp.example.com')
  })
})
