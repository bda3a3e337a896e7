/** Resources and templates as their authors write them, read by a client over HTTP through the whole pipeline. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { z } from 'zod'
import { type ResourceAnswer, toContents } from '../../src/server/resources/contents.ts'
import { directory, resource, resourceTemplate } from '../../src/server/resources/index.ts'
import { principal } from '../support/engine.ts'
import { mcp } from '../support/index.ts'
import { make, startResources } from '../support/resources.ts'

const icons = [{ src: 'https://example.com/i.png', mimeType: 'image/png', sizes: ['48x48'], theme: 'dark' as const }]
const annotations = { audience: ['user' as const], priority: 0.5, lastModified: '2026-11-01T10:00:00Z' }
let asked: unknown
const rig = await startResources(
  {
    resources: [
      resource({
        uri: 'config://app',
        name: 'app',
        title: 'Settings',
        description: 'What is set.',
        mimeType: 'application/json',
        size: 2,
        icons,
        annotations,
        _meta: { 'example.com/kept': true },
        read: () => '{}',
      }),
      resource({ uri: 'x://bytes', name: 'bytes', mimeType: 'image/png', read: async () => new Uint8Array([1, 2, 3]) }),
      resource({
        uri: 'x://several',
        name: 'several',
        mimeType: 'text/plain',
        read: () => ({
          contents: [{ text: 'a' }, { uri: 'x://several/2', mimeType: 'x/y', blob: 'AAEC', _meta: { n: 1 } }, { blob: Buffer.from('hi') }],
        }),
      }),
      resource({ uri: 'x://gone', name: 'gone', read: () => undefined }),
      resource({ uri: 'x://null', name: 'null', read: async () => null }),
      resource({ uri: 'x://empty', name: 'empty', read: () => ({ contents: [] }) }),
      resource({ uri: 'x://blank', name: 'blank', read: () => '' }),
      resource({ uri: 'x://who', name: 'who', read: ({ principal }) => principal.subject }),
      resource({ uri: 'x://broken', name: 'broken', read: () => Promise.reject(new Error('a secret of the server')) }),
      resource({ uri: 'x://wrong', name: 'wrong', read: () => 7 as never }),
      resource({ uri: 'x://wrong-list', name: 'wrong', read: () => ({ contents: [{ text: 'a', blob: 'AA==' }] }) }),
      resource({ uri: 'x://wrong-blob', name: 'wrong', read: () => ({ contents: [{ blob: 'no base64' }] }) }),
      resource({
        uri: 'x://asking',
        name: 'asking',
        read: (context) => (context.answers['roots'] ? 'thank you' : context.ask({ roots: { method: 'roots/list', params: {} } })),
      }),
    ],
    resourceTemplates: [
      resourceTemplate({
        uriTemplate: 'notes://{user}/{id}{?format}',
        name: 'notes',
        variables: {
          type: 'object',
          properties: {
            user: { type: 'string', pattern: '^[a-z]+$', maxLength: 16 },
            id: { type: 'integer', minimum: 1, maximum: 99 },
            format: { enum: ['short', 'long'] },
          },
          required: ['user', 'id'],
        } as const,
        read({ user, id, format }) {
          const next: number = id + 1
          asked = { user, id, format }
          return `${user} ${next}`
        },
        complete: {
          user: (value) => ['ana', 'anton', 'bob'].filter((name) => name.startsWith(value)),
          id: async (value, context) =>
            Array.from({ length: 250 }, (_, i) => `${context.arguments['user'] ?? context.principal.subject}${value}${i}`),
        },
      }),
      resourceTemplate({
        uriTemplate: 'zod://{name}',
        name: 'zod',
        variables: z.object({
          name: z
            .string()
            .max(8)
            .refine((name) => name !== 'never')
            .transform((name) => name.toUpperCase()),
        }),
        read: ({ name }) => name,
      }),
      resourceTemplate({ uriTemplate: 'plain:///{+path}', name: 'plain', read: ({ path }) => path }),
    ],
  },
  { ana: principal('ana'), nobody: principal('nobody', { scopes: [] }) },
)
after(() => rig.close())
const ana = mcp(rig.url, { key: 'ana' })
const read = (uri: string) => ana.request('resources/read', { uri })
const texts = async (uri: string) => (await read(uri)).result?.contents?.map((content: { text?: string }) => content.text)

test('definitions are fine, and are listed as they were written', async () => {
  assert.deepEqual(rig.problems, [])
  const resources = await ana.list('resources')
  assert.deepEqual(resources[0], {
    uri: 'config://app',
    name: 'app',
    title: 'Settings',
    description: 'What is set.',
    mimeType: 'application/json',
    size: 2,
    icons,
    annotations,
    _meta: { 'example.com/kept': true },
  })
  const templates = await ana.list('resources/templates')
  assert.deepEqual(templates[0], { uriTemplate: 'notes://{user}/{id}{?format}', name: 'notes' })
})

test('a text is text, bytes are Base64, and several contents keep what they say of themselves', async () => {
  assert.deepEqual((await read('config://app')).result.contents, [{ uri: 'config://app', mimeType: 'application/json', text: '{}' }])
  assert.deepEqual((await read('x://bytes')).result.contents, [{ uri: 'x://bytes', mimeType: 'image/png', blob: 'AQID' }])
  assert.deepEqual((await read('x://several')).result.contents, [
    { uri: 'x://several', mimeType: 'text/plain', text: 'a' },
    { uri: 'x://several/2', mimeType: 'x/y', blob: 'AAEC', _meta: { n: 1 } },
    { uri: 'x://several', mimeType: 'text/plain', blob: 'aGk=' },
  ])
  assert.deepEqual(await texts('x://blank'), [''])
  assert.deepEqual(await texts('x://who'), ['ana'])
})

test('what has not the shape of contents is withheld, and what is thrown is opaque', async () => {
  for (const uri of ['x://wrong', 'x://wrong-list', 'x://wrong-blob']) {
    const { result, error } = await read(uri)
    assert.equal(result, undefined, uri)
    assert.ok(error.code < -32600 || error.code > 0, uri)
  }
  const { body } = await read('x://broken')
  assert.equal(body.error.code, -32603)
  assert.doesNotMatch(JSON.stringify(body), /secret/)
})

test('what is too large is known before it is encoded, and before it is copied', () => {
  const options = { uri: 'x://a', mimeType: undefined, resultBytes: 40 }
  const fits = (answer: ResourceAnswer): boolean => toContents(answer, options).allowed
  assert.deepEqual([fits('x'.repeat(40)), fits('x'.repeat(41)), fits('ü'.repeat(21))], [true, false, false])
  assert.deepEqual([fits(new Uint8Array(30)), fits(new Uint8Array(31))], [true, false])
  const parts = (count: number) => ({ contents: Array.from({ length: count }, () => ({ text: 'x'.repeat(10) })) })
  assert.deepEqual([fits(parts(4)), fits(parts(5))], [true, false])
})

test('variables are converted to what their schema says', async () => {
  assert.deepEqual(await texts('notes://ana/41'), ['ana 42'])
  assert.deepEqual(asked, { user: 'ana', id: 41, format: undefined })
  assert.deepEqual(await texts('notes://ana/41?format=short'), ['ana 42'])
  assert.deepEqual(asked, { user: 'ana', id: 41, format: 'short' })
})

test('a variable that breaks its schema makes the URI one that does not exist', async () => {
  for (const uri of [
    'notes://ana/0',
    'notes://ana/100',
    'notes://ana/041',
    'notes://ana/4.0',
    'notes://ana/4e1',
    'notes://ana/x',
    'notes://ANA/1',
    'notes://ana/1?format=odd',
    'notes://ana/1?format=',
  ])
    assert.deepEqual(((await read(uri)).error ?? {}).message, 'Resource not found', uri)
  const { resources } = make({
    resourceTemplates: [{ uriTemplate: 'x://{a}', name: 'a', variables: { properties: { a: { type: 'number' } } }, read: () => 'read' }],
  })
  const [entry] = resources.entries
  assert.equal((await entry?.normalize?.({ uri: 'x://07' }))?.allowed, false)
})

test("a library's own rules run on variables too, and what they make of them is read", async () => {
  assert.deepEqual(await texts('zod://bob'), ['BOB'])
  assert.equal((await read('zod://never')).error.code, -32602)
  assert.equal((await read('zod://longerthan8')).error.code, -32602)
})

test('without a schema a variable is a text', async () => {
  assert.deepEqual(await texts('plain:///a/b%20c'), ['a/b c'])
})

test('a reader may ask its caller first, and what came of the answers is not to be kept', async () => {
  const asking = mcp(rig.url, { key: 'ana', capabilities: { roots: {} } })
  const first = await asking.request('resources/read', { uri: 'x://asking' })
  assert.equal(first.result.resultType, 'input_required')
  assert.equal('ttlMs' in first.result, false)
  const { requestState } = first.result
  const second = await asking.request('resources/read', { uri: 'x://asking', requestState, inputResponses: { roots: { roots: [] } } })
  assert.equal(second.result.contents[0].text, 'thank you')
  assert.deepEqual([second.result.ttlMs, second.result.cacheScope], [0, 'private'])
})

test('variables are completed, at most a hundred values at a time', async () => {
  const complete = (name: string, value: string, context?: object, uri = 'notes://{user}/{id}{?format}') =>
    ana.request('completion/complete', { ref: { type: 'ref/resource', uri }, argument: { name, value }, ...(context && { context }) })
  assert.deepEqual((await complete('user', 'an')).result.completion, { values: ['ana', 'anton'], total: 2, hasMore: false })
  const ids = (await complete('id', '7', { arguments: { user: 'bob' } })).result.completion
  assert.deepEqual([ids.values.length, ids.total, ids.hasMore, ids.values[0]], [100, 250, true, 'bob70'])
  assert.equal((await complete('id', '', {})).result.completion.values[0], 'ana0')
  assert.deepEqual((await complete('format', 's')).result.completion, { values: ['short'], total: 1, hasMore: false })
  for (const chosen of [{ other: 'x' }, { id: 7 }, { id: '07' }, { id: '100' }, { user: '../x' }])
    assert.equal((await complete('user', '', { arguments: chosen })).error.code, -32602, JSON.stringify(chosen))
  assert.deepEqual((await complete('name', 's', undefined, 'x://who')).result.completion.values, [])
  assert.equal((await complete('nothing', 's')).error.code, -32602)
  const nobody = mcp(rig.url, { key: 'nobody' })
  const refused = await nobody.request('completion/complete', {
    ref: { type: 'ref/resource', uri: 'notes://{user}/{id}{?format}' },
    argument: { name: 'user', value: '' },
  })
  assert.equal(refused.result, undefined)
})

test('every problem of every definition is named at once', () => {
  const nothing = (): undefined => undefined
  const { problems } = make({
    resources: [
      { uri: 'no uri', name: '', read: 'x', size: -1, watch: 1, mimeType: 'markdown', ttlMs: 1.5, cacheScope: 'all', unknown: 1 },
      { uri: 'x://b', name: 'b', read: nothing, annotations: { priority: 2, audience: ['model'], lastModified: 'today', more: 1 } },
      { uri: 'x://c', name: 'c', read: nothing, icons: [{ src: 'http://example.com/i.png' }], permissions: { scopes: ['x'] } },
      { uri: 'x://d', name: 'd\u202e', read: nothing, _meta: { long: 'x'.repeat(70_000) } },
      { uri: 'x://e', name: 'e', read: nothing, cacheScope: 'public' },
      { uri: 'x://e2', name: 'e', read: nothing, cacheScope: 'public', permissions: { access: 'public', when: 'args.uri == "x"' } },
      { uri: 'x://f', name: 'f', read: nothing },
      { uri: 'x://f', name: 'f', read: nothing },
      7 as never,
      { uri: 'file:///a', name: 'a', path: '', list: 1, mimeTypes: { md: 'x' }, maxFileBytes: 0, mimeType: 'text/plain' },
      { uri: 'file:///a/', name: 'a', path: '.', mimeTypes: { '.md': 'x' } },
    ],
    resourceTemplates: [
      { uriTemplate: 'x://{a', name: 'a', read: nothing },
      { uriTemplate: 'x://{a}', name: 'a', read: nothing, variables: { properties: { b: { type: 'string' }, a: { type: 'array' } } } },
      { uriTemplate: 'x://y/{a}', name: 'a', read: nothing, variables: { properties: { a: { type: 'string', pattern: '(?=x)' } } } },
      { uriTemplate: 'x://z{?a}', name: 'a', read: nothing, variables: { properties: { a: { type: 'string' } }, required: ['a'] } },
      { uriTemplate: 'x://w/{a}', name: 'a', read: nothing, variables: { properties: {} } },
      { uriTemplate: 'x://v/{a}', name: 'a', read: nothing, complete: { b: nothing } },
      { uriTemplate: 'x://u/{a}', name: 'a', read: nothing, complete: { a: 'x' } },
      { uriTemplate: 'x://t/{a}', name: 'a', read: nothing, permissions: { when: 'args.b == "x"' } },
    ],
  })
  const expected = [
    /^resource "no uri": uri: does not begin with a scheme/,
    /"no uri": size/,
    /"no uri": read: must be a function/,
    /"no uri": watch/,
    /"no uri": unknown: there is no such key/,
    /"no uri": name/,
    /"no uri": mimeType/,
    /"no uri": ttlMs/,
    /"no uri": cacheScope/,
    /"x:\/\/b": annotations\.more/,
    /annotations\.audience/,
    /annotations\.priority/,
    /annotations\.lastModified/,
    /"x:\/\/c": icons\.0\.src/,
    /"x:\/\/c": permissions\.scopes: there is no such key; did you mean "requiredScopes"/,
    /"x:\/\/d": name: has hidden characters/,
    /"x:\/\/d": must be written in at most/,
    /"x:\/\/e": cacheScope: "public" goes with/,
    /"x:\/\/e2": cacheScope: "public" goes with/,
    /"x:\/\/f": is there twice/,
    /each must be an object/,
    /^directory "file:\/\/\/a": uri: must end/,
    /"file:\/\/\/a": path/,
    /"file:\/\/\/a": list: must be true or false/,
    /"file:\/\/\/a": mimeTypes: each extension/,
    /"file:\/\/\/a": maxFileBytes/,
    /"file:\/\/\/a": mimeType: say mimeTypes/,
    /"file:\/\/\/a\/": mimeTypes\.\.md: must be a media type/,
    /^template "x:\/\/\{a": uriTemplate: has braces/,
    /"x:\/\/\{a\}": variables\.b: is not in the URI template/,
    /"x:\/\/\{a\}": variables\.a\.type/,
    /"x:\/\/y\/\{a\}": variables\/properties\/a.*RE2/,
    /"x:\/\/z\{\?a\}": variables\.required/,
    /"x:\/\/w\/\{a\}": variables: "a" of the URI template is not declared/,
    /"x:\/\/v\/\{a\}": complete\.b/,
    /"x:\/\/u\/\{a\}": complete: must have a function/,
    /"x:\/\/t\/\{a\}": permissions\.when: .*"b"/,
  ]
  for (const pattern of expected)
    assert.ok(
      problems.some((problem) => pattern.test(problem)),
      `${pattern}\n${problems.join('\n')}`,
    )
  assert.ok(problems.length <= expected.length + 2, problems.join('\n'))
})

test('what was checked cannot be changed afterwards', async () => {
  const definition = { uri: 'x://a', name: 'a', icons: [{ src: 'https://example.com/' }], read: () => 'x' }
  const { resources } = make({ resources: [definition] })
  definition.name = 'b'
  ;(definition.icons[0] as { src: string }).src = 'javascript:x'
  assert.deepEqual(resources.entries[0]?.definition, { uri: 'x://a', name: 'a', icons: [{ src: 'https://example.com/' }] })
})

test('folders that cannot be opened are named together', async () => {
  const { resources, problems } = make({
    resources: [
      directory({ uri: 'file:///a/', name: 'a', path: '/nowhere/at/all' }),
      directory({ uri: 'file:///b/', name: 'b', path: new URL(import.meta.url).pathname }),
    ],
  })
  assert.deepEqual(problems, [])
  await assert.rejects(
    resources.open(() => {}),
    { code: 'ERR_CONFIG_INVALID', message: /"file:\/\/\/a\/": path.*ENOENT\).*\n.*"file:\/\/\/b\/": path.*ENOTDIR/ },
  )
})
