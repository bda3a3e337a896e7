import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Call, Decision, InputRequests, InputResponses, JsonObject, Principal, Produced, Resume } from '../../src/core/index.ts'
import type { Caller } from '../../src/gateway/upstream/index.ts'
import { callerWith, type Started, somebody, startUpstream, textOf } from '../fixtures/start-upstream.ts'
import { until } from '../support/until.ts'

const SERVER = join(import.meta.dirname, '..', 'fixtures', 'asking-server.ts')
const EVERYTHING = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} }
const other: Principal = { ...somebody, subject: 'other' }

/** Longer than it takes until a deadline that has passed is noticed, by a timer of this process. */
const SWEPT_MS = 120

const open: Started[] = []
after(() => Promise.all(open.map(({ upstream }) => upstream.close())))

const start = (...flags: string[]) => startWith({}, ...flags)

async function startWith(options: Parameters<typeof startUpstream>[1], ...flags: string[]) {
  const started = await startUpstream({ command: process.execPath, args: [SERVER, ...flags], cwd: import.meta.dirname, env: {} }, options)
  open.push(started)
  const use = (name: string, args: object = {}, over: Partial<Caller> = {}, ms = 10_000): Promise<Decision<Produced>> =>
    started.upstream.call({
      method: 'tools/call',
      params: { name, arguments: args },
      mirrors: [],
      deadlineAt: Date.now() + ms,
      caller: callerWith({ capabilities: EVERYTHING, ...over }),
    })
  return { ...started, use, seen: async () => JSON.parse(textOf(await use('seen'))) as JsonObject[] }
}

type Asked = Extract<Produced, { kind: 'input' }>
function askedBy(decision: Decision<Produced>): Asked {
  assert.ok(decision.allowed && decision.value.kind === 'input', JSON.stringify(decision))
  return decision.value
}
async function resume(asked: Asked, responses: InputResponses, caller: Caller = callerWith({})): Promise<Decision<Produced>> {
  return (asked.resume as Resume)(responses, caller as Call)
}
const methodsOf = (requests: InputRequests): string[] => Object.values(requests).map(({ method }) => method)
/** The same answer to all that is asked. */
const answering = (requests: InputRequests, answer: JsonObject): InputResponses =>
  Object.fromEntries(Object.keys(requests).map((key) => [key, answer]))

const sampling = (text = 'Hello') => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 10 },
})
const form = (message = 'Who?', name = 'name') => ({
  method: 'elicitation/create',
  params: { message, requestedSchema: { type: 'object', properties: { [name]: { type: 'string' } } } },
})

