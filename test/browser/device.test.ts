/** A device shows a code; a person types it in, reads who asks, signs in and answers: allowed, stopped, wrong. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { postForm, postJson, type Tokens } from '../support/authorization.ts'
import type { TestServer } from '../support/server.ts'
import { allow, signIn, startPlace, toolsWith } from './place.ts'
import { openVisitor, walk } from './visitor.ts'

let place: TestServer
let clientId: string
before(async () => {
  place = await startPlace()
  const registered = await postJson(`${place.issuer}/register`, {
    client_name: 'Living room',
    grant_types: [GRANT, 'refresh_token'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'none',
  })
  clientId = ((await registered.json()) as { client_id: string }).client_id
})
after(() => place[Symbol.asyncDispose]())

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

interface Begun {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
}
async function begin(): Promise<Begun> {
  const response = await postForm(`${place.issuer}/device_authorization`, { client_id: clientId, resource: place.url })
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as Begun
}
const poll = ({ device_code }: Begun): Promise<Response> =>
  postForm(`${place.issuer}/token`, { grant_type: GRANT, client_id: clientId, device_code, resource: place.url })

for (const javaScript of [true, false])
  walk(`a device is connected${javaScript ? '' : ', without JavaScript too'}`, async () => {
    await using visitor = await openVisitor({ javaScript })
    const { page } = visitor
    const begun = await begin()
    await page.goto(begun.verification_uri)
    if (javaScript) await visitor.look('device-code')
    await page.getByLabel('Code').fill('BCDF-GHJK')
    await page.getByRole('button', { name: 'Continue' }).click()
    if (javaScript) await visitor.look('device-wrong-code')
    await page.getByLabel('Code').fill(begun.user_code)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'It is my device' }).waitFor()
    if (javaScript) await visitor.look('device-confirm')
    await page.getByRole('button', { name: 'It is my device' }).click()
    await signIn(page)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    if (javaScript) await visitor.look('device-consent')
    await allow(page)
    await page.getByRole('heading', { name: 'The device is connected' }).waitFor()
    if (javaScript) await visitor.look('device-done')
    const response = await poll(begun)
    assert.equal(response.status, 200, await response.clone().text())
    assert.ok((await toolsWith(place, (await response.json()) as Tokens)).includes('write_note'))
  })

walk('a person who was sent a link by somebody else stops it, and the device gets nothing', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  const begun = await begin()
  await page.goto(begun.verification_uri_complete)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('heading', { name: 'Nothing was allowed' }).waitFor()
  await visitor.look('device-stopped')
  assert.equal((await poll(begun)).status, 400)
})
