/** What a server may not ask, and who may answer: secrets in forms, pages that are none, answers of somebody else. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { allow, type Entry, type InputRequest, type JsonObject } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import type { Json } from '../support/sse.ts'

verifies('RS28', 'RS29')

let question: InputRequest
const entry: Entry = {
  ...tool('ask', () => say('never')),
  executor: {
    execute: ({ input }) =>
      input ? allow({ kind: 'result', result: say(JSON.stringify(input.latest)) }) : allow({ kind: 'input', requests: { it: question } }),
  },
}
let rig: Rig
before(async () => {
  rig = await startEngine([entry], { alice: principal('alice'), bob: principal('bob') })
})
after(() => rig.close())

const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} }
const form = (properties: JsonObject): InputRequest => ({
  method: 'elicitation/create',
  params: { message: 'Please', requestedSchema: { type: 'object', properties } },
})
const page = (url: unknown): InputRequest => ({
  method: 'elicitation/create',
  params: { mode: 'url', message: 'Open', url, elicitationId: 'e' },
})

async function ask(asked: InputRequest) {
  question = asked
  return (await mcp(rig.url, { token: 'alice', capabilities }).call('ask')).result
}

describe('a form', () => {
  for (const name of [
    'password',
    'userPassword',
    'api_key',
    'apiKey',
    'clientSecret',
    'access_token',
    'private-key',
    'cardNumber',
    'Passphrase',
  ])
    test(`does not ask for ${name}`, async () => {
      const result = await ask(form({ [name]: { type: 'string' } }))
      assert.equal(result.isError, true)
      assert.match(result.content[0].text, /asks for a secret in a form/)
    })
  for (const name of ['name', 'email', 'token_count', 'passenger', 'compass', 'keyboard'])
    test(`may ask for ${name}`, async () => {
      assert.equal((await ask(form({ [name]: { type: 'string' } }))).resultType, 'input_required')
    })
})

describe('a page', () => {
  for (const url of [
    'http://evil.example/x',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'https://user:pw@evil.example/',
    '',
    7,
  ])
    test(`is not ${JSON.stringify(url)}`, async () => {
      assert.equal((await ask(page(url))).isError, true)
    })
  test('is https, or on this machine', async () => {
    for (const url of ['https://accounts.example/connect?id=e', 'http://localhost:4000/connect'])
      assert.equal((await ask(page(url))).resultType, 'input_required')
  })
})

test('a request that no client answers is not sent', async () => {
  for (const asked of [
    { method: 'tools/call', params: {} },
    { method: 'elicitation/create', params: { mode: 'voice', message: 'x' } },
  ])
    assert.equal((await ask(asked as InputRequest)).isError, true)
})

test('in a session only the principal who was asked can answer, and only to the id that was given', async () => {
  question = form({ name: { type: 'string' } })
  const alice = mcp(rig.url, { token: 'alice', version: '2025-11-25', capabilities })
  const bob = mcp(rig.url, { token: 'bob', version: '2025-11-25', capabilities })
  const stream = await alice.open('tools/call', { name: 'ask', arguments: {} })
  const accept = (id: unknown, name: string) => ({ jsonrpc: '2.0', id, result: { action: 'accept', content: { name } } })
  let last: Json
  for await (const message of stream.messages) {
    if (message.method === undefined) last = message
    else {
      for (const id of [message.id, 'ask_000000000000000000000000', '', '__proto__'])
        assert.equal((await bob.answer(accept(id, 'Mallory'))).status, 202)
      for (const id of ['ask_000000000000000000000000', `${message.id}x`]) await alice.answer(accept(id, 'Mallory'))
      await delay(50)
      assert.equal(last, undefined, 'nothing of that was an answer')
      assert.equal((await alice.answer(accept(message.id, 'Alice'))).status, 202)
      await alice.answer(accept(message.id, 'Mallory'))
    }
  }
  assert.match(last.result.content[0].text, /"name":"Alice"/)
})

test('without a session a response is no message, and in 2026-07-28 it never is', async () => {
  const response = { jsonrpc: '2.0', id: 'ask_1', result: {} }
  for (const version of ['2025-11-25', '2026-07-28'] as const) {
    const { status, error } = await mcp(rig.url, { token: 'alice', version }).post(response)
    assert.equal(status, 400)
    assert.equal(error.code, -32600)
  }
})