describe('what a legacy upstream asks during a call', { concurrency: 4 }, () => {
  test('it is told what can be passed on, roots not among it, and its question becomes the call’s, which goes on with the answer', async () => {
    const { use, seen } = await start()
    const asked = askedBy(await use('ask', { requests: [form()] }))
    assert.deepEqual(Object.values(asked.requests), [form()])
    const answer = { action: 'accept', content: { name: 'Ana' } }
    const outcome = await resume(asked, answering(asked.requests, answer))
    assert.deepEqual(JSON.parse(textOf(outcome))[0].result, answer)
    const [declared] = (await seen()).flatMap(({ method, params }) =>
      method === 'initialize' ? [(params as JsonObject)['capabilities']] : [],
    )
    assert.deepEqual(declared, { sampling: { tools: {} }, elicitation: { form: {}, url: {} } })
  })

  test('questions that are asked together are handed over together; one that is left unanswered is asked again', async () => {
    const { use } = await start()
    const first = askedBy(await use('ask', { requests: [form('one'), sampling(), form('two')] }))
    assert.deepEqual(methodsOf(first.requests), ['elicitation/create', 'sampling/createMessage', 'elicitation/create'])
    const [one = '', two = '', three = ''] = Object.keys(first.requests)
    const second = askedBy(await resume(first, { [two]: { content: { type: 'text', text: 'Hi' } } }))
    assert.deepEqual(Object.keys(second.requests), [one, three])
    const outcome = JSON.parse(textOf(await resume(second, answering(second.requests, { action: 'decline' }))))
    assert.deepEqual(
      outcome.map(({ result }: { result: JsonObject }) => result['action'] ?? 'sampled'),
      ['decline', 'sampled', 'decline'],
    )
  })

  test('a caller that lacks the capability is spoken for at once, and its call goes on', async () => {
    const { use } = await start()
    const url = { method: 'elicitation/create', params: { mode: 'url', message: 'Go', url: 'https://example.com/' } }
    const tools = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1, tools: [] } }
    const requests = [form(), sampling(), url, tools, { method: 'roots/list' }]
    const codes = async (capabilities: JsonObject): Promise<number[]> =>
      JSON.parse(textOf(await use('ask', { requests }, { capabilities }))).map(({ error }: { error: { code: number } }) => error.code)
    assert.deepEqual(await codes({}), [-32601, -32601, -32602, -32601, -32601])
    const some = askedBy(await use('ask', { requests }, { capabilities: { elicitation: {}, sampling: {} } }))
    assert.deepEqual(Object.values(some.requests), [form(), sampling()])
  })

  test('the deadline does not run while the caller thinks, and runs again afterwards', async () => {
    let ahead = 0
    const { use } = await startWith({ clock: () => Date.now() + ahead })
    const asked = askedBy(await use('ask', { requests: [form()], answerMs: 150 }))
    ahead = 60_000
    await delay(SWEPT_MS)
    const answer = { action: 'accept', content: {} }
    assert.deepEqual(JSON.parse(textOf(await resume(asked, answering(asked.requests, answer))))[0].result, answer)
    const slow = askedBy(await use('ask', { requests: [form()], answerMs: 3_600_000 }, {}, ahead + 10_000))
    const rest = resume(slow, answering(slow.requests, answer))
    ahead += 10_000
    assert.equal(textOf(await rest), 'denied: deadline_exceeded')
  })

  test('a call that is abandoned while it waits is cancelled upstream, and its question gets an answer', async () => {
    const { use, seen } = await start()
    const asked = askedBy(await use('ask', { requests: [form()] }))
    asked.abandon?.()
    const messages = await seen()
    const call = messages.find(({ params }) => (params as JsonObject | undefined)?.['name'] === 'ask')
    const told = messages.find(({ method }) => method === 'notifications/cancelled')
    const error = messages.find((message) => message['error'])
    assert.deepEqual(told?.['params'], { requestId: call?.['id'], reason: 'the caller went away' })
    assert.deepEqual(error?.['error'], { code: -1, message: 'The call that this was asked for has ended.' })
    assert.equal(textOf(await resume(asked, {})), 'denied: cancelled')
  })

  test('a caller that hangs up cancels the call, whichever of its requests it hangs up', async () => {
    const { use, seen } = await start()
    const cancelled = async (): Promise<number> => (await seen()).filter(({ method }) => method === 'notifications/cancelled').length
    let first = (): void => {}
    const one = askedBy(await use('ask', { requests: [form()] }, { onAbort: (listener) => (first = listener) }))
    first()
    assert.equal(await cancelled(), 1)
    assert.equal(textOf(await resume(one, {})), 'denied: cancelled')

    const two = askedBy(await use('ask', { requests: [form()], answerMs: 60_000 }))
    let second = (): void => {}
    const rest = resume(two, answering(two.requests, { action: 'cancel' }), callerWith({ onAbort: (listener) => void (second = listener) }))
    second()
    assert.equal(textOf(await rest), 'denied: cancelled')
    assert.equal(await cancelled(), 2)
  })

  test('progress after the answer goes to the request that brought it, under its own token', async () => {
    const { use } = await start()
    const told: string[] = []
    const notify =
      (who: string): Caller['notify'] =>
      ({ params }) =>
        void told.push(`${who} ${String(params['progressToken'])}`)
    const asked = askedBy(
      await use('ask', { requests: [form()], progress: true }, { meta: { progressToken: 'first' }, notify: notify('first') }),
    )
    const retry = callerWith({ meta: { progressToken: 'second' }, notify: notify('second') })
    await resume(asked, answering(asked.requests, { action: 'cancel' }), retry)
    assert.deepEqual(told, ['first first', 'second second'])
  })

  test('what was asked is bounded: in size, in depth and in number', async () => {
    const { use } = await start()
    const refused = JSON.parse(
      textOf(await use('ask', { requests: [sampling('x'.repeat(50_000)), { method: 'elicitation/create', params: 7 }] })),
    )
    assert.deepEqual(
      refused.map(({ error }: { error: JsonObject }) => error['code']),
      [-32602, -32602],
    )
    let many = askedBy(await use('ask', { requests: Array.from({ length: 40 }, () => form()) }))
    // They come one after the other, and what has come is asked: on a busy machine that is fewer at first than may be asked at once.
    const count = (): number => Object.keys(many.requests).length
    await until('as many as may be asked at once, and no more', async () => {
      const before = count()
      many = askedBy(await resume(many, {}))
      return before >= 16 && before === count()
    })
    assert.equal(count(), 16)
    many.abandon?.()

    // Of a server of its own: which call a question is for, a legacy server does not say, and that one may still be asking.
    const nested = `${'['.repeat(100)}${']'.repeat(100)}`
    const deep = await start()
    const answer = deep.use('ask', { requests: [{ method: 'sampling/createMessage', params: { x: JSON.parse(nested) } }] }, {}, 500)
    assert.equal(textOf(await answer), 'denied: deadline_exceeded')
    await until('that it is told of', () => deep.log.some((line) => line.includes('nested too deep')))
  })

  test('an upstream that dies while its caller thinks ends the call', async () => {
    const { use, upstream } = await start()
    const asked = askedBy(await use('ask', { requests: [form()] }))
    await upstream.close()
    assert.match(textOf(await resume(asked, answering(asked.requests, { action: 'accept', content: {} }))), /^denied: The server odd/)
  })

  test('an error that wants a page visited asks for the visit, and the call is made again; who cannot gets the error', async () => {
    const { use } = await start()
    const elicitations = [{ mode: 'url', elicitationId: 'e1', url: 'https://example.com/authorize', message: 'Authorize' }]
    const asked = askedBy(await use('needs-url', { elicitations }))
    assert.deepEqual(asked.requests, { 'visit-1': { method: 'elicitation/create', params: elicitations[0] } })
    assert.equal(asked.resume, undefined)
    assert.equal(textOf(await use('needs-url', { elicitations }, { capabilities: { elicitation: {} } })), 'error -32042')
    assert.equal(textOf(await use('needs-url', { elicitations: [{ mode: 'form' }] })), 'error -32042')
  })
})

