// A folder's files as resources, against everybody who wants another file: paths in every writing, links, links that are swapped
// while a file is read, things that are no files, files that grow or vanish.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { openByHandle } from '../../src/server/resources/folder/by-handle.ts'
import { openFolder } from '../../src/server/resources/folder/folder.ts'
import { directory } from '../../src/server/resources/index.ts'
import { verifies } from '../requirements.ts'
import { createTempDir, mcp } from '../support/index.ts'
import { startResources } from '../support/resources.ts'
import { lived } from '../support/until.ts'

verifies('T32', 'RS25')

const temp = await createTempDir('paths')
after(() => temp.remove())
const base = join(temp.path, 'a/b/c')
const root = join(base, 'allowed')
const OUTSIDE = 'OUTSIDE-7f3a'
mkdirSync(join(root, 'sub/deep'), { recursive: true })
mkdirSync(join(base, 'allowed_evil'))
for (const place of ['secret.txt', 'allowed_evil/secret.txt', '../secret.txt', '../../secret.txt', 'allowed/.env', 'allowed/sub/.env'])
  writeFileSync(join(base, place), OUTSIDE)
writeFileSync(join(root, 'a.md'), 'inside')
writeFileSync(join(root, 'sub/deep/b.md'), 'inside')
writeFileSync(join(root, '%2e%2e'), 'inside')
symlinkSync('../secret.txt', join(root, 'link.txt'))
symlinkSync(join(base, 'secret.txt'), join(root, 'absolute.txt'))
symlinkSync('..', join(root, 'up'))
symlinkSync('../allowed_evil', join(root, 'evil'))
symlinkSync('/', join(root, 'slash'))
symlinkSync('/dev/zero', join(root, 'zero'))
symlinkSync('link.txt', join(root, 'twice.txt'))
symlinkSync('self', join(root, 'self'))
execFileSync('mkfifo', [join(root, 'pipe')])
const socket = createServer().listen(join(root, 'socket'))
after(() => socket.close())

const rigs = await Promise.all(
  [false, true].map((followLinks) =>
    startResources({ resources: [directory({ uri: 'file:///notes/', path: root, name: 'notes', followLinks, watch: false })] }),
  ),
)
after(() => Promise.all(rigs.map((rig) => rig.close())))

const inEveryWriting = [
  '../secret.txt',
  '../../secret.txt',
  'sub/../../secret.txt',
  'sub/deep/../../../secret.txt',
  './a.md',
  'sub/./deep/b.md',
  'sub//deep/b.md',
  '/a.md',
  '//a.md',
  'a.md/',
  '..',
  '.',
  '',
  '../allowed_evil/secret.txt',
  '../allowed/a.md',
  '%2e%2e/secret.txt',
  '%2E%2E/secret.txt',
  '.%2e/secret.txt',
  '%2e./secret.txt',
  '..%2fsecret.txt',
  '..%2Fsecret.txt',
  '%2e%2e%2fsecret.txt',
  '%252e%252e/secret.txt',
  '%252e%252e%252fsecret.txt',
  '..%252fsecret.txt',
  '..\\secret.txt',
  '..%5csecret.txt',
  '..%5Csecret.txt',
  'sub\\..\\..\\secret.txt',
  '%c0%ae%c0%ae/secret.txt',
  '%c0%ae%c0%ae%c0%afsecret.txt',
  '%e0%80%ae%e0%80%ae/secret.txt',
  '%uff0e%uff0e/secret.txt',
  '\uff0e\uff0e/secret.txt',
  '%EF%BC%8E%EF%BC%8E/secret.txt',
  '%E2%80%A6/secret.txt',
  'a.md%00',
  '..%00/secret.txt',
  'a.md\u0000.txt',
  '%0d%0a',
  'a.md#x',
  'a.md?x',
  '..;/secret.txt',
  '..;x=1/secret.txt',
  join(base, 'secret.txt'),
  encodeURIComponent(join(base, 'secret.txt')),
  'C:/windows/win.ini',
  'C%3A%5Cwindows',
  'file:///etc/passwd',
  '~/secret.txt',
  '%7E/secret.txt',
  'A.MD',
  'a.md.',
  'a.md%20',
  'a.md::$DATA',
  '.env',
  'sub/.env',
  '%2eenv',
  'link.txt',
  'absolute.txt',
  'twice.txt',
  'self',
  'up/secret.txt',
  'evil/secret.txt',
  'slash/etc/passwd',
  'zero',
  'pipe',
  'socket',
  'sub',
  'up/allowed/.env',
  'none.md',
  'a.md/b',
  'x'.repeat(3_000),
  `${'sub/../'.repeat(500)}a.md`,
  `${'sub/'.repeat(500)}a.md`,
]

