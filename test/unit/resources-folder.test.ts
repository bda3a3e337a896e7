/** A folder's files as resources: what is listed, what is read, and that changes are told. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { openFolder } from '../../src/server/resources/folder/folder.ts'
import { isName, toEncodedPath, toSegments } from '../../src/server/resources/folder/segments.ts'
import { directory } from '../../src/server/resources/index.ts'
import { principal } from '../support/engine.ts'
import { createTempDir, type McpClient, mcp } from '../support/index.ts'
import { startResources } from '../support/resources.ts'
import { until } from '../support/until.ts'

const temp = await createTempDir()
after(() => temp.remove())

/** A folder with some of everything. */
function fill(name: string): string {
  const root = join(temp.path, name)
  mkdirSync(join(root, 'sub/deep'), { recursive: true })
  mkdirSync(join(root, '.git'))
  writeFileSync(join(root, 'a.md'), '# A')
  writeFileSync(join(root, 'b c#?%.txt'), 'odd')
  writeFileSync(join(root, 'sub/z.json'), '{}')
  writeFileSync(join(root, 'sub/deep/x.unknown'), 'text')
  writeFileSync(join(root, 'i.png'), new Uint8Array([0x89, 0x50, 0, 1]))
  writeFileSync(join(root, 'no-utf8.txt'), new Uint8Array([0x68, 0xff]))
  writeFileSync(join(root, 'own.note'), 'mine')
  writeFileSync(join(root, '.env'), 'SECRET=1')
  writeFileSync(join(root, '.git/config'), 'secret')
  writeFileSync(join(root, 'sub/.hidden'), 'secret')
  writeFileSync(join(root, 'large.txt'), 'x'.repeat(2_000))
  symlinkSync('a.md', join(root, 'link.md'))
  symlinkSync('sub', join(root, 'linked'))
  symlinkSync('.env', join(root, 'shown'))
  execFileSync('mkfifo', [join(root, 'pipe')])
  return root
}

const plain = { hidden: false, platform: 'linux' } as const

test('a path is names, and nothing that could be another place', () => {
  assert.deepEqual(toSegments('a/b%20c/%C3%BC.md', plain), ['a', 'b c', 'ü.md'])
  assert.deepEqual(toSegments('%252e%252e/x', plain), ['%2e%2e', 'x'])
  const wrong = [
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    '..',
    '../a',
    'a/..',
    '%2e%2e',
    '%2E%2e/a',
    'a/%2e',
    'a%2Fb',
    'a%2fb',
    '..%2fa',
    'a\\b',
    'a%5Cb',
    'a%00',
    '%00',
    'a%0Ab',
  ]
  const broken = [
    '%',
    '%4',
    '%zz',
    '%C0%AE%C0%AE',
    '%C0%AF',
    '%E0%80%AF',
    '%ED%A0%80',
    '%FF',
    'a?b',
    'a#b',
    'a b',
    'ü',
    '\ud800',
    '\u0000',
    'a'.repeat(256),
    'a/'.repeat(40) + 'a',
  ]
  for (const path of [...wrong, ...broken, '.hidden', '.git/config', 'a/.b', '%2Egit'])
    assert.equal(toSegments(path, plain), undefined, path)
  assert.deepEqual(toSegments('.git/config', { ...plain, hidden: true }), ['.git', 'config'])
  for (const path of ['a:b', 'C:', 'NUL', 'con.txt', 'aux', 'a.', 'a%20', 'PROGRA~1', 'a%7Cb', 'a*', 'COM1.log', 'lpt9'])
    assert.equal(toSegments(path, { ...plain, platform: 'win32' }), undefined, path)
  assert.deepEqual(toSegments('console.md', { ...plain, platform: 'win32' }), ['console.md'])
})

test('every name is written as a path that is read as that name', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 }), (names) => {
      fc.pre(names.every((name) => isName(name, plain)))
      assert.deepEqual(toSegments(toEncodedPath(names), plain), names)
    }),
  )
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('.', '/', '%', '2', 'e', 'E', 'f', 'F', '5', 'c', '0', '\\', '\u0000', 'C', 'A', 'x', '~', ' '),
        maxLength: 24,
      }),
      (path) => {
        for (const segment of toSegments(path, plain) ?? [])
          assert.ok(isName(segment, plain) && !/[/\\\0]/.test(segment) && segment !== '..')
      },
    ),
    { numRuns: 20_000 },
  )
})