describe('whose a question is, where all share one channel', { concurrency: 4 }, () => {
  const refusedText = /It cannot be told which caller this is for/

  test('with calls of two callers in flight it is nobody’s', async () => {
    const { use, log } = await start()
    const waiting = use('wait', { answerMs: 300 }, { principal: other })
    assert.match(textOf(await use('ask', { requests: [form()], afterMs: 50 })), refusedText)
    assert.equal(textOf(await waiting), '"waited"')
    // And alone again, it is asked.
    askedBy(await use('ask', { requests: [form()] })).abandon?.()
    assert.equal(log.filter((line) => line.includes('belongs to no call')).length, 1)
  })

  test('a call that was given up counts on: its upstream may still be at it', async () => {
    const { use } = await start()
    let hangUp = (): void => {}
    const givenUp = use(
      'ask',
      { requests: [form('for the other')], afterMs: 250 },
      { principal: other, onAbort: (listener) => (hangUp = listener) },
    )
    hangUp()
    assert.equal(textOf(await givenUp), 'denied: cancelled')
    // Alone in flight when the question of the call that was given up comes.
    assert.equal(textOf(await use('wait', { answerMs: 400 })), '"waited"')
    assert.match(textOf(await use('ask', { requests: [form()] })), refusedText)
    // Of the same caller it may be.
    askedBy(await use('ask', { requests: [form()] }, { principal: other }))
  })

  test('several calls of one caller are asked each once; callers without a credential are many', async () => {
    const { use } = await start()
    const calls = ['a', 'b', 'c'].map((text) => use('ask', { requests: [form(text)] }))
    const asked = (await Promise.all(calls)).map(askedBy)
    const messages = asked.flatMap(({ requests }) => Object.values(requests).map(({ params }) => params['message']))
    assert.deepEqual(new Set(messages), new Set(['a', 'b', 'c']))
    const outcomes = await Promise.all(
      asked.map((each) =>
        resume(
          each,
          Object.fromEntries(
            Object.entries(each.requests).map(([key, { params }]) => [key, { action: 'accept', content: { name: params['message'] } }]),
          ),
        ),
      ),
    )
    // The answer belongs to the question, on whichever of the calls it was asked.
    const names = outcomes.map((outcome) => JSON.parse(textOf(outcome))[0].result.content.name)
    assert.deepEqual(names, ['a', 'b', 'c'])

    const nobody: Principal = { ...somebody, credential: 'none' }
    const first = use('wait', { answerMs: 200 }, { principal: nobody })
    assert.match(textOf(await use('ask', { requests: [form()] }, { principal: nobody })), refusedText)
    await first
    askedBy(await use('ask', { requests: [form()] }, { principal: nobody }))
  })

  test('without a call in flight a question is nobody’s, and so is one during what may not be asked in', async () => {
    const { use, upstream, seen, log } = await start()
    await use('wait', { later: [form()] })
    await until('the question', () => log.some((line) => line.includes('belongs to no call')))
    const errors = (await seen()).flatMap(({ error }) => (error ? [(error as JsonObject)['code']] : []))
    assert.deepEqual(errors, [-32603])
    const completing = upstream.call({
      method: 'completion/complete',
      params: { json: { requests: [form()] } },
      mirrors: [],
      deadlineAt: Date.now() + 10_000,
      caller: callerWith({ capabilities: EVERYTHING }),
    })
    assert.match(textOf(await completing), /does not support elicitation/)
  })

  test('a log message is relayed while it can be one call’s only', async () => {
    const { use, seen } = await start()
    const told: string[] = []
    const caller = (who: string, principal = somebody): Partial<Caller> => ({
      principal,
      logLevel: who === 'ana' ? 'notice' : 'debug',
      notify: ({ method, params }) => void told.push(`${who} ${method} ${JSON.stringify(params)}`),
    })
    const messages = [{ level: 'error', logger: 'x', data: { a: 1 }, _meta: { dropped: true } }, { level: 'info' }]
    await use('log', { messages }, caller('ana'))
    assert.deepEqual(told, ['ana notifications/message {"level":"error","data":{"a":1},"logger":"x"}'])
    await Promise.all([use('wait', { answerMs: 200 }, caller('ben', other)), use('log', { messages, afterMs: 50 }, caller('ana'))])
    assert.equal(told.length, 1)
    await delay(100)
    // It is set to the least that anybody wants, once for all who come together.
    const levels = (await seen()).flatMap(({ method, params }) => (method === 'logging/setLevel' ? [(params as JsonObject)['level']] : []))
    assert.deepEqual(levels.at(-1), 'debug')
    assert.ok(levels.length <= 2, levels.join())
  })
})

