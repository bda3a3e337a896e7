// Results of tasks take the same steps as those of calls: of ours when they end, of an upstream's when they are asked for.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { allow, compilePersonal, type Entry, type Produced } from '../../src/core/index.ts'
import { compileRules } from '../../src/guards/index.ts'
import { verifies } from '../requirements.ts'
import { principal, say, startEngine, tool } from '../support/engine.ts'
import type { Json } from '../support/sse.ts'
import { taskClient, taskTool } from '../support/tasks.ts'

verifies('T14', 'results-head-and-link', 'results-own')

const LONG = 'x'.repeat(40_000)
const order = { id: 1, card: 'canary-of-a-card' }
const { rules } = compileRules({ only: ['/id'] })
const produced = (result: object): Produced => ({ kind: 'result', result: result as Record<string, unknown> })
const withFields = { structuredContent: order, content: say(JSON.stringify(order)).content }

/** An upstream that keeps its tasks itself. */
const upstream = (name: string, result: object, over: Partial<Entry> = {}, more: object = {}): Entry =>
  tool(name, () => say('never'), {
    ...over,
    executor: {
      execute(call) {
        const task = { taskId: 'inner', createdAt: '2026-01-01T00:00:00Z', lastUpdatedAt: '2026-01-01T00:00:00Z', ttlMs: 60_000 }
        return allow(
          call.method === 'tasks/get'
            ? produced({ ...task, status: 'completed', result, ...more })
            : produced({ ...task, ...more, ...result, status: 'working', resultType: 'task' }),
        )
      },
      watchTask(_, taskId, changed) {
        changed({ taskId, status: 'completed', result, ...more })
        return () => {}
      },
    },
  })

/** Where an upstream could put what its tool's rule does not let out. */
const sly: readonly (readonly [string, object, object])[] = [
  ['of a type of its own', { ...withFields, resultType: 'other' }, {}],
  ['of a task that works', withFields, { status: 'working' }],
  ['that is a list', [withFields], {}],
  ['beside another', { structuredContent: { id: 1 } }, withFields],
  ['in an error', {}, { status: 'failed', result: withFields, error: { code: -32000, message: order.card, data: order } }],
  ['in words', { structuredContent: { id: 1 } }, { statusMessage: order.card }],
]

async function start(t: TestContext) {
  const entries = [
    taskTool('long', () => allow(produced(say(LONG)))),
    taskTool('order', () => allow(produced(withFields)), undefined, { release: rules }),
    upstream('theirs-long', say(LONG)),
    upstream('theirs-order', withFields, { release: rules }),
    ...sly.map(([name, result, more]) => upstream(name, result, { release: rules }, more)),
  ]
  const people = { alice: principal('alice'), bob: principal('bob') }
  const rig = await startEngine(entries, people, {}, undefined, { results: { maxBytes: 4_096 } })
  t.after(() => rig.close())
  return { alice: taskClient(rig.url, 'alice'), bob: taskClient(rig.url, 'bob') }
}

describe('a task’s result', () => {
  for (const [whose, prefix] of [
    ['of ours', ''],
    ['of an upstream', 'theirs-'],
  ] as const) {
    it(`${whose} that is too large is a head and a link, for its caller alone`, async (t) => {
      const { alice, bob } = await start(t)
      const { result } = await alice.until(await alice.begin(`${prefix}long`), 'completed')
      assert.ok(JSON.stringify(result).length < 4_096)
      const { uri, size } = result.content.find(({ type }: Json) => type === 'resource_link')
      assert.equal(size, LONG.length)
      assert.ok((await alice.request('resources/read', { uri })).result)
      assert.equal((await bob.request('resources/read', { uri })).error.message, 'Resource not found')
    })
    it(`${whose} has only the fields that the tool’s rule names`, async (t) => {
      const { alice } = await start(t)
      const id = await alice.begin(`${prefix}order`)
      const task = await alice.until(id, 'completed')
      assert.deepEqual(task.result.structuredContent, { id: 1 })
      assert.deepEqual(JSON.parse(task.result.content[0].text), { id: 1 })
      assert.doesNotMatch(JSON.stringify(task), /canary/)
      // As it is told of, too.
      const stream = await alice.open('subscriptions/listen', { notifications: { taskIds: [id] } })
      for await (const message of stream.messages) {
        assert.doesNotMatch(JSON.stringify(message), /canary/)
        if (message.method === 'notifications/tasks' && message.params.result) break
      }
      stream.abort()
    })
  }
  it('of an upstream says nothing more, wherever it says it', async (t) => {
    const { alice } = await start(t)
    for (const [name] of sly) {
      const begun = await alice.call(name)
      assert.equal(begun.result?.resultType, 'task', name)
      const told = [begun.body, await alice.get(begun.result.taskId)]
      const last = await alice.begin('theirs-order')
      const stream = await alice.open('subscriptions/listen', { notifications: { taskIds: [begun.result.taskId, last] } })
      for await (const message of stream.messages) {
        told.push(message)
        if (message.params?.taskId === last && message.params.result) break
      }
      stream.abort()
      assert.doesNotMatch(JSON.stringify(told), /canary/, name)
    }
  })
  it('of an upstream has no personal data beside it either', async (t) => {
    const release = { personal: compilePersonal({ email: 'tokenise', card: 'mask' }) }
    const [mail, card] = ['ana.lopez@example.com', '4111 1111 1111 1111']
    const told = { statusMessage: `asking ${mail}, ${card}`, 'example.note': { [mail]: card } }
    const failed = { status: 'failed', error: { code: -32000, message: card, data: { mail } } }
    const entries = [
      upstream('told', say(`${mail} ${card}`), { release }, told),
      upstream('failed', {}, { release }, { ...told, ...failed }),
    ]
    const rig = await startEngine([...entries, upstream('working', {}, { release }, { ...told, status: 'working' })], {
      alice: principal('alice'),
    })
    t.after(() => rig.close())
    const alice = taskClient(rig.url, 'alice')
    for (const name of ['told', 'failed', 'working']) {
      const begun = await alice.call(name)
      const seen: unknown[] = [begun.body, await alice.get(begun.result.taskId)]
      const stream = await alice.open('subscriptions/listen', { notifications: { taskIds: [begun.result.taskId] } })
      for await (const message of stream.messages) {
        seen.push(message)
        if (message.method === 'notifications/tasks') break
      }
      stream.abort()
      assert.match(JSON.stringify(seen[0]), /asking tok_email_\w{26}, \[redacted:card\]/, name)
      for (const [at, each] of seen.entries()) assert.doesNotMatch(JSON.stringify(each), /ana\.lopez|4111/, `${name} ${at}`)
    }
  })
})
