// Resources, against callers who ask for what they may not have: in another writing, under another name, with variables that break
// the rules. Whatever is refused looks like what does not exist.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { directory, resource, resourceTemplate } from '../../src/server/resources/index.ts'
import { verifies } from '../requirements.ts'
import { principal } from '../support/engine.ts'
import { createTempDir, mcp } from '../support/index.ts'
import { startResources } from '../support/resources.ts'

verifies('RS25', 'hidden-names', 'bounded-output')

const temp = await createTempDir('resources')
after(() => temp.remove())
mkdirSync(join(temp.path, 'shared/public'), { recursive: true })
writeFileSync(join(temp.path, 'shared/public/a.md'), 'shared')
writeFileSync(join(temp.path, 'shared/plan.md'), 'plan')

/** What was run, and with what. */
const ran: unknown[] = []
const note =
  (name: string) =>
  (...given: unknown[]): string => {
    ran.push([name, given[0]])
    return `${name} ran`
  }
const rig = await startResources(
  {
    resources: [
      resource({ uri: 'notes://secret', name: 'secret', permissions: { access: 'private', users: ['boss'] }, read: note('secret') }),
      resource({ uri: 'notes://caf%C3%A9', name: 'café', permissions: { requiredScopes: ['cafe'] }, read: note('café') }),
      resource({ uri: 'x://admin', name: 'admin', permissions: { requiredRoles: ['admin'] }, read: note('admin') }),
      resource({ uri: 'x://denied', name: 'denied', permissions: 'denied', read: note('denied') }),
      resource({ uri: 'x://nothing', name: 'nothing', read: () => undefined }),
      resource({ uri: 'x://no-contents', name: 'nothing', read: () => ({ contents: [] }) }),
      resource({ uri: 'x://text', name: 'text', read: () => 'x'.repeat(1_100_000) }),
      resource({ uri: 'x://bytes', name: 'bytes', read: () => new Uint8Array(800_000) }),
      resource({
        uri: 'x://parts',
        name: 'parts',
        read: () => ({ contents: Array.from({ length: 20 }, () => ({ text: 'x'.repeat(60_000) })) }),
      }),
      resource({ uri: 'x://many', name: 'many', read: () => ({ contents: Array.from({ length: 1_001 }, () => ({ text: '' })) }) }),
      directory({
        uri: 'file:///shared/',
        path: join(temp.path, 'shared'),
        name: 'shared',
        permissions: { when: 'args.path == "public/a.md"' },
      }),
    ],
    resourceTemplates: [
      resourceTemplate({
        uriTemplate: 'notes://{id}',
        name: 'notes',
        variables: { type: 'object', properties: { id: { type: 'string', pattern: '^[^<>]+$', maxLength: 20 } } } as const,
        read: note('notes'),
      }),
      resourceTemplate({
        uriTemplate: 'ruled://{owner}/{id}',
        name: 'ruled',
        permissions: { when: 'args.owner == "ana"' },
        read: note('ruled'),
      }),
      resourceTemplate({
        uriTemplate: 'hidden://{id}',
        name: 'hidden',
        permissions: { access: 'private', users: ['boss'] },
        read: note('hidden'),
      }),
      resourceTemplate({ uriTemplate: 'any:{+rest}', name: 'any', read: note('any') }),
    ],
  },
  { ana: principal('ana'), boss: principal('boss', { credential: 'token' }) },
)
after(() => rig.close())
const ana = mcp(rig.url, { key: 'ana' })
const boss = mcp(rig.url, { key: 'boss' })

/** All that a caller sees of a refusal, but for the URI and the number of the decision. */
async function seen(uri: string): Promise<string> {
  const { status, body, headers } = await ana.request('resources/read', { uri })
  assert.equal(body.result, undefined, uri)
  assert.equal(body.error.data.uri, uri)
  const { 'sallyport/decision': _, uri: __, ...data } = body.error.data
  return JSON.stringify([status, body.error.code, body.error.message, data, Object.keys(headers).sort()])
}
const unknown = await seen('x://never-was')

