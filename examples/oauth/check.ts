// From nothing to a call: the owner's account, a client that registers itself, the pages, the token, the call, the step-up.

import assert from 'node:assert/strict'
import { MCPClient, MCPRequestError } from 'sallyport'
import { createBrowser, formsOf, signIn } from '../../test/support/browser.ts'
import { check } from '../support.ts'
import { server } from './server.ts'

const person = { name: 'ana', password: 'a quiet harbour at dawn' }
const redirectUri = 'http://127.0.0.1:53591/callback'

await check(
  'oauth: signed in, called, stepped up, refused',
  () => server.close(),
  async () => {
    const { url, setupLink = '' } = await server.listen()
    await makeOwner(setupLink)

    // Asks for reading alone.
    const client = new MCPClient({ serverUrl: url, auth: { type: 'oauth2', scopes: ['tools:read'] } })
    await client.handleCallback(await signIn(await client.getAuthorizationUrl({ redirectUri }), person))
    assert.deepEqual(
      (await client.listTools()).map(({ name }) => name),
      ['read_note'],
    )
    const read = await client.callTool('read_note', { name: 'welcome' })
    assert.match(JSON.stringify(read.content), /somebody who may ask/)

    // Writing needs more, and the person is asked.
    await assert.rejects(client.callTool('write_note', { name: 'x', text: 'y' }), /tools:execute|scope/)
    const again = await client.getAuthorizationUrl({ redirectUri, scopes: ['tools:read', 'tools:execute'] })
    await client.handleCallback(await signIn(again, person))
    assert.match(JSON.stringify((await client.callTool('write_note', { name: 'x', text: 'y' })).content), /Written by ana/)

    // The owner may delete a few, and nobody many.
    assert.match(JSON.stringify((await client.callTool('delete_notes', { names: ['x'] })).content), /Deleted 1/)
    const many = await client.callTool('delete_notes', { names: ['a', 'b', 'c', 'd'] }).catch((error: MCPRequestError) => error)
    assert.match(JSON.stringify('content' in many ? many.content : many.message), /a rule of this server does not allow it/)
    await client.close()
  },
)

/** What the person does with the link in the terminal. */
async function makeOwner(link: string): Promise<void> {
  const browser = createBrowser()
  const page = await browser.open(link)
  assert.ok('html' in page)
  const form = formsOf(page)[0]
  assert.ok(form)
  const typed = { name: person.name, password: person.password, again: person.password }
  const values = form.fields.map((field) => [field.name, typed[field.name as keyof typeof typed] ?? field.value] as const)
  const done = await browser.submit(page, form, values)
  assert.ok('status' in done && done.status === 201)
}
