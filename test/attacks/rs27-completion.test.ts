// RS27: a completion tells nobody more than the prompt it belongs to would, is checked going in and coming out, and costs a budget.

import assert from 'node:assert/strict'
import { after, before, beforeEach, it } from 'node:test'
import { createRedactor } from '../../src/core/index.ts'
import { type CompletionContext, prompt } from '../../src/server/definitions/index.ts'
import { verifies } from '../requirements.ts'
import { entriesOf } from '../support/definitions.ts'
import { principal, type Rig, startEngine } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('RS27')

const SECRET = 'correct-horse-battery-staple'
const asked: { value: string; context: CompletionContext }[] = []
let answer: unknown = ['ana']
let rig: Rig
const projects: Readonly<Record<string, readonly string[]>> = { ana: ['apollo'], bob: ['borealis'] }

before(async () => {
  const parameters = {
    type: 'object',
    properties: { project: { type: 'string', maxLength: 20 }, kind: { enum: ['open', 'closed'] }, any: { type: 'string' } },
  } as const
  const whole = (permissions?: object) =>
    prompt({
      name: 'report',
      parameters,
      complete: {
        project: (value, context) => {
          asked.push({ value, context })
          return projects[context.principal.subject] ?? []
        },
        any: () => answer as string[],
      },
      render: () => 'x',
      ...permissions,
    })
  const redactor = createRedactor()
  redactor.learn(SECRET)
  rig = await startEngine(
    entriesOf({
      prompts: [
        whole(),
        { ...whole(), name: 'private', permissions: { access: 'private', users: ['nobody'] } },
        { ...whole(), name: 'scoped', permissions: { requiredScopes: ['reports:read'] } },
        { ...whole(), name: 'breaks', complete: { any: () => Promise.reject(new Error('at /secret/place')) } },
      ],
    }),
    { ana: principal('ana'), bob: principal('bob'), few: principal('few', { scopes: ['tools:execute'] }), busy: principal('busy') },
    { rates: { principal: { max: 200, windowMs: 60_000 } } },
    redactor,
  )
})
after(() => rig.close())
beforeEach(() => {
  asked.length = 0
})
const complete = (
  argument: unknown,
  { name = 'report', token = 'ana', ...more }: { name?: string; token?: string; context?: unknown } = {},
) => mcp(rig.url, { token }).request('completion/complete', { ref: { type: 'ref/prompt', name }, argument, ...more })

it('tells each caller what is theirs', async () => {
  for (const [token, values] of Object.entries(projects))
    assert.deepEqual((await complete({ name: 'project', value: '' }, { token })).result.completion.values, values)
})

it('is for those who may get the prompt, and a hidden prompt is like one that never was', async () => {
  for (const name of ['scoped', 'report']) assert.ok((await complete({ name: 'project', value: '' }, { name, token: 'few' })).error)
  assert.ok((await complete({ name: 'project', value: '' }, { name: 'scoped' })).error)
  const [hidden, unknown] = [
    await complete({ name: 'project', value: '' }, { name: 'private' }),
    await complete({ name: 'project', value: '' }, { name: 'nothing' }),
  ]
  assert.deepEqual([hidden.status, hidden.error.code, hidden.error.message], [unknown.status, unknown.error.code, unknown.error.message])
  assert.equal(asked.length, 0)
})

it('is refused where it asks for what was not declared, or brings what no parameter allows', async () => {
  for (const argument of [
    undefined,
    null,
    'project',
    {},
    { name: 'project' },
    { name: 7, value: '' },
    { name: 'project', value: 7 },
    { name: 'nothing', value: '' },
    { name: '__proto__', value: '' },
    { name: 'project', value: 'x'.repeat(5_000) },
  ])
    assert.equal((await complete(argument)).error?.code, -32602, JSON.stringify(argument))
  for (const context of [
    'x',
    { arguments: [] },
    { arguments: 'x' },
    { arguments: { nothing: 'x' } },
    JSON.parse('{"arguments":{"__proto__":"x"}}'),
    { arguments: { kind: 'neither' } },
    { arguments: { kind: 7 } },
    { arguments: { project: 'x'.repeat(21) } },
  ])
    assert.equal((await complete({ name: 'project', value: '' }, { context })).error?.code, -32602, JSON.stringify(context))
  assert.equal(asked.length, 0)
})

it('gives its function nothing that is hidden', async () => {
  await complete({ name: 'project', value: 'a\u200b\u202e' }, { context: { arguments: { project: 'b\u2060' } } })
  assert.deepEqual([asked[0]?.value, asked[0]?.context.arguments], ['a', { project: 'b' }])
})

it('suggests at most a hundred texts, without hidden characters and known secrets; anything else is withheld', async () => {
  answer = [`a${'\u200b'}b`, SECRET, ...Array.from({ length: 200 }, () => 'x')]
  const { result } = await complete({ name: 'any', value: '' })
  assert.deepEqual(result.completion.values.slice(0, 3), ['ab', '[redacted]', 'x'])
  assert.deepEqual([result.completion.values.length, result.completion.total, result.completion.hasMore], [100, 202, true])
  assert.deepEqual(result._meta['sallyport/removed'], [{ in: 'completion/values/0', kind: 'zero-width', count: 1 }])
  for (const wrong of [
    undefined,
    null,
    'x',
    {},
    [SECRET, 7],
    [SECRET, 'x'.repeat(5_000)],
    { values: [SECRET], total: 0.5 },
    { values: [SECRET, 'x'], total: 1 },
  ]) {
    answer = wrong
    const { error } = await complete({ name: 'any', value: '' })
    assert.ok(error, JSON.stringify(wrong))
    assert.doesNotMatch(error.message, /horse/)
  }
})

it('does not tell what its function throws', async () => {
  assert.equal((await complete({ name: 'any', value: '' }, { name: 'breaks' })).error.message, 'Internal error')
})

it('costs a budget, like every request', async () => {
  let refused = 0
  for (let i = 0; i < 205; i++) if ((await complete({ name: 'kind', value: '' }, { token: 'busy' })).status === 429) refused++
  assert.equal(refused, 5)
})
