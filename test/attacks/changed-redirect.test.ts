// A redirect that is changed between the request and the code (G4): in the request, in the registration, in the document of a client, or
// when the code is redeemed. The code goes to nobody then.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import {
  authorizeUrl,
  CALLBACK,
  type Fixture,
  type Registered,
  redeem,
  register,
  startAuthorizationServer,
} from '../support/authorization.ts'
import { textOf } from '../support/browser.ts'
import { landed, openConsent } from '../support/consent.ts'

verifies('changed-redirect')

const EVIL = 'https://evil.example/callback'

/** As a client changes its own registration (RFC 7592 §2.2). */
async function change(client: Registered, redirect_uris: readonly string[]): Promise<void> {
  const { client_id, client_name, token_endpoint_auth_method } = client
  const response = await fetch(String(client['registration_client_uri']), {
    method: 'PUT',
    headers: { authorization: `Bearer ${String(client['registration_access_token'])}`, 'content-type': 'application/json' },
    body: JSON.stringify({ client_id, client_name, token_endpoint_auth_method, redirect_uris }),
  })
  assert.equal(response.status, 200, await response.text())
}
const grants = async ({ store }: Fixture): Promise<number> => (await store.records('grant').list()).length

describe('a redirect that was changed', () => {
  it('in the request is refused before anybody signs in', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    for (const redirect_uri of [EVIL, `${CALLBACK}/`, `${CALLBACK}?next=${EVIL}`, CALLBACK.replace('callback', '%63allback')]) {
      const response = await fetch(authorizeUrl(fixture, clientId, { redirect_uri }).url, { redirect: 'manual' })
      assert.equal(response.status, 400, redirect_uri)
      assert.match(textOf(await response.text()), /will not send you there/)
    }
  })
  it('in the registration, after the request, ends it: the answer goes neither to the old place nor to the new one', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture)
    const asked = await openConsent(fixture, client.client_id)
    await change(client, [EVIL])
    const shown = await asked.answer()
    assert.ok('html' in shown, 'nobody is sent anywhere')
    assert.equal(shown.status, 400)
    assert.match(textOf(shown.html), /will not send you there/)
    const artifacts = await fixture.store.records('oauth_artifact').list()
    assert.ok(!artifacts.some(({ id }) => id.startsWith('AuthorizationCode:')), 'there is no code')
  })
  it('in the form of a consent changes nothing: it goes where the page said', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [CALLBACK, 'https://app.example/cb'] })
    const asked = await openConsent(fixture, clientId)
    const shown = await asked.answer({ changed: { redirect_uri: 'https://app.example/cb', client_id: 'cl_other', state: 'other' } })
    assert.ok('stoppedAt' in shown && shown.stoppedAt.startsWith(`${CALLBACK}?`))
    assert.equal(landed(shown).get('state'), 'the state')
  })
  it('when the code is redeemed gets no token', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [CALLBACK, 'https://app.example/cb'] })
    const asked = await openConsent(fixture, clientId)
    const code = landed(await asked.answer()).get('code') ?? ''
    const wrong = await redeem(fixture, clientId, code, asked.verifier, { redirect_uri: 'https://app.example/cb' })
    assert.equal(wrong.status, 400)
    assert.equal(((await wrong.json()) as { error: string }).error, 'invalid_grant')
  })
  it('takes the approval of an operator with it: people are asked again', async () => {
    await using fixture = await startAuthorizationServer()
    const good = 'https://app.example/cb'
    const client = await register(fixture, { redirect_uris: [good] })
    assert.ok(await fixture.clients.approve(client.client_id, 'root'))
    await change(client, [good, EVIL])
    const { text } = await openConsent(fixture, client.client_id, { redirect_uri: EVIL })
    assert.match(text, /not verified.*send you back to evil\.example/)
    assert.equal(await grants(fixture), 0)
    assert.equal((await fixture.clients.get(client.client_id))?.approved?.lapsed, true)
  })
})