for (const byPath of [false, true]) {
  const how = byPath ? 'compared by path' : 'proven by handle'
  test(`files are listed and read, links and hidden names are not (${how})`, async () => {
    const root = fill(`plain-${byPath}`)
    const folder = await openFolder(root, { followLinks: false, hidden: false }, byPath)
    assert.equal(folder.provesByHandle, !byPath)
    const list = async () => (await folder.list({ files: 100, visit() {} })).files.map((way) => way.join('/'))
    const all = ['a.md', 'b c#?%.txt', 'i.png', 'large.txt', 'no-utf8.txt', 'own.note', 'sub/deep/x.unknown', 'sub/z.json']
    assert.deepEqual(await list(), all)
    assert.deepEqual(await folder.list({ files: 3, visit() {} }), { files: [['a.md'], ['b c#?%.txt'], ['i.png']], isCut: true })
    assert.equal(String(await folder.read(['sub', 'z.json'], 100)), '{}')
    for (const way of [['link.md'], ['linked', 'z.json'], ['shown'], ['sub'], ['pipe'], ['none'], ['a.md', 'x'], ['sub', 'none']])
      assert.equal(await folder.read(way, 100), undefined, way.join('/'))
    assert.equal(await folder.read(['large.txt'], 1_999), 'too_large')
    assert.equal((await folder.read(['large.txt'], 2_000))?.length, 2_000)
    await folder.close()
  })

  test(`links are followed to what is inside and not hidden, if wanted (${how})`, async () => {
    const root = fill(`links-${byPath}`)
    writeFileSync(join(temp.path, 'outside.md'), 'OUTSIDE')
    symlinkSync('../outside.md', join(root, 'out.md'))
    symlinkSync('..', join(root, 'up'))
    symlinkSync('.', join(root, 'round'))
    symlinkSync('nowhere', join(root, 'dangling'))
    const folder = await openFolder(root, { followLinks: true, hidden: false }, byPath)
    assert.equal(String(await folder.read(['link.md'], 100)), '# A')
    assert.equal(String(await folder.read(['linked', 'z.json'], 100)), '{}')
    assert.equal(String(await folder.read(['round', 'round', 'a.md'], 100)), '# A')
    for (const way of [['shown'], ['out.md'], ['up', 'outside.md'], ['dangling'], ['pipe']])
      assert.equal(await folder.read(way, 100), undefined, way.join('/'))
    const names = (await folder.list({ files: 100, visit() {} })).files.map((way) => way.join('/'))
    assert.ok(names.includes('link.md') && !names.includes('out.md') && !names.includes('shown') && !names.includes('linked/z.json'))
    await folder.close()
  })
}

test('handles are closed whatever came of them', { skip: process.platform !== 'linux' }, async () => {
  const root = fill('handles')
  const open = (): number => readdirSync('/proc/self/fd').length
  for (const followLinks of [false, true]) {
    const before = open()
    const folder = await openFolder(root, { followLinks, hidden: false })
    const ways = [['a.md'], ['none'], ['link.md'], ['linked', 'z.json'], ['sub'], ['pipe'], ['shown'], ['large.txt'], ['a.md', 'x']]
    for (let round = 0; round < 20; round++) {
      await Promise.all(ways.flatMap((way) => [folder.read(way, 1_000), folder.fingerprint(way)]))
      await folder.list({ files: round, visit() {} })
    }
    await folder.close()
    assert.equal(open(), before)
  }
})

test('a folder as resources: a template, a list, types, text or bytes, and what is too large', async (t) => {
  const root = fill('served')
  const rig = await startResources({
    resources: [
      directory({
        uri: 'file:///notes/',
        path: root,
        name: 'notes',
        description: 'All notes.',
        mimeTypes: { '.NOTE': 'text/x-note' },
        maxFileBytes: 1_000,
        ttlMs: 5_000,
      }),
    ],
  })
  t.after(() => rig.close())
  const ana = mcp(rig.url, { key: 'ana' })
  const read = (path: string) => ana.request('resources/read', { uri: `file:///notes/${path}` })
  assert.deepEqual(rig.problems, [])
  assert.deepEqual(await ana.list('resources/templates'), [
    { uriTemplate: 'file:///notes/{+path}', name: 'notes', description: 'All notes.' },
  ])
  const listed = await ana.list('resources')
  assert.deepEqual(listed[1], { uri: 'file:///notes/b%20c%23%3F%25.txt', name: 'b c#?%.txt', mimeType: 'text/plain' })
  for (const { uri } of listed.filter(({ name }) => name !== 'large.txt'))
    assert.equal((await ana.request('resources/read', { uri })).result?.contents.length, 1, uri)
  const content = async (path: string) => (await read(path)).result.contents[0]
  assert.deepEqual(await content('a.md'), { uri: 'file:///notes/a.md', mimeType: 'text/markdown', text: '# A' })
  assert.deepEqual(await content('own.note'), { uri: 'file:///notes/own.note', mimeType: 'text/x-note', text: 'mine' })
  assert.deepEqual(await content('i.png'), { uri: 'file:///notes/i.png', mimeType: 'image/png', blob: 'iVAAAQ==' })
  assert.deepEqual(await content('no-utf8.txt'), { uri: 'file:///notes/no-utf8.txt', mimeType: 'text/plain', blob: 'aP8=' })
  assert.deepEqual(await content('sub/deep/x.unknown'), { uri: 'file:///notes/sub/deep/x.unknown', mimeType: 'text/plain', text: 'text' })
  assert.equal((await read('a.md')).result.ttlMs, 5_000)
  assert.match((await read('large.txt')).error.message, /larger than 1000 bytes/)
  assert.deepEqual(await suggested(ana, 'file:///notes/', 'z'), ['sub/z.json'])
})

