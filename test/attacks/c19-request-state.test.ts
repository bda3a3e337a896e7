// C19: what a server gives the client to bring back with the answers to its questions is the server's alone: it comes back byte for byte,
// once, with a request of its own number, and nobody else sees it.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { verifies } from '../requirements.ts'
import { createClient } from '../support/client.ts'
import { said, startHostileServer } from '../support/hostile-server.ts'

verifies('C19')

const question = {
  method: 'elicitation/create',
  params: { mode: 'form', message: '?', requestedSchema: { type: 'object', properties: {} } },
}
const states = [
  'plain',
  ' padded ',
  '{"__proto__":{"polluted":true}}',
  'e\u0301 is not \u00e9',
  '\u0000\u0001\u001b[31m',
  '%2e%2e%2f',
  '\u{1f600}\ufeff\u200b',
  'x'.repeat(60_000),
]

for (const state of states)
  it(`comes back as it was: ${JSON.stringify(state).slice(0, 40)}`, async () => {
    await using server = await startHostileServer({
      'tools/call': ({ message: { params } }) =>
        params.requestState === undefined
          ? { resultType: 'input_required', requestState: state, inputRequests: { a: question } }
          : said('done'),
    })
    const lines: unknown[] = []
    await using client = createClient(server, {
      auth: undefined,
      log: (...line) => lines.push(line),
      onInput: { elicitation: () => ({ action: 'accept', content: {} }) },
    })
    await client.callTool('echo', { n: 1 })
    const [first, second, ...more] = server.to('tools/call')
    assert.equal(more.length, 0)
    assert.equal(first?.message.params.requestState, undefined)
    assert.equal(second?.message.params.requestState, state)
    assert.notEqual(first?.message.id, second?.message.id)
    assert.deepEqual(second?.message.params.arguments, { n: 1 })
    // It belongs to that call: the next begins without, and no other request has it.
    await client.listTools()
    await client.callTool('echo', { n: 2 })
    assert.equal(server.to('tools/call')[2]?.message.params.requestState, undefined)
    for (const { message, headers } of server.asked) {
      if (message.method !== 'tools/call') assert.ok(!JSON.stringify(message).includes(JSON.stringify(state).slice(1, 40)))
      if (state.length > 5) assert.ok(!JSON.stringify(headers).includes(state))
    }
    if (state.length > 5) assert.ok(!JSON.stringify(lines).includes(state))
  })

it('of two calls at once is not mixed up', async () => {
  await using server = await startHostileServer({
    'tools/call': ({ message: { params } }) =>
      params.requestState === undefined
        ? { resultType: 'input_required', requestState: `of ${params.arguments.n}`, inputRequests: { a: question } }
        : said(`${params.arguments.n} ${params.requestState}`),
  })
  await using client = createClient(server, { auth: undefined, onInput: { elicitation: () => ({ action: 'accept', content: {} }) } })
  const all = await Promise.all(Array.from({ length: 20 }, (_, n) => client.callTool('echo', { n })))
  for (const [n, { content }] of all.entries()) assert.deepEqual(content, [{ type: 'text', text: `${n} of ${n}` }])
})

it('without end comes to an end', async () => {
  await using server = await startHostileServer({
    'tools/call': () => ({ resultType: 'input_required', requestState: 'again', inputRequests: { a: question } }),
  })
  let asked = 0
  await using client = createClient(server, {
    auth: undefined,
    requestTimeoutSeconds: 20,
    onInput: {
      elicitation() {
        asked++
        return { action: 'accept', content: {} }
      },
    },
  })
  await assert.rejects(client.callTool('echo'), (error: Error) => /^(?:TransportError|MCPRequestError)$/.test(error.name))
  assert.ok(asked <= 50, `a person was asked ${asked} times`)
})
