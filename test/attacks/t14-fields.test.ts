// T14: a tool that answers more than the task needs. What its rule does not name does not leave: not in the structured content, not in the
// text beside it, not in an error, not through a task, and not by a link.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { allow, type Produced } from '../../src/core/index.ts'
import { compileRules, releaseSchema } from '../../src/guards/index.ts'
import { toolEntry } from '../../src/server/definitions/index.ts'
import { verifies } from '../requirements.ts'
import { principal, say, startEngine, tool } from '../support/engine.ts'
import type { ToolFunction } from '../support/function-executor.ts'
import { startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { ROOT } from '../support/paths.ts'
import { startPlainServer } from '../support/plain-server.ts'
import type { Json } from '../support/sse.ts'

verifies('T14')

const CANARY = 'canary-4929-that-must-not-leave'
const order = {
  id: 7,
  customer: { name: 'Ana', card: CANARY, 'a/b': 1 },
  items: [
    { id: 1, price: 5, cost: CANARY },
    { id: 2, price: 6, cost: CANARY },
  ],
  [CANARY]: true,
}
const only = ['/id', '/customer/name', '/customer/a~1b', '/items/*/id']
const left = { id: 7, customer: { name: 'Ana', 'a/b': 1 }, items: [{ id: 1 }, { id: 2 }] }
const outputSchema = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    customer: { type: 'object', properties: { name: { type: 'string' }, card: { type: 'string' } }, required: ['name', 'card'] },
    items: { type: 'array', items: { type: 'object', properties: { id: { type: 'integer' }, cost: {} }, required: ['id', 'cost'] } },
  },
  required: ['id', 'customer', 'items'],
}
const text = (value: unknown) => ({ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) })

async function answerOf(result: object, rule: object = { only }): Promise<Json> {
  const entry = toolEntry(
    { name: 'order', execute: () => result, release: rule, outputSchema },
    { server: 'test', report: assert.fail, warn: () => {} },
  )
  assert.ok(entry)
  const executor = { execute: () => allow({ kind: 'result', result } as Produced) }
  const rig = await startEngine([{ ...entry, executor }], { alice: principal('alice') }, {}, undefined, { results: { maxBytes: 4_096 } })
  try {
    const client = mcp(rig.url, { token: 'alice', version: '2026-07-28' })
    return { ...(await client.call('order')).result, listed: (await client.list())[0] }
  } finally {
    await rig.close()
  }
}

