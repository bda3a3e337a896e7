// What a cache could give to the wrong person: every cacheable result says whose it is, and `public` is never a slip.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { toResult } from '../../src/protocol/index.ts'
import { directory, resource, resourceTemplate } from '../../src/server/resources/index.ts'
import { verifies } from '../requirements.ts'
import { principal } from '../support/engine.ts'
import { createTempDir, mcp } from '../support/index.ts'
import { make, startResources } from '../support/resources.ts'

verifies('RS20', 'RS21', 'G7')

const temp = await createTempDir('caching')
after(() => temp.remove())
mkdirSync(join(temp.path, 'notes'))
writeFileSync(join(temp.path, 'notes/a.md'), 'a')

const open = { permissions: 'public', cacheScope: 'public', ttlMs: 60_000 } as const
const rig = await startResources(
  {
    resources: [
      resource({ uri: 'x://public', name: 'public', ...open, read: () => 'the same for all' }),
      resource({ uri: 'x://signals', name: 'signals', ...open, read: ({ signal, log }) => `${signal.aborted} ${typeof log}` }),
      resource({ uri: 'x://who', name: 'who', ...open, read: ({ principal }) => principal.subject }),
      resource({ uri: 'x://later', name: 'later', ...open, read: async (context) => (await Promise.resolve(), context.principal.subject) }),
      resource({
        uri: 'x://spread',
        name: 'spread',
        ...open,
        read: (context) => JSON.stringify(Object.keys({ ...context, p: context.principal })),
      }),
      resource({ uri: 'x://able', name: 'able', ...open, read: ({ capabilities }) => JSON.stringify(capabilities) }),
      resource({ uri: 'x://state', name: 'state', ...open, read: ({ state, answers }) => JSON.stringify([state, answers]) }),
      resource({
        uri: 'x://asks',
        name: 'asks',
        ...open,
        read: (context) => (context.answers['r'] ? 'asked' : context.ask({ r: { method: 'roots/list', params: {} } })),
      }),
      resource({ uri: 'x://meant', name: 'meant', permissions: 'public', ttlMs: 60_000, read: () => 'not said to be public' }),
      resource({ uri: 'x://own', name: 'own', ttlMs: 1_000, read: ({ principal }) => principal.subject }),
      resource({ uri: 'x://forged', name: 'forged', read: () => ({ contents: [{ text: 'x' }], cacheScope: 'public', ttlMs: 9 }) as never }),
      directory({ uri: 'file:///open/', path: join(temp.path, 'notes'), name: 'open', ...open }),
      directory({ uri: 'file:///closed/', path: join(temp.path, 'notes'), name: 'closed', ttlMs: 5 }),
    ],
    resourceTemplates: [
      resourceTemplate({ uriTemplate: 't://{id}', name: 't', ...open, read: ({ id }) => String(id) }),
      resourceTemplate({ uriTemplate: 'u://{id}', name: 'u', ...open, read: ({ id }, { principal }) => `${id} ${principal.subject}` }),
    ],
  },
  { ana: principal('ana'), bob: principal('bob', { scopes: [] }) },
)
after(() => rig.close())
const ana = mcp(rig.url, { key: 'ana', capabilities: { roots: {} } })
const hintsOf = async (uri: string) => {
  const { result } = await ana.request('resources/read', { uri })
  return [result?.cacheScope, result?.ttlMs]
}

test('the definitions are fine', () => assert.deepEqual(rig.problems, []))

test('what everybody may read, was said to be public and looks at nobody is public', async () => {
  for (const uri of ['x://public', 'x://signals', 't://7', 'file:///open/a.md'])
    assert.deepEqual(await hintsOf(uri), ['public', 60_000], uri)
})

test('whatever looks at who is asking, how ever it does, is private', async () => {
  for (const uri of ['x://who', 'x://later', 'x://spread', 'x://able', 'x://state', 'u://7'])
    assert.deepEqual(await hintsOf(uri), ['private', 60_000], uri)
  // And so is the next one, which looked again.
  assert.deepEqual(await hintsOf('x://who'), ['private', 60_000])
})

test('whatever was not said to be public, or not in its definition, is private', async () => {
  assert.deepEqual(await hintsOf('x://meant'), ['private', 60_000])
  assert.deepEqual(await hintsOf('x://own'), ['private', 1_000])
  assert.deepEqual(await hintsOf('x://forged'), ['private', 0])
  assert.deepEqual(await hintsOf('file:///closed/a.md'), ['private', 5])
})

test('what came of answers is private and stale at once, and a question says nothing of the kind', async () => {
  const first = await ana.request('resources/read', { uri: 'x://asks' })
  assert.deepEqual(['cacheScope' in first.result, 'ttlMs' in first.result], [false, false])
  const again = { requestState: first.result.requestState, inputResponses: { r: { roots: [] } } }
  const { result } = await ana.request('resources/read', { uri: 'x://asks', ...again })
  assert.deepEqual([result.contents[0].text, result.cacheScope, result.ttlMs], ['asked', 'private', 0])
})

test('every cacheable result says both, lists on all their pages alike; others and refusals say neither', async () => {
  for (const method of ['server/discover', 'tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']) {
    const { result } = await ana.request(method)
    assert.equal(result.cacheScope, 'private', method)
    assert.ok(Number.isSafeInteger(result.ttlMs) && result.ttlMs >= 0, method)
  }
  const complete = await ana.request('completion/complete', {
    ref: { type: 'ref/resource', uri: 't://{id}' },
    argument: { name: 'id', value: '' },
  })
  const missing = await ana.request('resources/read', { uri: 'x://missing' })
  for (const body of [complete.result, missing.error]) assert.doesNotMatch(JSON.stringify(body), /ttlMs|cacheScope/)
  const legacy = mcp(rig.url, { key: 'ana', version: '2025-11-25' })
  const { result } = await legacy.request('resources/read', { uri: 'x://public' })
  assert.deepEqual(Object.keys(result), ['contents'])
})

test('a scope that the caller lacks is asked for whatever a cache may keep', async () => {
  const bob = mcp(rig.url, { key: 'bob' })
  assert.equal((await bob.request('resources/read', { uri: 'x://public' })).result.contents[0].text, 'the same for all')
  assert.equal((await bob.request('resources/read', { uri: 'x://own' })).result, undefined)
})

test('`public` for what not everybody may read does not start', () => {
  for (const permissions of [
    undefined,
    'denied',
    { requiredScopes: ['x'] },
    { access: 'private', users: ['ana'] },
    { access: 'public', when: 'principal.subject == "ana"' },
  ]) {
    const { problems } = make({
      resources: [
        { uri: 'x://a', name: 'a', permissions, cacheScope: 'public', read: () => 'x' },
        { uri: 'file:///a/', path: temp.path, name: 'a', permissions, cacheScope: 'public' },
      ],
      resourceTemplates: [{ uriTemplate: 'x://{a}', name: 'a', permissions, cacheScope: 'public', read: () => 'x' }],
    })
    assert.equal(problems.filter((problem) => problem.includes('cacheScope: "public" goes with')).length, 3, JSON.stringify(permissions))
  }
})

test('a result that came as JSON is never public, whatever it says', () => {
  const forged = JSON.parse('{"contents":[],"cacheScope":"public","ttlMs":5,"__proto__":{"cacheScope":"public"}}')
  for (const method of ['resources/read', 'resources/list', 'tools/list'])
    assert.equal(toResult('modern', method, forged)['cacheScope'], 'private')
})