describe('a modern upstream', { concurrency: 4 }, () => {
  test('is told with each request what its caller can do, and how much it wants logged; and nothing else that it declares', async () => {
    const { use, seen } = await start('--modern')
    const version = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
    await use('wait', {}, { capabilities: {}, meta: version })
    await use(
      'wait',
      {},
      { capabilities: { elicitation: { form: { x: 1 }, odd: {} }, experimental: { a: {} }, roots: { listChanged: true } } },
    )
    const all = { ...EVERYTHING, extensions: { 'io.modelcontextprotocol/tasks': { x: 1 }, 'com.example/other': {} } }
    await use('wait', {}, { capabilities: all, meta: version, logLevel: 'warning' })
    // A task is for callers of that revision only.
    await use('wait', {}, { capabilities: all })
    const told = (await seen())
      .filter(({ params }) => (params as JsonObject | undefined)?.['name'] === 'wait')
      .map(({ params }) => (params as JsonObject)['_meta'] as JsonObject)
    const capabilities = told.map((meta) => meta['io.modelcontextprotocol/clientCapabilities'])
    assert.deepEqual(capabilities, [
      {},
      { elicitation: { form: {} }, roots: {} },
      { ...EVERYTHING, extensions: { 'io.modelcontextprotocol/tasks': {} } },
      EVERYTHING,
    ])
    assert.deepEqual(
      told.map((meta) => meta['io.modelcontextprotocol/logLevel']),
      [undefined, undefined, 'warning', undefined],
    )
  })

  test('that answers input_required asks through the call; its state is kept as it came', async () => {
    const { use } = await start('--modern')
    const state = 'a\u2028"\\\u0000\ud800ü{}=='
    const requests = { who: form(), all: { method: 'roots/list' } }
    const asked = askedBy(await use('ask', { requests, state }))
    assert.deepEqual(asked.requests, { who: form(), all: { method: 'roots/list', params: {} } })
    assert.equal(asked.state, state)
    assert.equal(asked.resume, undefined)
    assert.deepEqual(askedBy(await use('ask', { state })).requests, {})
    assert.equal(askedBy(await use('ask', { requests })).state, undefined)
  })

  test('that answers it wrongly denies its own call', async () => {
    const { use, upstream } = await start('--modern')
    for (const args of [{}, { requests: [] }, { requests: { a: 7 } }, { requests: { a: { method: 7 } } }, { requests: {}, state: 7 }])
      assert.match(textOf(await use('ask', args)), /not valid MCP/, JSON.stringify(args))
    assert.match(textOf(await use('ask', { requests: { a: sampling('x'.repeat(50_000)) } })), /too large to be passed on/)
    // Only tools, prompts and resources may ask (multi round-trip requests §supported requests).
    const completing = upstream.call({
      method: 'completion/complete',
      params: { json: { requests: { a: form() } } },
      mirrors: [],
      deadlineAt: Date.now() + 10_000,
      caller: callerWith({ capabilities: EVERYTHING }),
    })
    assert.match(textOf(await completing), /not valid MCP/)
  })

  test('may answer a tool call with a task where the caller knows tasks, and not otherwise', async () => {
    const { use } = await start('--modern')
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
    const task = await use('task', {}, { meta, capabilities })
    assert.ok(task.allowed && task.value.kind === 'result')
    assert.equal(task.value.result['taskId'], 'inner/task 1')
    assert.match(textOf(await use('task', {}, { meta, capabilities: {} })), /not valid MCP/)
    assert.match(textOf(await use('task', {}, { capabilities })), /not valid MCP/)
  })
})