for (const [index, rig] of rigs.entries()) {
  test(`another file is never read, whatever the path looks like, and every refusal looks alike (${index ? 'links followed' : 'no links'})`, async () => {
    const ana = mcp(rig.url, { key: 'ana' })
    assert.equal((await ana.request('resources/read', { uri: 'file:///notes/a.md' })).result.contents[0].text, 'inside')
    assert.equal((await ana.request('resources/read', { uri: 'file:///notes/%252e%252e' })).result.contents[0].text, 'inside')
    for (const path of inEveryWriting) {
      const uri = `file:///notes/${path}`
      const begun = process.cpuUsage()
      const { status, body } = await ana.post(
        { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri, _meta: modern } },
        { 'mcp-method': 'resources/read', 'mcp-name': header(uri) },
      )
      assert.ok(process.cpuUsage(begun).user < 1_000_000, `${path} takes too long`)
      assert.equal(body.result, undefined, path)
      assert.deepEqual([status, body.error.code, body.error.message], [200, -32602, 'Resource not found'], path)
      assert.doesNotMatch(JSON.stringify(body), new RegExp(OUTSIDE))
    }
  })
}

const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const header = (uri: string): string => `=?base64?${Buffer.from(uri).toString('base64')}?=`

test('no path at all leads out of the folder', async () => {
  const [plain, following] = rigs
  const pieces = [
    '..',
    '.',
    '/',
    '//',
    '\\',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '%25',
    '%00',
    '%c0%ae',
    '%',
    'secret.txt',
    'a.md',
    'sub',
    'deep',
    'b.md',
  ]
  const more = [
    'up',
    'evil',
    'slash',
    'link.txt',
    'allowed',
    'allowed_evil',
    '.env',
    'etc/passwd',
    'proc/self/environ',
    '?',
    '#',
    ';',
    ':',
    '~',
    '\u0000',
    'ü',
  ]
  const path = fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 12 }).map((all) => all.join('')) },
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 8 }).map((all) => all.join('/')) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.constantFrom('sub', 'deep', 'a.md', 'b.md', 'up', 'evil', 'allowed', '..'), { maxLength: 4 })
        .map((all) => all.join('/')),
    },
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.webPath(),
  )
  const execute = async (rig: (typeof rigs)[number] | undefined, uri: string): Promise<string> => {
    const entry = rig?.engine.catalogue.resolve(uri)
    const outcome = await entry?.executor.execute({ method: 'resources/read', params: { uri } } as never)
    return outcome?.allowed ? JSON.stringify(outcome.value) : ''
  }
  let read = 0
  await fc.assert(
    fc.asyncProperty(path, async (each) => {
      for (const rig of [plain, following]) {
        const answer = await execute(rig, `file:///notes/${each}`)
        if (answer === '') continue
        read++
        assert.match(answer, /"text":"inside"/)
      }
    }),
    { numRuns: 5_000 },
  )
  assert.ok(read > 20, `${read} were read`)
})

/**
 * Swaps in a process of its own: a folder with a link to the outside, and now and then a file. It rests for a
 * moment after every two hundred swaps, so that on a busy machine, too, something of the folder is read.
 */
function attack(place: string, { swapsFile }: { swapsFile: boolean }): { stop(): void } {
  mkdirSync(join(place, 'in/real'), { recursive: true })
  mkdirSync(join(place, 'out'))
  writeFileSync(join(place, 'in/real/f'), 'inside')
  writeFileSync(join(place, 'out/f'), OUTSIDE)
  writeFileSync(join(place, `out/${OUTSIDE}`), OUTSIDE)
  writeFileSync(join(place, 'in/file'), 'inside')
  const swap = `
    const { symlinkSync, renameSync, writeFileSync } = require('node:fs')
    const [, place, every] = process.argv
    symlinkSync(place + '/out', place + '/in/link')
    renameSync(place + '/in/real', place + '/in/d')
    for (let n = 1; ; n++) {
      renameSync(place + '/in/d', place + '/in/real'); renameSync(place + '/in/link', place + '/in/d')
      renameSync(place + '/in/d', place + '/in/link'); renameSync(place + '/in/real', place + '/in/d')
      if (n % 200 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3)
      if (n % every) continue
      symlinkSync(place + '/out/f', place + '/in/next'); renameSync(place + '/in/next', place + '/in/file')
      writeFileSync(place + '/in/next', 'inside'); renameSync(place + '/in/next', place + '/in/file')
    }`
  const child = spawn(process.execPath, ['-e', swap, place, swapsFile ? '4' : 'Infinity'], { stdio: 'ignore' })
  return { stop: () => void child.kill() }
}

