/** What a call asks of its caller before it ends: in rounds of their own (2026-07-28), and on the stream of a session (2025-11-25). */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { allow, type Call, type Decision, type Entry, type InputRequest, type Produced } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import type { Json } from '../support/sse.ts'

verifies('rounds')

const form = (field: string): InputRequest => ({
  method: 'elicitation/create',
  params: {
    message: `Your ${field}?`,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'string', maxLength: 20 } }, required: [field] },
  },
})
const sampling: InputRequest = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 10 } }

const asking = (name: string, execute: (call: Call) => Decision<Produced> | Promise<Decision<Produced>>): Entry => ({
  ...tool(name, () => say('never')),
  executor: { execute },
})
const done = (text: string): Decision<Produced> => allow({ kind: 'result', result: say(text) })

const resumed: string[] = []
const entries = [
  asking('greet', ({ input }) => {
    const name = input?.responses['name']
    return name ? done(`Hello ${JSON.stringify(name['content'])}`) : allow({ kind: 'input', requests: { name: form('name') } })
  }),
  asking('two_steps', ({ input }) => {
    if (!input) return allow({ kind: 'input', requests: { name: form('name') }, state: { step: 1 } })
    const { responses, latest, state } = input
    if (!responses['town']) return allow({ kind: 'input', requests: { town: form('town') }, state: { step: 2 } })
    return done(JSON.stringify({ all: Object.keys(responses), latest: Object.keys(latest), state }))
  }),
  asking('think', ({ input }) => (input ? done('thought') : allow({ kind: 'input', requests: { sample: sampling, name: form('name') } }))),
  asking('wait', () =>
    allow({
      kind: 'input',
      requests: { name: form('name') },
      resume: async (responses, call) => {
        resumed.push(JSON.stringify([responses, call.principal.subject, call.input?.latest]))
        return done('resumed')
      },
    }),
  ),
  asking('heavy', () => allow({ kind: 'input', requests: { name: form('name') }, state: 'x'.repeat(100_000) })),
  asking('long_question', () => {
    const messages = [{ role: 'user', content: { type: 'text', text: 'x'.repeat(100_000) } }]
    return allow({ kind: 'input', requests: { it: { method: 'sampling/createMessage', params: { messages, maxTokens: 1 } } } })
  }),
  asking('endless', () => allow({ kind: 'input', requests: { name: form('name') } })),
  asking('only_state', ({ input }) => (input ? done(JSON.stringify(input.state)) : allow({ kind: 'input', requests: {}, state: 'seen' }))),
]

let rig: Rig
before(async () => {
  rig = await startEngine(entries, { alice: principal('alice'), bob: principal('bob') })
})
after(() => rig.close())

const elicitation = { elicitation: {} }
const modern = (capabilities: object = elicitation, token = 'alice') => mcp(rig.url, { token, capabilities })
const retry = (name: string, requestState: string, inputResponses: object, as = modern()) =>
  as.request('tools/call', { name, arguments: {}, requestState, inputResponses })
const accept = (content: object) => ({ action: 'accept', content })
const textOf = (result: Json): string => result.content[0].text