describe('T14: more than the task needs', () => {
  it('only the fields that are named leave, in the structured content and in its text alike', async () => {
    const { structuredContent, content, listed } = await answerOf({ structuredContent: order, content: [text(order)] })
    assert.deepEqual(structuredContent, left)
    assert.deepEqual(JSON.parse(content[0].text), left)
    assert.equal(content.length, 1)
    // What lists promise is what is left, so that a client that checks it is content.
    assert.deepEqual(listed.outputSchema.properties.customer, {
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
    })
    assert.deepEqual(listed.outputSchema.properties.items.items, {
      type: 'object',
      properties: { id: { type: 'integer' } },
      required: ['id'],
    })
  })
  it('text that is not JSON, images, files and links do not leave, and that is said', async () => {
    const image = { type: 'image', data: Buffer.from(CANARY).toString('base64'), mimeType: 'image/png' }
    const others = [text(`The card is ${CANARY}`), image, { type: 'resource_link', uri: `x://${CANARY}`, name: 'x' }]
    const result = await answerOf({ structuredContent: order, content: [text(order), ...others], _meta: { CANARY } })
    assert.doesNotMatch(JSON.stringify(result), /canary-4929|Y2FuYXJ5/)
    assert.match(result.content.at(-1).text, /withheld/)
  })
  it('nor does an error’s text', async () => {
    const result = await answerOf({ isError: true, content: [text(`no such card: ${CANARY}`)] })
    assert.equal(result.isError, true)
    assert.doesNotMatch(JSON.stringify(result), /canary-4929/)
  })
  it('nor what a JSON-RPC error says, nor its data', async () => {
    const { rules: release } = compileRules({ only })
    const executor = { execute: () => allow({ kind: 'error', code: -32000, message: `no ${CANARY}`, data: order } as Produced) }
    const rig = await startEngine([tool('order', () => say(''), { release, executor })], { alice: principal('alice') })
    try {
      const { body } = await mcp(rig.url, { token: 'alice' }).call('order')
      assert.equal(body.error.code, -32000)
      assert.doesNotMatch(JSON.stringify(body), /canary-4929/)
    } finally {
      await rig.close()
    }
  })
  it('nor what is told while it works: how far it is, and no words', async () => {
    const { rules: release } = compileRules({ only })
    const run: ToolFunction = (_, call) => {
      call.notify({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1, total: 2, message: CANARY, data: order } })
      call.notify({ method: 'notifications/message', params: { level: 'error', data: order } })
      return { structuredContent: order, content: [] }
    }
    const rig = await startEngine([tool('order', run, { release })], { alice: principal('alice') })
    try {
      const meta = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'debug' }
      const { notifications, result } = await mcp(rig.url, { token: 'alice' }).call('order', {}, meta)
      assert.deepEqual(
        notifications.map(({ method, params }) => [method, params]),
        [['notifications/progress', { progressToken: 'p', progress: 1, total: 2 }]],
      )
      assert.deepEqual(result.structuredContent, left)
    } finally {
      await rig.close()
    }
  })
  it('what is behind a link is what was left, too', async () => {
    const many = { ...order, items: Array.from({ length: 2_000 }, (_, id) => ({ id, cost: CANARY })) }
    const result = await answerOf({ structuredContent: many, content: [text(many)] })
    assert.doesNotMatch(JSON.stringify(result), /canary-4929/)
    // `id` alone, of 2,000: nothing else can be in so few bytes.
    const size = result.content.find((block: Json) => block.type === 'resource_link').size
    assert.equal(size, JSON.stringify({ ...left, items: many.items.map(({ id }) => ({ id })) }).length)
  })
  it('of any value nothing leaves that no pointer leads to', () => {
    const { rules } = compileRules({ only: ['/a', '/b/*/c', '/d/0', '/*/e'] })
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', '__proto__'), fc.jsonValue()), (value) => {
        const all = rules.only?.(value) as Record<string, Json>
        const { a: _, ...rest } = all
        for (const [key, member] of Object.entries(rest)) {
          if (key === 'd' && Array.isArray(member)) continue
          assert.equal(typeof member, 'object')
          for (const [name, under] of Object.entries(member as object)) {
            const isNamed = name === 'e' || (key === 'd' && name === '0')
            if (!isNamed)
              assert.ok(key === 'b' && (Array.isArray(under) || Object.keys(under).every((each) => each === 'c')), `${key} ${name}`)
          }
        }
      }),
    )
  })
  it('a pointer that is none does not start a server', () => {
    for (const pointer of ['name', '', '/a~2', 1]) assert.equal(releaseSchema.safeParse({ only: [pointer] }).success, false, `${pointer}`)
    for (const pointer of ['/name', '/', '/a~0b/*']) assert.equal(releaseSchema.safeParse({ only: [pointer] }).success, true, pointer)
  })
  it('in a gateway the rule is the first one whose name fits the tool', async () => {
    const everything = join(ROOT, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js')
    const release = { 'get-structured-*': { only: ['/temperature'] }, '*': { maxTokens: 512 } }
    const gateway = await startGateway({
      servers: { everything: { command: process.execPath, args: [everything, 'stdio'], release } },
    })
    try {
      const { key } = await gateway.key(['tools:execute'])
      const client = mcp(gateway.url, { key, version: '2026-07-28' })
      const { result } = await client.call('get-structured-content', { location: 'New York' })
      assert.deepEqual(Object.keys(result.structuredContent), ['temperature'])
      assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent)
      const listed = (await client.list()).find(({ name }: Json) => name === 'get-structured-content')
      assert.deepEqual(Object.keys(listed.outputSchema.properties), ['temperature'])
    } finally {
      await gateway.stop()
    }
  })
  it('a word of the newer revision makes nothing else of a result of the older ones', async () => {
    const types = ['task', 'input_required', 'other']
    const tools = types.map((name) => ({ name, inputSchema: { type: 'object' } }))
    await using old = await startPlainServer({
      era: 'legacy',
      capabilities: { tools: {} },
      answer: ({ method, params: { name } }) =>
        method === 'tools/list' ? { tools } : { resultType: name, taskId: 'x', structuredContent: order, content: [text(order)] },
    })
    await using gateway = await startGateway({ servers: { old: { url: old.serverUrl, release: { '*': { only: ['/id'] } } } } })
    const { key } = await gateway.key(['tools:execute'])
    for (const version of ['2026-07-28', '2025-11-25'] as const) {
      const client = mcp(gateway.url, { key, version })
      for (const type of types) {
        const { body } = await client.call(type)
        assert.deepEqual(body.result?.structuredContent, { id: 7 }, JSON.stringify(body))
        assert.doesNotMatch(JSON.stringify(body), /canary-4929/)
      }
    }
  })
})
