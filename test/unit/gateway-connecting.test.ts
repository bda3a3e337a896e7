/** A caller who has not connected: asked to open the page where their client can, told of it where it cannot; the call goes on afterwards. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { startWorld, type World } from '../fixtures/sign-in-world.ts'
import { ANA, connect } from '../support/authorization.ts'
import { connectAccount } from '../support/connect-account.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const BEN = { name: 'ben', password: 'a kettle beside the window' }
const CEM = { name: 'cem', password: 'seven lamps along the quay' }

describe('a caller who has not connected', () => {
  let world: World
  let gateway: Gateway
  const tokens = new Map<string, string>()
  let link: string
  before(async () => {
    world = await startWorld()
    gateway = await startGateway({ servers: { notes: { url: world.serverUrl, tools: { echo: 'read' } } } })
    const accounts = createAccounts({ store: gateway.data.store, clock: Date.now })
    for (const person of [ANA, BEN, CEM]) {
      await accounts.create(person)
      tokens.set(person.name, (await connect(gateway, { person })).tokens.access_token)
    }
    link = `${gateway.issuer}/account/connections/notes`
    await connectAccount({ link, person: ANA, there: (url) => world.visit(url) })
    await until('its tools', async () =>
      (await mcp(gateway.url, { token: tokens.get('ana') ?? '' }).list()).some(({ name }) => name === 'echo'),
    )
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })
  const token = (user: string): string => tokens.get(user) ?? ''

  it('gets one sentence with the plain link where its client opens no pages', async () => {
    for (const version of ['2026-07-28', '2025-11-25'] as const) {
      const { result } = await mcp(gateway.url, { token: token('ben'), version, capabilities: { elicitation: { form: {} } } }).call('echo')
      assert.equal(result.isError, true)
      assert.match(
        result.content[0].text,
        new RegExp(`^The server notes needs you to connect your account there. Do that at ${link} and try again. `),
      )
    }
    const refused = (await gateway.records()).findLast(({ reason }) => reason === 'not_connected')
    assert.equal(refused?.subject, 'ben')
  })

  it('is asked in 2026-07-28, and the retry goes on once they have connected', async () => {
    const client = mcp(gateway.url, { token: token('ben'), capabilities: { elicitation: { url: {} } } })
    const asked = await client.call('echo', { at: 1 })
    assert.equal(asked.result.resultType, 'input_required')
    const { inputRequests, requestState } = asked.result
    assert.deepEqual(inputRequests['sallyport-connect'], {
      method: 'elicitation/create',
      params: {
        mode: 'url',
        message: 'The server notes needs you to connect your account there.',
        url: link,
        elicitationId: '/account/connections/notes',
      },
    })
    const retry = (action: string, state: string, args: object = { at: 1 }) =>
      client.request('tools/call', {
        name: 'echo',
        arguments: args,
        requestState: state,
        inputResponses: { 'sallyport-connect': { action } },
      })
    // Another person cannot go on with it.
    const other = await mcp(gateway.url, { token: token('cem'), capabilities: { elicitation: { url: {} } } }).request('tools/call', {
      name: 'echo',
      arguments: { at: 1 },
      requestState,
      inputResponses: { 'sallyport-connect': { action: 'accept' } },
    })
    assert.equal(other.error?.code, -32602)
    const waiting = retry('accept', requestState)
    await connectAccount({ link, person: BEN, there: (url) => world.visit(url) })
    const { result } = await waiting
    assert.equal(result.content[0].text, '{"at":1}')
    const call = world.to('/mcp').findLast(({ text }) => text.includes('"tools/call"'))
    assert.equal(call?.text.includes('sallyport-connect') || call?.text.includes('requestState'), false, 'nothing of ours goes upstream')
  })

  it('who says no is told, and not asked again', async () => {
    const client = mcp(gateway.url, { token: token('cem'), capabilities: { elicitation: { url: {} } } })
    const { result } = await client.call('echo')
    const declined = await client.request('tools/call', {
      name: 'echo',
      arguments: {},
      requestState: result.requestState,
      inputResponses: { 'sallyport-connect': { action: 'decline' } },
    })
    assert.equal(declined.result.isError, true)
    assert.match(declined.result.content[0].text, /Do that at/)
  })

  it('is asked on the stream of its call in 2025-11-25', async () => {
    const client = mcp(gateway.url, { token: token('cem'), version: '2025-11-25', capabilities: { elicitation: { url: {} } } })
    const stream = await client.open('tools/call', { name: 'echo', arguments: { at: 2 } })
    const messages: Json[] = []
    for await (const message of stream.messages) {
      messages.push(message)
      if (message.method !== 'elicitation/create') continue
      assert.equal(message.params.url, link)
      await connectAccount({ link, person: CEM, there: (url) => world.visit(url) })
      await client.answer({ jsonrpc: '2.0', id: message.id, result: { action: 'accept' } })
    }
    assert.equal(messages.at(-1)?.result?.content?.[0]?.text, '{"at":2}')
  })
})