describe('a round of 2026-07-28', () => {
  it('says what is asked, and goes on with the answer', async () => {
    const { result } = await modern().call('greet')
    assert.equal(result.resultType, 'input_required')
    assert.deepEqual(result.inputRequests.name.params.requestedSchema.required, ['name'])
    const answered = await retry('greet', result.requestState, { name: accept({ name: 'Ana' }) })
    assert.equal(textOf(answered.result), 'Hello {"name":"Ana"}')
    assert.equal(answered.result.resultType, 'complete')
  })
  it('keeps what was answered before, and gives the state back', async () => {
    const one = (await modern().call('two_steps')).result
    const two = (await retry('two_steps', one.requestState, { name: accept({ name: 'Ana' }) })).result
    assert.deepEqual(Object.keys(two.inputRequests), ['town'])
    const three = (await retry('two_steps', two.requestState, { town: accept({ town: 'Bonn' }) })).result
    assert.deepEqual(JSON.parse(textOf(three)), { all: ['name', 'town'], latest: ['town'], state: { step: 2 } })
  })
  it('may have a state and no question', async () => {
    const { result } = await modern({}).call('only_state')
    assert.equal(result.inputRequests, undefined)
    assert.equal(textOf((await retry('only_state', result.requestState, {}, modern({}))).result), '"seen"')
  })
  it('asks again where the answer is missing, and ignores answers that nobody asked for', async () => {
    const { result } = await modern().call('greet')
    const again = await retry('greet', result.requestState, { other: accept({}) })
    assert.equal(again.result.resultType, 'input_required')
    const unasked = await modern().request('tools/call', { name: 'greet', arguments: {}, inputResponses: { name: accept({ name: 'x' }) } })
    assert.equal(unasked.result.resultType, 'input_required')
  })
  it('goes on with work that waited, once', async () => {
    const { result } = await modern().call('wait')
    const answered = await retry('wait', result.requestState, { name: accept({ name: 'Ana' }) })
    assert.equal(textOf(answered.result), 'resumed')
    const latest = { name: accept({ name: 'Ana' }) }
    assert.deepEqual(resumed, [JSON.stringify([latest, 'alice', latest])])
  })
  it('is not one for a caller that cannot answer: −32021 and 400, with all that is missing', async () => {
    const { status, error } = await modern({}).call('think')
    assert.equal(status, 400)
    assert.equal(error.code, -32021)
    assert.deepEqual(error.data.requiredCapabilities, { sampling: {}, elicitation: { form: {} } })
  })
  it('with more state than can be carried is refused with a sentence, however long what is asked may be', async () => {
    const refused = await modern().call('heavy')
    assert.match(textOf(refused.result), /larger than 65536 bytes/)
    assert.equal((await modern({ sampling: {} }).call('long_question')).result.resultType, 'input_required')
  })
  it('keeps what waits within bounds', async () => {
    const opened = []
    for (let i = 0; i < 9; i++) opened.push(await modern({ elicitation: {} }, 'bob').call('wait'))
    assert.equal(opened[7]?.result.resultType, 'input_required')
    assert.equal(opened[8]?.status, 503)
  })
})

describe('a session of 2025-11-25', () => {
  /** Calls, and answers every request that comes on the stream with `answer`. */
  async function converse(name: string, answer: (request: Json) => object | undefined, capabilities: object = elicitation) {
    const client = mcp(rig.url, { token: 'alice', version: '2025-11-25', capabilities })
    const session = (await client.request('tools/list')).headers
    const stream = await client.open('tools/call', { name, arguments: {} })
    const asked: Json[] = []
    let last: Json
    for await (const message of stream.messages) {
      if (message.id !== undefined && message.method !== undefined) {
        asked.push(message)
        const said = answer(message)
        if (said) await client.answer({ jsonrpc: '2.0', id: message.id, ...said })
      } else last = message
    }
    return { asked, last, session }
  }

  it('is asked on its stream, and the call goes on with the answer', async () => {
    const { asked, last } = await converse('greet', () => ({ result: accept({ name: 'Ana' }) }))
    assert.equal(asked[0].method, 'elicitation/create')
    assert.match(asked[0].id, /^ask_[0-9a-z]{24}$/)
    assert.equal(textOf(last.result), 'Hello {"name":"Ana"}')
    assert.equal(last.result.resultType, undefined)
  })
  it('is asked as often as the work wants', async () => {
    const { asked, last } = await converse('two_steps', ({ params }) => ({
      result: accept(params.message.includes('town') ? { town: 'Bonn' } : { name: 'Ana' }),
    }))
    assert.equal(asked.length, 2)
    assert.deepEqual(JSON.parse(textOf(last.result)).all, ['name', 'town'])
  })
  it('goes on with work that waited', async () => {
    const { last } = await converse('wait', () => ({ result: accept({ name: 'Ana' }) }))
    assert.equal(textOf(last.result), 'resumed')
  })
  it('ends the call with a sentence where the caller refuses, or answers what was not asked', async () => {
    const refused = await converse('greet', () => ({ error: { code: -1, message: 'no' } }))
    assert.equal(refused.last.result.isError, true)
    assert.match(textOf(refused.last.result), /refused to answer/)
    const wrong = await converse('greet', () => ({ result: accept({ name: 'far longer than twenty characters' }) }))
    assert.match(textOf(wrong.last.result), /inputResponses\/name\/content\/name must NOT have more than 20 characters/)
  })
  it('is not asked more than sixteen times', async () => {
    const { asked, last } = await converse('endless', () => ({ result: accept({ name: 'again' }) }))
    assert.equal(asked.length, 16)
    assert.match(textOf(last.result), /more than 16 times/)
  })
  it('without the capability is refused before anything is asked', async () => {
    const { asked, last } = await converse('greet', () => undefined, {})
    assert.equal(asked.length, 0)
    assert.equal(last.error.code, -32021)
  })
})
