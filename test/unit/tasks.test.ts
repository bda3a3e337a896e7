/** Tasks of tools that are code: told of at once, worked on without the caller, asked about until their time is up. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { allow, type Call, createRedactor, deny, type Entry } from '../../src/core/index.ts'
import { createMemoryStore, createSqliteStore, type Store } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { createTempDir } from '../support/index.ts'
import { mcp } from '../support/mcp.ts'
import { accept, capabilities, done, form, TASKS, taskClient, taskTool } from '../support/tasks.ts'
import { until } from '../support/until.ts'

verifies('tasks')

const SECRET = 'a-secret-that-was-handed-over'
const started: string[] = []
const aborted: string[] = []
let gate = Promise.withResolvers<void>()

const word = (call: Call): string => String((call.params['arguments'] as { word?: string } | undefined)?.word)

const entries: readonly Entry[] = [
  taskTool('echo', async (call) => done(word(call))),
  taskTool('sync', (call) => done(word(call))),
  taskTool('must', async () => done('must'), { support: 'required' }),
  taskTool('wait', async (call) => {
    started.push(word(call))
    call.onAbort(() => aborted.push(word(call)))
    call.notify({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } })
    await Promise.race([gate.promise, new Promise((resolve) => call.signal.addEventListener('abort', resolve))])
    return done(`waited ${word(call)}`)
  }),
  taskTool('tell', async () => done(`here is ${SECRET}`)),
  taskTool('refuse', async () => allow({ kind: 'result', result: { ...say('no'), isError: true } })),
  taskTool('crash', async () => {
    throw new Error('postgres://admin:hunter2@db refused')
  }),
  taskTool('crash_at_once', () => {
    throw new Error('at once')
  }),
  taskTool('crash_at_length', () => {
    throw new Error('x'.repeat(20_000))
  }),
  taskTool('fail', async () => allow({ kind: 'error', code: -32050, message: `not with ${SECRET}`, data: { hint: 1 } })),
  taskTool('deny', async () => deny({ reason: 'upstream_unavailable', sentence: 'Nobody is there.' })),
  taskTool('large', async () => done('x'.repeat(70_000))),
  taskTool('too_large', async () => done('x'.repeat(1024 * 1024))),
  taskTool('nested', async () => allow({ kind: 'result', result: { resultType: 'task', taskId: 'x' } })),
  taskTool('promised', async (call) => done(word(call)), undefined, {
    checkResult: (result) => (JSON.stringify(result).includes('good') ? undefined : { path: 'content', rule: 'must be good' }),
  }),
  taskTool('brief', async () => new Promise(() => {}), undefined, { limits: { deadlineSeconds: 0.5 } }),
  taskTool('short', async () => new Promise(() => {}), { support: 'optional', ttlMs: 700, pollIntervalMs: 7 }),
  taskTool('ask', ({ input, params }) => {
    if (!input) return allow({ kind: 'input', requests: { name: form('name'), town: form('town') }, state: { step: 1, params } })
    const { responses, latest, state } = input
    if (!responses['more']) return allow({ kind: 'input', requests: { name: form('name'), more: form('more') }, state: { step: 2 } })
    return done(JSON.stringify({ responses, latest: Object.keys(latest), state }))
  }),
  taskTool('park', () => allow({ kind: 'input', requests: { name: form('name') }, resume: async () => done('never') })),
  taskTool('endless', () => allow({ kind: 'input', requests: { name: form('name') } })),
  taskTool('nothing_asked', () => allow({ kind: 'input', requests: {} })),
  taskTool('first', ({ input }) => done(`hello ${JSON.stringify(input?.responses['name']?.['content'])}`), {
    support: 'required',
    before: { execute: ({ input }) => (input ? done('') : allow({ kind: 'input', requests: { name: form('name') } })) },
  }),
  taskTool('first_refuses', () => done('never'), {
    support: 'optional',
    before: { execute: async () => allow({ kind: 'result', result: { ...say('not today'), isError: true } }) },
  }),
  taskTool(
    'one_at_a_time',
    async () => {
      await gate.promise
      return done('one')
    },
    undefined,
    { limits: { concurrency: 1 } },
  ),
  tool('plain', () => say('plain')),
]
const principals = { alice: principal('alice'), bob: principal('bob'), carol: principal('carol') }

beforeEach(() => {
  started.length = 0
  aborted.length = 0
})

for (const kind of ['memory', 'SQLite'] as const) {
  describe(`tasks kept in ${kind}`, () => {
    let rig: Rig
    let folder: Awaited<ReturnType<typeof createTempDir>>
    const redactor = createRedactor()
    redactor.learn(SECRET)
    const as = (token = 'alice') => taskClient(rig.url, token)
    /** It is made once the state is stored. */
    async function recordOf(isIt: (record: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
      await until('the record', async () => (await rig.records()).some(isIt))
      return (await rig.records()).find(isIt) ?? {}
    }
    const text = (task: { result: { content: { text: string }[] } }): string => task.result.content[0]?.text ?? ''

    before(async () => {
      folder = await createTempDir('tasks')
      const store: Store = kind === 'memory' ? createMemoryStore() : createSqliteStore({ file: join(folder.path, 'sallyport.db') })
      rig = await startEngine(entries, principals, { tasks: { running: 4, stored: 500, pollIntervalMs: 20 } }, redactor, { store })
    })
    after(async () => {
      gate.resolve()
      await rig.close()
      await folder.remove()
    })

    it('are told of before the work is done, and found at once', async () => {
      gate = Promise.withResolvers()
      const { result, status } = await as().call('wait', { word: 'a' })
      assert.equal(status, 200)
      const { taskId, createdAt, lastUpdatedAt, ...rest } = result
      assert.deepEqual(rest, { resultType: 'task', status: 'working', ttlMs: 3_600_000, pollIntervalMs: 20 })
      assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.equal(createdAt, lastUpdatedAt)
      const found = await as().get(taskId)
      assert.deepEqual(found, { ...rest, resultType: 'complete', taskId, createdAt, lastUpdatedAt })
      gate.resolve()
      const ended = await as().until(taskId, 'completed')
      assert.deepEqual(ended.result, say('waited a'))
      assert.ok(ended.lastUpdatedAt >= createdAt)
    })
    it('go on when their request has ended, and send it no progress', async () => {
      gate = Promise.withResolvers()
      const { messages, result } = await as().call('wait', { word: 'b' }, { progressToken: 'p' })
      assert.equal(messages.length, 1)
      await until('it runs', () => started.includes('b'))
      gate.resolve()
      assert.equal(text(await as().until(result.taskId, 'completed')), 'waited b')
      assert.ok(!aborted.includes('b'))
    })
    it('end as the call would have: a result, a result that is an error, an error', async () => {
      const client = as()
      const ended = async (name: string, args = {}) => client.until(await client.begin(name, args), 'completed', 'failed')
      assert.equal(text(await ended('sync', { word: 'c' })), 'c')
      const refused = await ended('refuse')
      assert.deepEqual([refused.status, refused.result.isError, refused.error], ['completed', true, undefined])
      const failed = await ended('fail')
      assert.deepEqual([failed.status, failed.result], ['failed', undefined])
      // Undefined codes of the reserved range are not sent on (2026-07-28 basic §error codes).
      assert.deepEqual(failed.error, { code: -32603, message: 'not with [redacted]', data: { hint: 1 } })
      assert.equal(failed.statusMessage, 'not with [redacted]')
      const denied = await ended('deny')
      assert.deepEqual([denied.status, denied.result.isError], ['completed', true])
      assert.match(text(denied), /^Nobody is there\. \(dec_/)
    })
    it('hide what the work throws, name the decision, and keep the cause in the record', async () => {
      for (const [name, cause] of Object.entries({
        crash: /postgres:\/\/\[redacted\]@db refused/,
        crash_at_once: /at once/,
        crash_at_length: /x{8000}/,
      })) {
        const client = as()
        const task = await client.until(await client.begin(name), 'failed')
        assert.equal(task.error.code, -32603)
        assert.equal(task.error.message, 'Internal error')
        const id = task.error.data['sallyport/decision']
        const record = await recordOf((each) => each['id'] === id)
        assert.deepEqual([record?.['decision'], record?.['reason'], record?.['action']], ['error', 'crashed', 'tasks/end'])
        assert.match(String(record?.['cause']), cause)
        assert.ok(String(record?.['cause']).length <= 8_192)
      }
    })
    it('withhold what breaks a promise, is too large or is no result', async () => {
      const client = as()
      const ended = async (name: string, args = {}) => client.until(await client.begin(name, args), 'completed', 'failed')
      assert.equal(text(await ended('promised', { word: 'good' })), 'good')
      const broken = await ended('promised', { word: 'bad' })
      assert.equal(broken.result.isError, true)
      assert.match(text(broken), /not what this server promises: content must be good/)
      assert.equal((await ended('large')).result.content[0].text.length, 70_000)
      assert.match(text(await ended('too_large')), /larger than 1048576 bytes and was withheld/)
      assert.match(text(await ended('nested')), /not what this server promises: resultType/)
    })
    it('are on record when they end, with who and what', async () => {
      const client = as('bob')
      await client.until(await client.begin('echo', { word: 'on record' }), 'completed')
      const record = await recordOf(({ action, subject }) => action === 'tasks/end' && subject === 'bob')
      const { id: _, at: __, durationMs: ___, ...ends } = record
      assert.deepEqual(ends, {
        decision: 'allow',
        reason: 'allowed',
        action: 'tasks/end',
        target: 'echo',
        server: 'test',
        subject: 'bob',
        issuer: 'test',
        clientId: 'agent',
        credential: 'key',
        credentialId: 'id-bob',
        rule: 'default tools:execute',
        transport: 'task',
      })
      assert.doesNotMatch(JSON.stringify(await rig.records()), /on record/)
    })
    it('ask while they work, take answers one by one, and never use a key twice', async () => {
      const client = as()
      const id = await client.begin('ask', { word: 'kept' })
      const one = await client.until(id, 'input_required')
      assert.deepEqual(Object.keys(one.inputRequests), ['1.name', '1.town'])
      assert.equal(one.inputRequests['1.name'].method, 'elicitation/create')
      assert.deepEqual(await client.update(id, { '1.town': accept({ town: 'Bonn' }) }), { resultType: 'complete' })
      const half = await client.get(id)
      assert.deepEqual([half.status, Object.keys(half.inputRequests)], ['input_required', ['1.name']])
      // Neither what was answered nor what nobody asked counts.
      assert.deepEqual(await client.update(id, { '1.town': accept({ town: 'Rome' }), other: {} }), { resultType: 'complete' })
      await client.update(id, { '1.name': accept({ name: 'Ana' }) })
      const two = await client.until(id, 'input_required')
      assert.deepEqual(Object.keys(two.inputRequests), ['2.name', '2.more'])
      await client.update(id, { '2.name': { action: 'decline' }, '2.more': accept({ more: 'yes' }) })
      assert.deepEqual(JSON.parse(text(await client.until(id, 'completed'))), {
        responses: { name: { action: 'decline' }, town: accept({ town: 'Bonn' }), more: accept({ more: 'yes' }) },
        latest: ['name', 'more'],
        state: { step: 2 },
      })
      assert.deepEqual(await client.update(id, { '2.more': accept({ more: 'late' }) }), { resultType: 'complete' })
    })
    it('refuse an answer that is none, and wait on', async () => {
      const client = as()
      const id = await client.begin('ask')
      await client.until(id, 'input_required')
      const wrong = await client.update(id, { '1.name': accept({ name: 7 }) })
      assert.equal(wrong.code, -32602)
      assert.match(wrong.message, /inputResponses\/1\.name\/content\/name must be string/)
      const long = await client.update(id, { '1.name': { action: 'decline', padding: 'x'.repeat(70_000) } })
      assert.match(long.message, /more than a task keeps/)
      assert.equal((await client.get(id)).status, 'input_required')
      assert.equal((await client.request('tasks/update', { taskId: id, inputResponses: 'no' })).error.code, -32602)
      await client.cancel(id)
    })
    it('do not wait for an answer in the middle of their work', async () => {
      const client = as()
      const task = await client.until(await client.begin('park'), 'failed')
      const record = await recordOf(({ id }) => id === task.error.data['sallyport/decision'])
      assert.match(String(record['cause']), /TypeError: the work of a task cannot wait/)
    })
    it('ask nobody for what was not declared, and not for ever', async () => {
      const mute = taskClient(rig.url, 'alice', { capabilities: { extensions: TASKS } })
      const lacking = await mute.until(await mute.begin('ask'), 'failed')
      assert.deepEqual([lacking.error.code, lacking.error.data.requiredCapabilities], [-32021, { elicitation: { form: {} } }])
      const client = as()
      const id = await client.begin('endless')
      // Whoever asks for the task must be able to answer.
      await client.until(id, 'input_required')
      const { status, error } = await mute.request('tasks/get', { taskId: id })
      assert.deepEqual([status, error.code], [400, -32021])
      for (let round = 1; round <= 16; round++) {
        await client.until(id, 'input_required')
        await client.update(id, { [`${round}.name`]: accept({ name: 'Ana' }) })
      }
      assert.match(text(await client.until(id, 'completed')), /asked for input more than 16 times/)
      assert.match(text(await client.until(await client.begin('nothing_asked'), 'completed')), /must NOT have fewer than 1 requests/)
    })
    it('stop when they are cancelled, and stay cancelled', async () => {
      gate = Promise.withResolvers()
      const client = as()
      const id = await client.begin('wait', { word: 'd' })
      await until('it runs', () => started.includes('d'))
      assert.deepEqual(await client.cancel(id), { resultType: 'complete' })
      const task = await client.get(id)
      assert.deepEqual([task.status, task.result, task.error], ['cancelled', undefined, undefined])
      await until('it is stopped', () => aborted.includes('d'))
      gate.resolve()
      await delay(20)
      assert.equal((await client.get(id)).status, 'cancelled')
      assert.deepEqual(await client.cancel(id), { resultType: 'complete' })
      const ended = await recordOf(({ action, reason }) => action === 'tasks/end' && reason === 'cancelled')
      assert.equal(ended['decision'], 'deny')
      const completed = await client.begin('echo', { word: 'e' })
      await client.until(completed, 'completed')
      assert.deepEqual(await client.cancel(completed), { resultType: 'complete' })
      assert.equal((await client.get(completed)).status, 'completed')
      const asking = await client.begin('ask')
      await client.until(asking, 'input_required')
      await client.cancel(asking)
      assert.equal((await client.get(asking)).status, 'cancelled')
    })
    it('are only for callers that have declared the extension', async () => {
      for (const version of ['2026-07-28', '2025-11-25'] as const) {
        const plain = mcp(rig.url, { token: 'alice', version })
        const waited = await plain.call('echo', { word: 'f' })
        assert.deepEqual([waited.result.content, waited.result.taskId], [say('f').content, undefined])
        const { status, error } = await plain.call('must')
        assert.deepEqual([status, error.code], [version === '2026-07-28' ? 400 : 200, -32021])
        assert.deepEqual(error.data.requiredCapabilities, { extensions: TASKS })
      }
      // The extension is not defined for the legacy revisions: who declares it there is as good as who does not.
      const legacy = mcp(rig.url, { token: 'alice', version: '2025-11-25', capabilities })
      assert.deepEqual((await legacy.call('echo', { word: 'g' })).result, say('g'))
      assert.equal((await legacy.call('must')).error.code, -32021)
      assert.equal((await legacy.request('tasks/get', { taskId: 'x' })).error.code, -32601)
      const plain = await mcp(rig.url, { token: 'alice' }).request('server/discover')
      assert.deepEqual(plain.result.capabilities.extensions, TASKS)
      for (const method of ['tasks/result', 'tasks/list']) assert.equal((await as().request(method, { taskId: 'x' })).error.code, -32601)
    })
    it('ask first what has to be known before there is one', async () => {
      const client = as()
      const { result } = await client.call('first')
      assert.deepEqual([result.resultType, result.taskId], ['input_required', undefined])
      const begun = await client.request('tools/call', {
        name: 'first',
        arguments: {},
        requestState: result.requestState,
        inputResponses: { name: accept({ name: 'Ana' }) },
      })
      assert.deepEqual([begun.result.resultType, begun.result.requestState], ['task', undefined])
      assert.equal(text(await client.until(begun.result.taskId, 'completed')), 'hello {"name":"Ana"}')
      assert.deepEqual((await client.call('first_refuses')).result.content, say('not today').content)
    })
    it('have a deadline of their tool’s, and a time to live', async () => {
      const client = as()
      assert.match(text(await client.until(await client.begin('brief'), 'completed')), /took longer than/)
      const { result } = await client.call('short')
      assert.deepEqual([result.ttlMs, result.pollIntervalMs], [700, 7])
      assert.equal((await client.get(result.taskId)).status, 'working')
      const late = await client.until(result.taskId, 'failed')
      assert.ok(Date.now() >= Date.parse(result.createdAt) + 700)
      assert.deepEqual([late.error.code, late.statusMessage], [504, late.error.message])
    })
    it('run so many at once for each caller, and for each tool', async () => {
      gate = Promise.withResolvers()
      const client = taskClient(rig.url, 'carol')
      const running = await Promise.all(['1', '2', '3', '4'].map((each) => client.begin('wait', { word: `carol ${each}` })))
      const more = await client.call('wait')
      assert.deepEqual([more.status, more.error.code], [503, 503])
      await as()
        .begin('wait', { word: 'others may' })
        .then((id) => as().cancel(id))
      await client.cancel(running[0] as string)
      await until('it is stopped', () => aborted.includes('carol 1'))
      const held = await client.begin('one_at_a_time')
      const busy = await as().call('one_at_a_time')
      assert.match(busy.error.message, /in use as often as it may be at once \(1\)/)
      gate.resolve()
      await client.until(held, 'completed')
      await as().until(await as().begin('one_at_a_time'), 'completed')
      for (const id of running.slice(1)) await client.until(id, 'completed')
    })
    it('are sealed where they are kept', async () => {
      const client = as()
      const id = await client.begin('echo', { word: 'word-in-clear' })
      await client.until(id, 'completed')
      const kept = JSON.stringify(await rig.store.records('task').list())
      assert.ok(kept.length > 1_000)
      // What is sealed is random, and a short word is in it now and then: but not between quotes.
      assert.doesNotMatch(kept, /word-in-clear|arguments|"echo\\*"|input_required|completed/)
    })
    it('tell whoever listens of every change, the whole of it, and first how they are', async () => {
      const client = as()
      const id = await client.begin('ask')
      await client.until(id, 'input_required')
      const stream = await client.open('subscriptions/listen', { notifications: { taskIds: [id, 'no-such-task'] } })
      const next = async () => (await stream.messages.next()).value
      const acknowledged = await next()
      assert.equal(acknowledged.method, 'notifications/subscriptions/acknowledged')
      assert.deepEqual(acknowledged.params.notifications, { taskIds: [id] })
      const same = async () => {
        const { method, params } = await next()
        const { _meta, ...task } = params
        assert.equal(method, 'notifications/tasks')
        assert.deepEqual(_meta, acknowledged.params._meta)
        return task
      }
      const { resultType: _, ...now } = await client.get(id)
      assert.deepEqual(await same(), now)
      await client.update(id, { '1.name': { action: 'cancel' } })
      assert.deepEqual(Object.keys((await same()).inputRequests), ['1.town'])
      await client.cancel(id)
      assert.deepEqual([(await same()).status, (await client.get(id)).status], ['cancelled', 'cancelled'])
      stream.abort()
    })
    it('tell of a result that is too long for other notifications', async () => {
      const client = as()
      const id = await client.begin('large')
      const stream = await client.open('subscriptions/listen', { notifications: { taskIds: [id] } })
      for await (const { params } of stream.messages) {
        if (params.status !== 'completed') continue
        assert.equal(params.result.content[0].text.length, 70_000)
        break
      }
      stream.abort()
    })
    it('are not heard of without the extension, nor more than so many', async () => {
      const { status, error } = await mcp(rig.url, { token: 'alice' }).request('subscriptions/listen', { notifications: { taskIds: [] } })
      assert.deepEqual([status, error.code, error.data.requiredCapabilities], [400, -32021, { extensions: TASKS }])
      for (const taskIds of ['x', [1], Array.from({ length: 257 }, () => 'x')])
        assert.equal((await as().request('subscriptions/listen', { notifications: { taskIds } })).error.code, -32602)
    })
  })
}
