// Our own client against a server in code, over WebSocket with TLS: a person signs in, or there is a key, and everything that the server
// has is used over one connection.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import { MCPClient, type MCPClientOptions } from '../../src/index.ts'
import { signIn } from '../support/browser.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { REDIRECT_URI } from '../support/client.ts'
import { type Notes, startNotes } from './notes.ts'

const authority = await createTestAuthority()
// What stands in for the person's browser trusts the authority as well; the client is told of it.
setDefaultCACertificates([authority.cert])
const ANA = { name: 'ana', password: 'a quiet harbour at dawn' }

let notes: Notes
before(async () => {
  notes = await startNotes({ tls: await authority.issue(['localhost', '127.0.0.1']) })
  await notes.user(ANA.name, ANA.password)
})
after(() => notes[Symbol.asyncDispose]())

const create = (options: Partial<MCPClientOptions>): MCPClient =>
  new MCPClient({ serverUrl: notes.url.replace('https:', 'wss:'), ca: authority.cert, ...options })

async function uses(client: MCPClient): Promise<void> {
  const { read, write, prompt, uri, text } = notes
  const tools = (await client.listTools()).map(({ name }) => name)
  assert.ok(tools.includes(read.name) && !tools.includes(write.name), tools.join())
  assert.deepEqual((await client.callTool(read.name, read.arguments)).content, [{ type: 'text', text }])
  assert.ok(JSON.stringify(await client.getPrompt(prompt.name, prompt.arguments)).includes(prompt.says))
  assert.deepEqual((await client.readResource(uri)).contents, [{ uri, text }])
}

test('a person signs in, and what was granted is used', async () => {
  await using client = create({ auth: { type: 'oauth2' } })
  const url = await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI, scopes: ['tools:read', 'prompts:read', 'resources:read'] })
  await client.handleCallback(await signIn(url, ANA))
  await uses(client)
})

test('a key uses what it may, is asked in the middle of a call, and hears how far it is', async () => {
  const apiKey = await notes.key(['tools:read', 'prompts:read', 'resources:read'])
  const questions: string[] = []
  await using client = create({
    auth: { type: 'api_key', apiKey },
    onInput: {
      elicitation({ message }) {
        questions.push(message)
        return { action: 'accept', content: { name: 'Ana' } }
      },
    },
  })
  await uses(client)
  assert.deepEqual((await client.callTool('sign_note', { name: 'welcome' })).content, [{ type: 'text', text: 'Signed by Ana.' }])
  assert.deepEqual(questions, ['Who signs welcome?'])
  const heard: number[] = []
  await client.callTool('count_notes', {}, { onProgress: ({ progress }) => heard.push(progress) })
  assert.deepEqual(heard, [1, 2, 3])
})