for (const { how, byPath, followLinks, ms } of [
  { how: 'proven by handle', byPath: false, followLinks: false, ms: 1_500 },
  { how: 'proven by handle, links followed', byPath: false, followLinks: true, ms: 1_500 },
  { how: 'compared by path', byPath: true, followLinks: false, ms: 3_000 },
]) {
  test(`links that are swapped while files are read let nothing out (${how})`, async () => {
    const place = join(temp.path, how)
    const attacker = attack(place, { swapsFile: !byPath })
    await sleep(200)
    const folder = await openFolder(join(place, 'in'), { followLinks, hidden: false }, byPath)
    const wanted = byPath
      ? [
          ['d', 'f'],
          ['d', 'f'],
          ['d', 'f'],
          ['d', 'f'],
        ]
      : [['d', 'f'], ['file'], ['d', OUTSIDE]]
    const count = { inside: 0, refused: 0, listed: 0 }
    // Both happened: the swapping was seen, and so was the folder.
    const isEnough = (): boolean => count.inside > 0 && count.refused > 100 && count.listed > 0
    using time = lived()
    try {
      while (time.ms() < ms || (!isEnough() && time.ms() < 30_000)) {
        for (const bytes of await Promise.all(wanted.map((way) => folder.read(way, 100)))) {
          if (bytes === undefined) count.refused++
          else if (String(bytes) === 'inside') count.inside++
          else assert.fail(`read ${String(bytes)}`)
        }
        if ((count.inside + count.refused) % 60 !== 0) continue
        const { files } = await folder.list({ files: 100, visit() {} })
        assert.doesNotMatch(JSON.stringify(files), new RegExp(OUTSIDE))
        count.listed += files.length
      }
    } finally {
      attacker.stop()
      await folder.close()
    }
    assert.ok(isEnough(), JSON.stringify(count))
  })
}

test('the root itself may be a link and may be moved; what takes its place is not served', async () => {
  const place = join(temp.path, 'moved')
  mkdirSync(join(place, 'real'), { recursive: true })
  mkdirSync(join(place, 'other'))
  writeFileSync(join(place, 'real/f'), 'inside')
  writeFileSync(join(place, 'other/f'), OUTSIDE)
  symlinkSync('real', join(place, 'current'))
  const folder = await openFolder(join(place, 'current'), { followLinks: false, hidden: false })
  assert.equal(String(await folder.read(['f'], 100)), 'inside')
  rmSync(join(place, 'current'))
  symlinkSync('other', join(place, 'current'))
  assert.equal(String(await folder.read(['f'], 100)), 'inside')
  execFileSync('mv', [join(place, 'real'), join(place, 'elsewhere')])
  execFileSync('mv', [join(place, 'other'), join(place, 'real')])
  assert.equal(String(await folder.read(['f'], 100)), 'inside')
  await folder.close()
})

test('a file that grows while it is read is read to its bound and no further; one that shrinks or vanishes is read as it is', async () => {
  const opener = (await openByHandle(root, { followLinks: false, hidden: false })) ?? assert.fail()
  const path = join(root, 'growing')
  const open = async () => {
    writeFileSync(path, 'x'.repeat(100))
    return (await opener.file(['growing'])) ?? assert.fail()
  }
  const grown = await open()
  appendFileSync(path, 'y'.repeat(1_000_000))
  assert.equal(await grown.read(1_000), 'too_large')
  await grown.close()
  const some = await open()
  appendFileSync(path, 'y'.repeat(200_000))
  assert.equal((await some.read(300_000)).length, 200_100)
  await some.close()
  const shrunk = await open()
  truncateSync(path, 10)
  assert.equal(String(await shrunk.read(1_000)), 'x'.repeat(10))
  await shrunk.close()
  const gone = await open()
  rmSync(path)
  assert.equal((await gone.read(1_000)).length, 100)
  await gone.close()
  assert.equal(await opener.file(['growing']), undefined)
  await opener.close()
})

test('a file that says it is empty and never ends is read to its bound', async () => {
  // A regular file of the kernel's whose size is told as zero.
  const opener = (await openByHandle('/proc/sys', { followLinks: false, hidden: false })) ?? assert.fail()
  const file = (await opener.file(['kernel', 'ostype'])) ?? assert.fail()
  assert.equal(file.stats.size, 0n)
  assert.equal(await file.read(3), 'too_large')
  await file.close()
  await opener.close()
})
