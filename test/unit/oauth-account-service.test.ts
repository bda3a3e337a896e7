/** The account's pages in front of a whole server: what is called with a person's own key or by a program that they let in is theirs to see. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { type AtAccount, atAccount } from '../support/account.ts'
import { ANA, connect } from '../support/authorization.ts'
import { textOf } from '../support/browser.ts'
import { mcp } from '../support/mcp.ts'
import { type Served, startService } from '../support/service.ts'
import { lived, until } from '../support/until.ts'

verifies('own-activity', 'personal-keys', 'grant-use')

let served: Served
let me: AtAccount
let place: { readonly issuer: string; readonly resource: string }
before(async () => {
  served = await startService({ port: 0 })
  await served.account()
  place = { issuer: served.service.issuer, resource: served.service.url }
  me = await atAccount(place)
})
after(() => served[Symbol.asyncDispose]())

async function newKey(): Promise<string> {
  const made = await me.send(await me.open('/keys/new'), '/keys/new', { name: 'mine', scope: ['tools:read', 'tools:execute'], days: '7' })
  return /class="once">(spk_\w+)</.exec(made.html)?.[1] ?? ''
}

test('a call with one’s own key is in one’s activity, and is the last use of the key', async () => {
  const key = await newKey()
  const { status, result } = await mcp(place.resource, { key }).call('echo', { text: 'hello' })
  assert.equal(status, 200)
  assert.equal(result.content[0].text, 'hello')
  await mcp(place.resource, { key: served.key }).call('echo', { text: 'of nobody’s' })
  await served.records()
  const text = textOf((await me.open('/activity?kind=calls')).html)
  assert.match(text, new RegExp(`Tool test\\.echo “sallyport-test” spk_${key.slice(4, 12)}… from this computer done`))
  assert.doesNotMatch(text, new RegExp(served.keyId))
  assert.doesNotMatch(text, /hello/, 'what was sent is not kept')
  await until('the use to be written', async () =>
    /last used just now from this computer with “sallyport-test”/.test(textOf((await me.open('/keys')).html)),
  )
  await me.send(await me.open('/keys'), '/keys/revoke')
  assert.equal((await mcp(place.resource, { key }).call('echo', { text: 'a' })).status, 401, 'at once')
})

test('a call by a program is its last use, and what it did is behind its name', async () => {
  const { tokens, clientId } = await connect(place, { metadata: { client_name: 'Notes' } })
  assert.match(textOf((await me.open()).html), /“Notes” .*not used yet/)
  assert.equal((await mcp(place.resource, { token: tokens.access_token }).call('echo', { text: 'a' })).status, 200)
  await until('the use to be written', async () => /“Notes” .*last used just now from this computer/.test(textOf((await me.open()).html)))
  // A call that does not say who sends it.
  const unnamed = await fetch(place.resource, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokens.access_token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'b' } } }),
  })
  assert.equal(unnamed.status, 200)
  await unnamed.text()
  await served.records()
  const text = textOf((await me.open(`/activity?client=${clientId}`)).html)
  assert.match(text, /Only what “Notes” did.*Tool test\.echo “Notes” from .*Tool test\.echo “sallyport-test” from .*Access given/)
  await me.send(await me.open(), '/access/end-all')
  assert.equal((await mcp(place.resource, { token: tokens.access_token }).call('echo', { text: 'a' })).status, 401, 'at once')
})

test('a key ends with its account within a second, whoever switches it off beside the server, and comes back with it', async () => {
  const key = await newKey()
  const works = async () => (await mcp(place.resource, { key }).call('echo', { text: 'a' })).status === 200
  assert.ok(await works())
  const beside = await openData({ dataDir: served.dataDir })
  const accounts = createAccounts({ store: beside.store, clock: Date.now })
  await accounts.disable(ANA.name)
  using time = lived()
  await until('the key to end', async () => !(await works()))
  assert.ok(time.ms() < 1_000)
  assert.match(new URL((await me.open()).url).pathname, /\/sign-in$/)
  await accounts.enable(ANA.name)
  await until('the key to be good again', works)
  await beside.store.close()
})

test('what a person does to their account is in their activity, too, and without any secret', async () => {
  me = await atAccount(place)
  const key = await newKey()
  await served.records()
  const page = await me.open('/activity?kind=account')
  assert.match(textOf(page.html), new RegExp(`Key made ${key.slice(4, 12)}`))
  assert.ok(!page.html.includes(key.slice(13)))
  assert.match(textOf((await me.open('/activity?kind=sign-in')).html), /Sign-in .* done/)
})
