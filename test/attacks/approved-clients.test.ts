// An approved client spares people the question, which makes its id worth stealing (RFC 8252 §8.6): the id is public. So nobody is asked only
// where the answer goes to a place that is the client's own.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
  type Tokens,
  verify,
} from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, signIn, textOf } from '../support/browser.ts'
import { openConsent } from '../support/consent.ts'

verifies('consent-approval')

const APP = 'https://app.example/cb'

/** Where a browser ends up that signs in and is asked nothing more; a page where it is. */
async function arrive(fixture: Fixture, clientId: string, changes: Record<string, string> = {}, browser = createBrowser()) {
  const { url, verifier } = authorizeUrl(fixture, clientId, { redirect_uri: APP, ...changes })
  const isThere = (at: string) => at.startsWith(changes['redirect_uri'] ?? APP)
  const page = await browser.open(url, isThere)
  if ('stoppedAt' in page) return { shown: page, verifier }
  const form = formsOf(page)[0]
  assert.ok(form, textOf(page.html))
  if (!form.fields.some(({ type }) => type === 'password')) return { shown: page, verifier }
  const values = [...prefilled(form), ['name', ANA.name], ['password', ANA.password]] as [string, string][]
  return { shown: await browser.submit(page, form, values, isThere), verifier }
}
const isAsked = (shown: Shown | { readonly stoppedAt: string }): boolean => 'html' in shown && /Allow “/.test(textOf(shown.html))

describe('an approved client', () => {
  it('gets its answer without a question, once the person has signed in, and that is on record', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [APP] })
    assert.ok(isAsked((await arrive(fixture, clientId)).shown), 'not approved yet')
    assert.ok(await fixture.clients.approve(clientId, 'root'))
    const browser = createBrowser()
    const { shown, verifier } = await arrive(fixture, clientId, { scope: 'tools:read' }, browser)
    assert.ok('stoppedAt' in shown)
    const code = new URL(shown.stoppedAt).searchParams.get('code') ?? ''
    const tokens = (await (await redeem(fixture, clientId, code, verifier, { redirect_uri: APP })).json()) as Tokens
    const principal = await verify(fixture, tokens.access_token)
    assert.ok(typeof principal === 'object')
    assert.deepEqual([principal.subject, [...principal.scopes]], ['ana', ['tools:read']])
    const record = fixture.records.findLast(({ action }) => action === 'consent')
    assert.deepEqual(
      [record?.decision, record?.subject, record?.clientId, record?.facts?.['approvedBy']],
      ['allow', 'ana', clientId, 'root'],
    )

    await fixture.clients.unapprove(clientId)
    assert.ok(isAsked((await arrive(fixture, clientId, {}, browser)).shown), 'no longer')
  })
  it('is asked about all the same where it wants that, and where another program could pass for it', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [APP, CALLBACK] })
    assert.ok(await fixture.clients.approve(clientId, 'root'))
    for (const [name, changes] of Object.entries({
      'prompt=consent': { prompt: 'consent', scope: 'tools:read offline_access' },
      'prompt=login consent': { prompt: 'login consent' },
      'this computer': { redirect_uri: CALLBACK },
    })) {
      const { shown } = await arrive(fixture, clientId, changes)
      assert.ok(isAsked(shown), name)
      assert.match('html' in shown ? textOf(shown.html) : '', /approved by who runs this server/)
    }
    assert.equal((await fixture.store.records('grant').list()).length, 0)
  })
  it('is asked about where a device waits: the code may be somebody else’s', async () => {
    await using fixture = await startAuthorizationServer()
    const grant_types = ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token']
    const { client_id: clientId } = await register(fixture, { grant_types, redirect_uris: [], response_types: [] })
    assert.ok(await fixture.clients.approve(clientId, 'root'))
    const begun = (await (await postForm(`${fixture.issuer}/device_authorization`, { client_id: clientId })).json()) as {
      user_code: string
    }
    const browser = createBrowser()
    let page = await browser.open(`${fixture.issuer}/device`)
    for (const fields of [
      [['user_code', begun.user_code]],
      [['confirm', 'yes']],
      [
        ['name', ANA.name],
        ['password', ANA.password],
      ],
    ] as [string, string][][]) {
      assert.ok('html' in page)
      const form = formsOf(page)[0]
      assert.ok(form)
      const kept = prefilled(form).filter(([name]) => !fields.some(([field]) => field === name))
      page = await browser.submit(page, form, [...kept, ...fields])
    }
    assert.ok(isAsked(page))
  })
  it('is another one as soon as it calls itself something else, and the same again when that is taken back', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, { client_name: 'Reports', redirect_uris: [APP] })
    const { client_id, registration_client_uri: uri, registration_access_token: token } = client
    assert.ok(await fixture.clients.approve(client_id, 'root'))
    const rename = async (client_name: string) => {
      const body = JSON.stringify({
        client_id,
        client_name,
        redirect_uris: [APP],
        token_endpoint_auth_method: 'none',
        grant_types: client['grant_types'],
      })
      const headers = { authorization: `Bearer ${String(token)}`, 'content-type': 'application/json' }
      assert.equal((await fetch(String(uri), { method: 'PUT', headers, body })).status, 200)
    }
    await rename('Your bank')
    assert.ok(isAsked((await arrive(fixture, client_id)).shown))
    await rename('Reports')
    assert.ok(!isAsked((await arrive(fixture, client_id)).shown))
  })
  it('is nobody where there is none of that id, and a client cannot approve itself', async () => {
    await using fixture = await startAuthorizationServer()
    assert.equal(await fixture.clients.approve('cl_nobody', 'root'), false)
    assert.equal(await fixture.clients.unapprove('cl_nobody'), false)
    const { client_id: clientId } = await register(fixture, { redirect_uris: [APP], approval: { by: 'me' }, approved: true })
    assert.equal((await fixture.clients.get(clientId))?.approved, undefined)
    const { text } = await openConsent(fixture, clientId, { redirect_uri: APP })
    assert.match(text, /not verified/)
    assert.ok((await signIn(authorizeUrl(fixture, clientId, { redirect_uri: APP }).url, ANA)).startsWith(APP))
  })
})
