import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OAuth2Options } from '../../src/client/index.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { AnyAnswer, startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'

verifies('C8', 'C9')

const DOCUMENT = 'https://app.example/oauth/client.json'
const reads: WorldOptions['serverMetadata'] = (document) => ({ ...document, client_id_metadata_document_supported: true })
const asked = (world: World): (string | null)[] =>
  world.to('/authorize').map(({ path }) => new URL(path, world.issuer).searchParams.get('client_id'))

/** As whom the client goes there. */
async function idAt(serverMetadata: WorldOptions['serverMetadata'], auth: Partial<OAuth2Options>): Promise<string | null | undefined> {
  await using world = await startWorld({ ...(serverMetadata && { serverMetadata }) })
  await using client = createClient(world, { auth: { type: 'oauth2', ...auth } })
  await signInTo(world, client)
  assert.equal((await client.listTools()).length, 1)
  return asked(world)[0]
}

describe('who the client is', () => {
  it('is what was registered beforehand, else the document that it publishes, else what it registers as', async () => {
    assert.equal(await idAt(reads, { clientId: 'ours', clientMetadataUrl: DOCUMENT }), 'ours')
    assert.equal(await idAt(reads, { clientMetadataUrl: DOCUMENT }), DOCUMENT)
    assert.equal(await idAt(undefined, { clientMetadataUrl: DOCUMENT }), 'client-1')
    assert.equal(await idAt(reads, {}), 'client-1')
  })

  it('is an error that says what to do where there is no way', async () => {
    const registers = { registration_endpoint: undefined }
    for (const [more, text] of [
      [{}, /give its id as auth\.clientId/],
      [{ client_id_metadata_document_supported: true }, /auth\.clientMetadataUrl/],
    ] as const) {
      await using world = await startWorld({ serverMetadata: (document) => ({ ...document, ...registers, ...more }) })
      await using client = createClient(world)
      await assert.rejects(client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }), { code: 'registration_unsupported', message: text })
    }
  })

  it('is registered once for each issuer and place, also after a restart', async () => {
    await using world = await startWorld()
    const tokenStore = createMemoryTokenStore()
    for (let start = 0; start < 3; start++) {
      await using client = createClient(world, { tokenStore })
      await signInTo(world, client)
    }
    assert.equal(world.to('/register').length, 1)
    await using other = createClient(world, { tokenStore })
    await other.getAuthorizationUrl({ redirectUri: 'https://app.example/callback' })
    assert.deepEqual(
      world.to('/register').map(({ text }) => JSON.parse(text).application_type),
      ['native', 'web'],
    )
  })

  it('is registered anew where the secret has expired', async () => {
    await using world = await startWorld({
      registration: (document) => ({
        ...document,
        client_secret: 'a secret',
        client_secret_expires_at: 1,
        token_endpoint_auth_method: 'client_secret_basic',
      }),
    })
    await using client = createClient(world)
    await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
    await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
    assert.equal(world.to('/register').length, 2)
  })

  it('is refused with the reason that the authorization server gave, such as for a kind of application', async () => {
    await using world = await startWorld({
      registration: () => new AnyAnswer({ status: 400, body: { error: 'invalid_redirect_uri' } }) as never,
    })
    await using client = createClient(world)
    await assert.rejects(client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }), {
      code: 'registration_refused',
      reason: 'invalid_redirect_uri',
    })
  })

  it('is proved as the authorization server takes it: a secret in the form where it wants no header', async () => {
    for (const [methods, place] of [
      [['client_secret_basic', 'client_secret_post'], 'header'],
      [['client_secret_post'], 'form'],
    ] as const) {
      await using world = await startWorld({
        serverMetadata: (document) => ({ ...document, token_endpoint_auth_methods_supported: methods }),
      })
      await using client = createClient(world, {
        auth: { type: 'oauth2', clientId: 'ours', clientSecret: 'of-ours', issuer: world.issuer },
      })
      await signInTo(world, client)
      const [sent] = world.to('/token')
      assert.equal(sent?.headers.authorization === undefined ? 'form' : 'header', place)
      assert.equal(new URLSearchParams(sent?.text).get('client_secret'), place === 'form' ? 'of-ours' : null)
    }
    await using none = await startWorld({
      serverMetadata: (document) => ({ ...document, token_endpoint_auth_methods_supported: ['none'] }),
    })
    await using client = createClient(none, { auth: { type: 'oauth2', clientId: 'ours', clientSecret: 'of-ours', issuer: none.issuer } })
    assert.equal(await problemOf(client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })), 'AuthorizationError registration_unsupported')
  })
})