test('with `list: false` nothing is listed, and everything can be read', async (t) => {
  const rig = await startResources({ resources: [directory({ uri: 'n://x/', path: fill('unlisted'), name: 'n', list: false })] })
  t.after(() => rig.close())
  const ana = mcp(rig.url, { key: 'ana' })
  assert.deepEqual(await ana.list('resources'), [])
  assert.equal((await ana.request('resources/read', { uri: 'n://x/a.md' })).result.contents[0].text, '# A')
  assert.deepEqual(await suggested(ana, 'n://x/', 'a'), [])
})

test('what a rule does not let a caller read is not suggested to it', async (t) => {
  const permissions = { requiredScopes: ['resources:read'], when: 'args.path == "a.md"' }
  const rig = await startResources({ resources: [directory({ uri: 'n://x/', path: fill('ruled'), name: 'n', permissions })] })
  t.after(() => rig.close())
  assert.deepEqual(await suggested(mcp(rig.url, { key: 'ana' }), 'n://x/', ''), ['a.md'])
})

async function suggested(client: McpClient, base: string, value: string): Promise<readonly string[]> {
  const { result } = await client.request('completion/complete', {
    ref: { type: 'ref/resource', uri: `${base}{+path}` },
    argument: { name: 'path', value },
  })
  return result.completion.values
}

/** What is told on a stream: the URI of what was updated, else the method. */
async function listen(client: McpClient, notifications: object): Promise<readonly string[]> {
  const { messages } = await client.open('subscriptions/listen', { notifications })
  const told: string[] = []
  const read = async (): Promise<void> => {
    for await (const { method, params } of messages) told.push(params?.uri ?? method)
  }
  // Until the server ends it.
  void read()
  await until('the subscription', () => told.includes('notifications/subscriptions/acknowledged'))
  return told
}

test('files that come and go are told to who listens to the list, and to nobody else', async (t) => {
  const root = fill('coming')
  const rig = await startResources({ resources: [directory({ uri: 'n://x/', path: root, name: 'n' })] })
  t.after(() => rig.close())
  const ana = mcp(rig.url, { key: 'ana' })
  const told = await listen(ana, { resourcesListChanged: true, toolsListChanged: true })
  const names = async () => (await ana.list('resources')).map(({ name }) => name)
  writeFileSync(join(root, 'new.md'), 'new')
  await until('the new file', async () => (await names()).includes('new.md'))
  mkdirSync(join(root, 'later'))
  writeFileSync(join(root, 'later/on.md'), 'on')
  await until('the new folder', async () => (await names()).includes('later/on.md'))
  // Inside a folder that was not there at the start.
  writeFileSync(join(root, 'later/and.md'), 'and')
  await until('a file in it', async () => (await names()).includes('later/and.md'))
  rmSync(join(root, 'new.md'))
  await until('the file is gone', async () => !(await names()).includes('new.md'))
  await until('being told', () => told.filter((method) => method === 'notifications/resources/list_changed').length >= 3)
  assert.equal(told.includes('notifications/tools/list_changed'), false)
  // What changes inside a file, or is hidden, changes no list.
  await sleep(300)
  const before = told.length
  appendFileSync(join(root, 'a.md'), 'more')
  writeFileSync(join(root, '.swp'), 'x')
  await sleep(600)
  assert.equal(told.length, before)
})

test('who follows a file hears when it is written, replaced, removed and made anew', async (t) => {
  const root = fill('followed')
  const rig = await startResources({ resources: [directory({ uri: 'n://x/', path: root, name: 'n' })] })
  t.after(() => rig.close())
  const ana = mcp(rig.url, { key: 'ana' })
  const uris = ['n://x/a.md', 'n://x/sub/z.json', 'n://x/later.md', 'n://x/.env', 'n://x/../etc/passwd']
  const told = await listen(ana, { resourceSubscriptions: uris })
  const count = (uri: string): number => told.filter((each) => each === uri).length
  await sleep(100)
  appendFileSync(join(root, 'a.md'), 'more')
  await until('it is written', () => count('n://x/a.md') === 1)
  writeFileSync(join(root, 'a.tmp'), 'other')
  renameSync(join(root, 'a.tmp'), join(root, 'a.md'))
  await until('it is replaced', () => count('n://x/a.md') === 2)
  rmSync(join(root, 'a.md'))
  await until('it is removed', () => count('n://x/a.md') === 3)
  writeFileSync(join(root, 'a.md'), 'again')
  writeFileSync(join(root, 'later.md'), 'there')
  await until('both are made', () => count('n://x/a.md') >= 4 && count('n://x/later.md') >= 1)
  writeFileSync(join(root, '.env'), 'SECRET=2')
  await sleep(400)
  assert.equal(count('n://x/sub/z.json') + count('n://x/.env'), 0)
})

test('nothing keeps a closed folder busy', async () => {
  const root = fill('closed')
  const rig = await startResources({ resources: [directory({ uri: 'n://x/', path: root, name: 'n' })] }, { ana: principal('ana') })
  await rig.close()
  writeFileSync(join(root, 'after.md'), 'x')
  await sleep(300)
})