test('the definitions are fine, and what is not there is −32602 and never empty contents', async () => {
  assert.deepEqual(rig.problems, [])
  assert.match(unknown, /^\[200,-32602,"Resource not found",\{\}/)
  for (const uri of ['x://nothing', 'x://no-contents']) assert.equal(await seen(uri), unknown, uri)
})

test('what is private or denied, and what breaks the rules of its template, looks like what never was', async () => {
  ran.length = 0
  const broken = [
    'notes://%3Cb%3E',
    'notes://123456789012345678901',
    'notes://a/b',
    'notes://',
    'notes://..',
    'notes://%00',
    'notes://a%2Fb',
    'notes://%C0%AE',
    'notes://a#b',
    'NOTES://a',
  ]
  for (const uri of ['notes://secret', 'x://denied', 'hidden://1', 'hidden://%00', ...broken]) assert.equal(await seen(uri), unknown, uri)
  assert.deepEqual(ran, [])
})

test('a resource is not reached past its own permissions by writing its URI in another way', async () => {
  ran.length = 0
  assert.equal((await boss.request('resources/read', { uri: 'notes://secret' })).result.contents[0].text, 'secret ran')
  assert.deepEqual(ran.splice(0).length, 1)
  for (const uri of [
    'notes://s%65cret',
    'notes://%73%65%63%72%65%74',
    'notes://%73ecret',
    'notes://secre%74',
    'notes://caf%c3%a9',
    'notes://%63af%C3%A9',
  ])
    assert.equal(await seen(uri), unknown, uri)
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), fc.boolean(), (encoded, upper) => {
      const spelled = Array.from('secret')
        .map((letter, i) => (encoded[i] ? `%${letter.charCodeAt(0).toString(16)[upper ? 'toUpperCase' : 'toLowerCase']()}` : letter))
        .join('')
      assert.equal(rig.engine.catalogue.resolve(`notes://${spelled}`)?.name, encoded.includes(true) ? undefined : 'notes://secret')
    }),
  )
  assert.deepEqual(ran, [])
  // What only resembles it is the template's.
  assert.equal((await ana.request('resources/read', { uri: 'notes://secrets' })).result.contents[0].text, 'notes ran')
})

test('a permission is looked at before anything runs', async () => {
  ran.length = 0
  const admin = await ana.request('resources/read', { uri: 'x://admin' })
  assert.equal(admin.error.code, 403)
  assert.equal((await ana.request('resources/read', { uri: 'notes://caf%C3%A9' })).result, undefined)
  assert.deepEqual(ran, [])
})

test('a rule is on what a URI says, not on how it is written', async () => {
  ran.length = 0
  assert.equal((await ana.request('resources/read', { uri: 'ruled://ana/1' })).result.contents[0].text, 'ruled ran')
  assert.equal((await ana.request('resources/read', { uri: 'ruled://%61na/1' })).result.contents[0].text, 'ruled ran')
  ran.length = 0
  for (const uri of ['ruled://bob/1', 'ruled://b%6Fb/1', 'ruled://ANA/1'])
    assert.equal((await ana.request('resources/read', { uri })).result, undefined, uri)
  assert.deepEqual(ran, [])
  assert.equal((await ana.request('resources/read', { uri: 'file:///shared/public/a.md' })).result.contents[0].text, 'shared')
  for (const path of ['plan.md', '%70lan.md', 'public/../plan.md', 'public/a.md/../../plan.md'])
    assert.equal((await ana.request('resources/read', { uri: `file:///shared/${path}` })).result, undefined, path)
})

test('what is too large is refused before it is encoded, and is not cut', async () => {
  for (const uri of ['x://text', 'x://bytes', 'x://parts']) {
    const { error } = await ana.request('resources/read', { uri })
    assert.match(error.message, /larger than 1048576 bytes/, uri)
  }
  assert.equal((await ana.request('resources/read', { uri: 'x://many' })).result, undefined)
})

test('a URI that is no text, is too long, or is empty is refused', async () => {
  for (const uri of [7, null, {}, ['notes://a'], true]) {
    const { body } = await ana.post(
      { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri, _meta: meta } },
      { 'mcp-method': 'resources/read', 'mcp-name': 'x' },
    )
    assert.ok(body.error, JSON.stringify(uri))
  }
  ran.length = 0
  assert.equal(await seen(`any:${'a'.repeat(5_000)}`), unknown)
  assert.deepEqual(ran, [])
})
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

test('no URI whatever gives a reader something that leads elsewhere, or takes long', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'notes:',
      'any:',
      'ruled:',
      '//',
      '/',
      '..',
      '.',
      '%2e',
      '%2f',
      '%5c',
      '%00',
      '%c0%af',
      '\\',
      '?',
      '#',
      '%',
      'ana',
      'secret',
      '<',
      '%3C',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const uri = pieces.join('')
      const begun = process.threadCpuUsage()
      const entry = rig.engine.catalogue.resolve(uri)
      ran.length = 0
      const named = entry?.normalize ? await entry.normalize({ uri }) : { allowed: true, value: { uri } }
      if (named.allowed) await entry?.executor.execute({ method: 'resources/read', params: { uri }, args: named.value } as never)
      for (const [name, given] of ran as [string, Record<string, string>][])
        for (const value of Object.values(typeof given === 'object' ? given : {})) {
          assert.doesNotMatch(value, /[\u0000-\u001f\u007f-\u009f\\]/)
          assert.ok(!value.split('/').includes('..') && value.isWellFormed())
          if (name !== 'any') assert.ok(!value.includes('/'))
        }
      assert.ok(process.threadCpuUsage(begun).user < 1_000_000)
    }),
    { numRuns: 5_000 },
  )
})
