// RS22: what a caller sends to a tool of ours is checked before anything of it runs, in bounded time, and told without its values;
// what a tool answers is cleaned before it leaves. Every function here counts its calls.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { createRedactor } from '../../src/core/index.ts'
import { ToolError, tool } from '../../src/server/definitions/index.ts'
import { verifies } from '../requirements.ts'
import { cpuMsDuring } from '../support/cpu.ts'
import { entriesOf } from '../support/definitions.ts'
import { principal, type Rig, startEngine } from '../support/engine.ts'
import { type Answer, mcp, type Version } from '../support/mcp.ts'

verifies('RS22')

const SECRET = 'correct-horse-battery-staple'
let ran = 0
const run = <T>(answer: T): T => {
  ran++
  return answer
}
const word = { type: 'string', maxLength: 64, pattern: '^(a+)+$' } as const
const tools = [
  tool({
    name: 'json',
    parameters: {
      type: 'object',
      properties: { word, list: { type: 'array', maxItems: 3, items: { type: 'object', properties: { n: { type: 'integer' } } } } },
      required: ['word'],
    },
    execute: (params) => run({ polluted: 'yes' in {}, keys: Object.keys(params) }),
  }),
  tool({
    name: 'zod',
    parameters: z.object({
      word: z
        .string()
        .max(50_000)
        .regex(/^(a+)+$/),
    }),
    execute: () => run('ran'),
  }),
  tool({ name: 'scoped', permissions: { requiredScopes: ['notes:write'] }, execute: () => run('ran') }),
  tool({ name: 'private', permissions: { access: 'private', users: ['nobody'] }, execute: () => run('ran') }),
  tool({
    name: 'rule',
    parameters: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
    permissions: { when: 'args.n < 3' },
    execute: () => run('ran'),
  }),
  tool({ name: 'limited', rateLimit: { windowMs: 60_000, max: 2 }, execute: () => run('ran') }),
  tool({
    name: 'slow',
    timeoutSeconds: 0.05,
    execute: (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(run('late')))),
  }),
  tool({ name: 'leaks', execute: () => run({ token: SECRET, nested: [`ghp_${'a1B2'.repeat(9)}`] }) }),
  tool({ name: 'leaks-in-error', execute: () => Promise.reject(new ToolError(`could not sign in with ${SECRET}`)) }),
  tool({ name: 'large', execute: () => run('x'.repeat(2 * 1024 * 1024)) }),
]

let rig: Rig
before(async () => {
  const redactor = createRedactor()
  redactor.learn(SECRET)
  rig = await startEngine(entriesOf({ tools }), { ana: principal('ana'), limited: principal('limited') }, {}, redactor)
})
after(() => rig.close())
beforeEach(() => {
  ran = 0
})
const call = (name: string, args?: object, token = 'ana', version: Version = '2026-07-28'): Promise<Answer> =>
  mcp(rig.url, { token, version }).call(name, args)
const told = ({ result, error }: Answer): string => result?.content?.[0].text ?? error.message

describe('arguments that a tool did not declare', () => {
  it('are refused, in both revisions, and nothing runs', async () => {
    for (const version of ['2026-07-28', '2025-11-25'] as const)
      for (const [args, path] of [
        [{}, 'arguments must have'],
        [{ word: 'a', more: 1 }, 'arguments must NOT have additional'],
        [{ word: 'b' }, 'arguments/word must match'],
        [{ word: 'a'.repeat(65) }, 'arguments/word must NOT have more than 64'],
        [{ word: ['a'] }, 'arguments/word must be string'],
        [{ word: 'a', list: [{ n: 1 }, { n: '1' }] }, 'arguments/list/1/n must be integer'],
        [{ word: 'a', list: [{ n: 1, m: 2 }] }, 'arguments/list/0 must NOT have additional'],
        [{ word: 'a', list: [{}, {}, {}, {}] }, 'arguments/list must NOT have more than 3'],
      ] as const) {
        const answer = await call('json', args, 'ana', version)
        assert.equal(answer.result.isError, true)
        assert.ok(told(answer).startsWith(`Invalid arguments: ${path}`), told(answer))
      }
    assert.equal(ran, 0)
  })
  it('are refused under names that every object has', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const args = JSON.parse(`{"word":"a",${JSON.stringify(name)}:{"yes":1}}`)
      assert.match(told(await call('json', args)), /additional properties/, name)
    }
    assert.equal(ran, 0)
    assert.deepEqual((await call('json', { word: 'a' })).result.structuredContent, { polluted: false, keys: ['word'] })
  })
  it('are never told back: whatever is sent, no value of it is in the answer', async () => {
    // A path begins with that word, whatever was sent; fast-check likes it.
    const value = fc.stringMatching(/^[a-z]{9,30}$/).filter((each) => each !== 'arguments')
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.record({ word: fc.array(value, { minLength: 1 }) }),
          fc.record({ word: value }),
          fc.record({ word: fc.constant('a'), list: fc.array(value, { minLength: 1 }) }),
        ),
        async (args) => {
          const text = JSON.stringify((await call('json', args)).body)
          for (const one of JSON.stringify(args).match(/[a-z]{9,}/g) ?? []) assert.ok(!text.includes(one), one)
        },
      ),
      { numRuns: 40 },
    )
    assert.equal(ran, 0)
  })
})

describe('a pattern that takes for ever on another engine', () => {
  it('does not stall the process, whichever library wrote it', async () => {
    const attack = `${'a'.repeat(49_000)}!`
    for (const name of ['json', 'zod']) {
      const took = await cpuMsDuring(async () => assert.match(told(await call(name, { word: attack })), /arguments\/word must/))
      assert.ok(took < 5_000, `${took} ms`)
    }
    assert.equal(ran, 0)
  })
})

describe('a tool', () => {
  it('is for those who may use it', async () => {
    const scoped = await call('scoped')
    assert.equal(told(scoped).includes('notes:write'), true)
    const [hidden, unknown] = [await call('private'), await call('nothing')]
    assert.deepEqual([hidden.status, hidden.error.code, hidden.error.message], [unknown.status, unknown.error.code, unknown.error.message])
    assert.ok(!(await mcp(rig.url, { token: 'ana' }).list()).some(({ name }) => name === 'private' || name === 'scoped'))
    assert.equal(ran, 0)
  })
  it('has its rule on arguments, after they were validated', async () => {
    assert.match(told(await call('rule', { n: 'x' })), /arguments\/n must be integer/)
    assert.match(told(await call('rule', { n: 3 })), /a rule of this server does not allow it/)
    assert.equal(ran, 0)
    assert.equal(told(await call('rule', { n: 2 })), 'ran')
  })
  it('has a budget and a deadline of its own', async () => {
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await call('limited', {}, 'limited')).status)
    assert.deepEqual([statuses, ran], [[200, 200, 429], 2])
    assert.match(told(await call('slow')), /took longer than 0\.05 seconds/)
  })
})

describe('what a tool answers', () => {
  it('leaves without the secrets that are known, and without what looks like one', async () => {
    for (const name of ['leaks', 'leaks-in-error']) {
      const text = JSON.stringify((await call(name)).body)
      assert.ok(!text.includes(SECRET) && !text.includes('ghp_'), text)
      assert.match(text, /\[redacted\]/)
    }
  })
  it('is withheld where it is too large', async () => {
    assert.match(told(await call('large')), /withheld/)
    assert.equal(ran, 1)
  })
})
