// C8, C9: as whom the client goes to an authorization server. A hostile one has itself shown what was made for another, or refuses until the
// client says something else about itself.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AnyAnswer, startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI } from '../support/client.ts'

verifies('C8', 'C9')

const DOCUMENT = 'https://app.example/client.json'
const idIn = (url: string): string | null => new URL(url).searchParams.get('client_id')

describe('C8: the order', () => {
  for (const reads of [true, false, 'true', undefined, 1])
    it(`where the authorization server says ${JSON.stringify(reads)} of client documents`, async () => {
      await using world = await startWorld({
        serverMetadata: (document) => ({ ...document, client_id_metadata_document_supported: reads }),
      })
      await using client = createClient(world, { auth: { type: 'oauth2', clientMetadataUrl: DOCUMENT } })
      const id = idIn(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }))
      assert.equal(id === DOCUMENT, reads === true)
      assert.equal(world.to('/register').length, reads === true ? 0 : 1)
    })

  it('registered beforehand, it neither shows its document nor registers', async () => {
    await using world = await startWorld({ serverMetadata: (document) => ({ ...document, client_id_metadata_document_supported: true }) })
    await using client = createClient(world, { auth: { type: 'oauth2', clientId: 'pre', clientMetadataUrl: DOCUMENT } })
    assert.equal(idIn(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })), 'pre')
    assert.equal(world.to('/register').length, 0)
  })

  it('where nothing is left it says what to do, and sends nobody anywhere', async () => {
    await using world = await startWorld({ serverMetadata: (document) => ({ ...document, registration_endpoint: undefined }) })
    await using client = createClient(world)
    await assert.rejects(client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'registration_unsupported')
      assert.match(error.message, /auth\.clientId/)
      return true
    })
  })

  it('a document is https with a path, and belongs to nobody else', () => {
    for (const clientMetadataUrl of [
      'http://app.example/c.json',
      'https://app.example',
      'https://app.example/',
      'https://a:b@app.example/c',
      'https://app.example/c#x',
      'javascript:x',
      'c.json',
    ])
      assert.throws(() => createClient({ serverUrl: 'https://mcp.example/mcp' }, { auth: { type: 'oauth2', clientMetadataUrl } }), {
        name: 'ConfigError',
      })
  })
})

describe('C9: what it says about itself', () => {
  for (const [redirectUri, expected] of [
    ['http://127.0.0.1:53591/callback', 'native'],
    ['http://localhost:53591/callback', 'native'],
    ['http://[::1]:53591/callback', 'native'],
    ['https://app.example/callback', 'web'],
  ] as const)
    it(`${redirectUri} is ${expected}`, async () => {
      await using world = await startWorld()
      await using client = createClient(world)
      await client.getAuthorizationUrl({ redirectUri })
      assert.equal(JSON.parse(world.to('/register')[0]?.text ?? '{}').application_type, expected)
    })

  it('is not changed because it was refused, nor said again and again', async () => {
    await using world = await startWorld({
      registration: () =>
        new AnyAnswer({ status: 400, body: { error: 'invalid_redirect_uri', error_description: 'use http://evil.example' } }),
    })
    await using client = createClient(world)
    await assert.rejects(client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }), (error: Error & { code: string; reason?: string }) => {
      assert.equal(error.code, 'registration_refused')
      assert.equal(error.reason, 'invalid_redirect_uri')
      assert.doesNotMatch(error.message, /evil/)
      return true
    })
    assert.equal(world.to('/register').length, 1)
    assert.deepEqual(JSON.parse(world.to('/register')[0]?.text ?? '{}').redirect_uris, [REDIRECT_URI])
  })

  it('names no place of a person’s to come back to but https and this computer', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    for (const redirectUri of [
      'http://app.example/callback',
      'javascript:x',
      'app:/callback',
      'https://a:b@app.example/',
      'https://app.example/#x',
      '',
    ])
      assert.match(await problemOf(client.getAuthorizationUrl({ redirectUri })), /^ConfigError|TypeError/)
    assert.equal(world.seen.length, 0)
  })
})