describe('watched resources', { concurrency: 4 }, () => {
  for (const flags of [[], ['--modern']])
    test(`are told to the upstream once, and what it says of them to all who watch (${flags.join() || 'legacy'})`, async () => {
      const { upstream, use, seen } = await start(...flags)
      const told: string[] = []
      const stops = [
        upstream.watch('test://one', () => told.push('first one')),
        upstream.watch('test://one', () => told.push('second one')),
        upstream.watch('test://two/', () => told.push('two')),
      ]
      await delay(120)
      // However often it is said, it is told once.
      await use('touch', { uri: 'test://one', times: 50 })
      await use('touch', { uri: 'test://two/part' })
      await delay(120)
      assert.deepEqual(told, ['first one', 'second one', 'two'])
      const subscriptions = (messages: JsonObject[]): unknown[] =>
        messages.flatMap(({ method, params }) => {
          const { uri, notifications } = (params ?? {}) as { uri?: string; notifications?: JsonObject }
          if (method === 'subscriptions/listen') return [notifications?.['resourceSubscriptions']]
          return method === 'resources/subscribe' ? [uri] : method === 'resources/unsubscribe' ? [`not ${uri}`] : []
        })
      assert.deepEqual(subscriptions(await seen()), flags.length > 0 ? [['test://one', 'test://two/']] : ['test://one', 'test://two/'])

      stops[0]?.()
      stops[2]?.()
      await delay(120)
      told.length = 0
      await use('touch', { uri: 'test://two/' })
      await use('touch', { uri: 'test://one' })
      await delay(120)
      assert.deepEqual(told, ['second one'])
      assert.deepEqual(subscriptions(await seen()).at(-1), flags.length > 0 ? ['test://one'] : 'not test://two/')
      stops[1]?.()
    })

  test('are told again to an upstream that comes back, and may have changed meanwhile', async () => {
    for (const flags of [[], ['--modern']]) {
      const { upstream, use } = await start(...flags)
      let told = 0
      upstream.watch('test://one', () => void told++)
      await delay(120)
      await use('exit')
      await until('being told that it may have changed', () => told === 1)
      await use('touch', { uri: 'test://one' })
      await until('the change', () => told === 2)
    }
  })
})

test('a task of an upstream is told of as it is, and at every change that the upstream tells', async () => {
  const { upstream, use } = await start('--modern')
  const told: unknown[] = []
  const stop = upstream.watchTask('inner/task 1', (task) => told.push([task['taskId'], task['status'], 'resultType' in task]))
  await until('the task as it is', () => told.length === 1)
  await use('touch', { task: 'inner/task 1', status: 'failed' })
  await use('touch', { task: 'another', status: 'failed' })
  await delay(120)
  assert.deepEqual(told, [
    ['inner/task 1', 'completed', false],
    ['inner/task 1', 'failed', false],
  ])
  stop?.()
  await delay(120)
  await use('touch', { task: 'inner/task 1', status: 'working' })
  await delay(120)
  assert.equal(told.length, 2)
  // A legacy server's tasks are another thing.
  const legacy = await start()
  legacy.upstream.watchTask('inner/task 1', () => told.push(['never']))
  await delay(120)
  assert.ok((await legacy.seen()).every(({ method }) => method !== 'tasks/get'))
  assert.equal(told.length, 2)
})
