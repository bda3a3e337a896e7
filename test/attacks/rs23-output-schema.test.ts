// RS23: a tool that promises a shape answers in that shape, or nothing of its answer leaves. Whatever breaks the promise: the
// function, a library, or a result that poses as something else.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { tool } from '../../src/server/definitions/index.ts'
import { verifies } from '../requirements.ts'
import { entriesOf } from '../support/definitions.ts'
import { principal, type Rig, startEngine } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('RS23')

const outputSchema = {
  type: 'object',
  properties: { id: { type: 'integer' }, name: { type: 'string', maxLength: 20 } },
  required: ['id'],
  additionalProperties: false,
}
const text = (value: string) => ({ type: 'text', text: value })
const LEAK = 'what nobody may see'
let next: unknown

let rig: Rig
before(async () => {
  const execute = () => next
  rig = await startEngine(
    entriesOf({
      tools: [
        { name: 'json', outputSchema, execute },
        { name: 'list', outputSchema: { type: 'array', items: { type: 'integer' } }, execute },
        {
          name: 'zod',
          outputSchema: z.strictObject({
            id: z.number().refine((id) => id > 0, 'must be positive'),
            name: z.string().max(20).default('none'),
          }),
          execute,
        },
        tool({
          name: 'typed',
          outputSchema: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
          execute: () => ({ id: 1 }),
        }),
      ],
    }),
    { ana: principal('ana') },
  )
})
after(() => rig.close())

async function answer(name: string, value: unknown) {
  next = value
  return (await mcp(rig.url, { token: 'ana' }).call(name)).result
}

it('what conforms leaves, as structure and as text', async () => {
  for (const value of [{ id: 1 }, { id: 1, name: 'a' }, { content: [text('{"id":1}')], structuredContent: { id: 1 } }]) {
    const result = await answer('json', value)
    assert.ok(!result.isError, JSON.stringify(result))
    assert.equal(result.structuredContent.id, 1)
  }
  assert.deepEqual((await answer('json', { id: 1 })).content, [text('{"id":1}')])
  assert.deepEqual((await answer('list', [1, 2])).structuredContent, [1, 2])
  assert.deepEqual((await answer('zod', { id: 1 })).structuredContent, { id: 1, name: 'none' })
  assert.deepEqual((await answer('typed', undefined)).structuredContent, { id: 1 })
})

it('what does not conform is withheld whole, text and all, and the rule is told without the value', async () => {
  for (const [name, value] of [
    ['json', { id: LEAK }],
    ['json', { id: 1, more: LEAK }],
    ['json', { name: LEAK }],
    ['json', { id: 1.5, name: LEAK }],
    ['json', { id: 1, name: LEAK.repeat(2) }],
    ['json', LEAK],
    ['json', [LEAK]],
    ['json', undefined],
    ['json', null],
    ['json', { content: [text(LEAK)] }],
    ['json', { content: [text(LEAK)], structuredContent: null }],
    ['json', { content: [text(LEAK)], structuredContent: { id: LEAK } }],
    ['json', { content: [text(LEAK)], isError: false }],
    ['json', { content: [text(LEAK)], isError: 'true' }],
    ['json', { content: [text(LEAK)], resultType: 'task', task: {} }],
    ['json', { content: [text(LEAK)], resultType: 'input_required', inputRequests: {} }],
    ['list', [1, LEAK]],
    ['list', { 0: 1, length: 1, more: LEAK }],
    ['zod', { id: LEAK }],
    ['zod', { id: 1, more: LEAK }],
    ['zod', { id: -7, name: LEAK }],
    ['zod', { content: [text(LEAK)], structuredContent: { id: -7 } }],
  ] as const) {
    const result = await answer(name, value)
    assert.equal(result.isError, true, JSON.stringify([name, value]))
    assert.equal(result.structuredContent, undefined)
    assert.ok(!JSON.stringify(result).includes(LEAK.slice(0, 8)), JSON.stringify(result))
  }
})

it('an answer that is an error has no structure to promise', async () => {
  const result = await answer('json', { isError: true, content: [text('No such day')] })
  assert.deepEqual([result.isError, result.content], [true, [text('No such day')]])
})

it('whatever is answered, what leaves conforms or is an error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.jsonValue(), fc.record({ id: fc.oneof(fc.integer(), fc.string()), name: fc.string() }, { requiredKeys: [] })),
      async (value) => {
        const result = await answer('json', value)
        if (result.isError) return
        assert.ok(Number.isInteger(result.structuredContent.id))
        assert.ok(Object.keys(result.structuredContent).every((key) => key === 'id' || key === 'name'))
      },
    ),
    { numRuns: 100 },
  )
})
