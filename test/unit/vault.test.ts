/** The key ring: what it seals, what it refuses to open, and where its keys come from. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { addMasterKey, createKeyRing, createMemoryKeyRing, openData, resolveDataDir } from '../../src/vault/index.ts'
import { isShared } from '../../src/vault/require-ours.ts'
import { auditRecord } from '../contracts/audit-store.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  file = join(folder, 'master.key')
})
afterEach(() => rm(folder, { recursive: true }))

const posix = { skip: process.platform === 'win32' }
const key = (): string => randomBytes(32).toString('base64')

function refuses(open: () => unknown, pattern: RegExp, secret = '\u0000'): void {
  assert.throws(open, (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error))
    assert.match(error.message, pattern)
    assert.ok(!error.message.includes(secret))
    return true
  })
}

test('what was sealed opens at its place, text and bytes alike', () => {
  const ring = createMemoryKeyRing()
  for (const plaintext of ['', 'a', 'ä\u{1f600}', 'x'.repeat(100_000)])
    assert.equal(ring.open(ring.seal(plaintext, 'secret/a'), 'secret/a')?.toString(), plaintext)
  const bytes = randomBytes(1_000)
  assert.deepEqual(ring.open(ring.seal(bytes, 'secret/a'), 'secret/a'), bytes)
})

test('a sealed value is printable, shows nothing and is never twice the same', () => {
  const ring = createMemoryKeyRing()
  const sealed = ring.seal('a password', 'secret/a')
  assert.match(sealed, /^v1\.[\w-]{8}\.[\w-]+$/)
  assert.notEqual(ring.seal('a password', 'secret/a'), sealed)
  assert.ok(!Buffer.from(sealed.split('.')[2]!, 'base64url').includes('password'))
})

test('a value that was moved to another place does not open', () => {
  const ring = createMemoryKeyRing()
  const sealed = ring.seal('x', 'secret/a')
  for (const place of ['secret/b', 'secret', 'secret/a/', 'session/a', '']) assert.equal(ring.open(sealed, place), undefined)
})

test('a value with any character changed, cut or added does not open', () => {
  const ring = createMemoryKeyRing()
  const sealed = ring.seal('some plaintext', 'secret/a')
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed[at] === 'A' ? 'B' : 'A'
    assert.equal(ring.open(sealed.slice(0, at) + changed + sealed.slice(at + 1), 'secret/a'), undefined, `changed at ${at}`)
    assert.equal(ring.open(sealed.slice(0, at), 'secret/a'), undefined, `cut at ${at}`)
  }
  for (const other of [
    `${sealed}A`,
    `${sealed}=`,
    `${sealed} `,
    `${sealed}.`,
    `${sealed}.x`,
    ` ${sealed}`,
    '',
    '..',
    'v1..',
    'v2' + sealed.slice(2),
  ])
    assert.equal(ring.open(other, 'secret/a'), undefined, other)
})

test('a value of another ring does not open', () => {
  assert.equal(createMemoryKeyRing().open(createMemoryKeyRing().seal('x', 'p'), 'p'), undefined)
})

test('a mac depends on the key, the purpose and the data, and is the same again', () => {
  const ring = createMemoryKeyRing()
  const mac = ring.mac('api key', 'data')
  assert.equal(mac.length, 32)
  assert.deepEqual(ring.mac('api key', Buffer.from('data')), mac)
  for (const other of [ring.mac('api key', 'date'), ring.mac('successor', 'data'), createMemoryKeyRing().mac('api key', 'data')])
    assert.notDeepEqual(other, mac)
})

test('the key file is made once, private, and is the same key after a restart', posix, async () => {
  const sealed = createKeyRing({ file, env: {} }).seal('x', 'p')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const text = await readFile(file, 'utf8')
  assert.equal(createKeyRing({ file, env: {} }).open(sealed, 'p')?.toString(), 'x')
  assert.equal(await readFile(file, 'utf8'), text)
  assert.deepEqual(await readdir(folder), ['master.key'])
})

test('a key file that others can read or change is refused, with the fix', posix, async () => {
  createKeyRing({ file, env: {} })
  const secret = (await readFile(file, 'utf8')).trim().split('\n').at(-1)!
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644]) {
    await chmod(file, mode)
    refuses(() => createKeyRing({ file, env: {} }), /chmod 600/, secret)
  }
  await chmod(file, 0o400)
  createKeyRing({ file, env: {} })
})

test('a key file that is cut, empty, or not keys is refused, and not replaced', async () => {
  createKeyRing({ file, env: {} })
  const text = await readFile(file, 'utf8')
  const secret = text.trim().split('\n').at(-1)!
  for (const wrong of [
    '',
    '\n',
    '# only a comment\n',
    text.slice(0, -10),
    text.replace(secret, secret.slice(1)),
    `${text}more\n`,
    text.replace(secret, `${secret.slice(0, -1)}!`),
  ]) {
    await writeFile(file, wrong, { mode: 0o600 })
    refuses(() => createKeyRing({ file, env: {} }), /is not a master key/, secret.slice(1, -1))
    assert.equal(await readFile(file, 'utf8'), wrong)
  }
})

test('a folder in place of the key file is refused', async () => {
  await mkdir(file, { mode: 0o700 })
  refuses(() => createKeyRing({ file, env: {} }), /must be a file/)
})

test('the newest key seals, all of them open, and macs stay those of the oldest', () => {
  const [one, two] = [key(), key()]
  const first = createKeyRing({ file, env: { SALLYPORT_MASTER_KEY: one } })
  const both = createKeyRing({ file, env: { SALLYPORT_MASTER_KEY: `${two},${one}` } })
  const second = createKeyRing({ file, env: { SALLYPORT_MASTER_KEY: two } })
  assert.equal(both.open(first.seal('old', 'p'), 'p')?.toString(), 'old')
  const sealed = both.seal('new', 'p')
  assert.equal(second.open(sealed, 'p')?.toString(), 'new')
  assert.equal(first.open(sealed, 'p'), undefined)
  assert.deepEqual(both.mac('a', 'b'), first.mac('a', 'b'))
})

test('one key may be written in base64, base64url or hex', () => {
  const bytes = randomBytes(32)
  const [sealed, ...others] = (['base64', 'base64url', 'hex'] as const).map((encoding) =>
    createKeyRing({ file, env: { SALLYPORT_MASTER_KEY: ` ${bytes.toString(encoding)}\n` } }),
  )
  for (const other of others) assert.equal(other.open(sealed!.seal('x', 'p'), 'p')?.toString(), 'x')
})

test('a key from the environment leaves the folder alone', async () => {
  createKeyRing({ file, env: { SALLYPORT_MASTER_KEY: key() } })
  assert.deepEqual(await readdir(folder), [])
})

test('a wrong variable is refused and not shown', () => {
  refuses(
    () => createKeyRing({ file, env: { SALLYPORT_MASTER_KEY: 'correct horse battery staple' } }),
    /^SALLYPORT_MASTER_KEY: is not a master key/,
    'horse',
  )
  refuses(() => createKeyRing({ file, env: { SALLYPORT_MASTER_KEY: key(), SALLYPORT_MASTER_KEY_FILE: file } }), /both set/)
  refuses(() => createKeyRing({ file, env: { SALLYPORT_MASTER_KEY_FILE: file } }), /does not exist/)
})

test('a mounted key file may be read by a group, and by nobody else', posix, async () => {
  const env = { SALLYPORT_MASTER_KEY_FILE: join(folder, 'mounted') }
  await writeFile(env.SALLYPORT_MASTER_KEY_FILE, key())
  await chmod(env.SALLYPORT_MASTER_KEY_FILE, 0o440)
  createKeyRing({ file, env })
  for (const mode of [0o444, 0o460, 0o646]) {
    await chmod(env.SALLYPORT_MASTER_KEY_FILE, mode)
    refuses(() => createKeyRing({ file, env }), /chmod 640/)
  }
  assert.deepEqual(await readdir(folder), ['mounted'])
})

test('the data directory: the flag, the variable, then the place of the platform', () => {
  assert.equal(resolveDataDir('/a', { SALLYPORT_DATA_DIR: '/b' }, 'linux'), '/a')
  assert.equal(resolveDataDir('a', {}, 'linux'), join(process.cwd(), 'a'))
  assert.equal(resolveDataDir(undefined, { SALLYPORT_DATA_DIR: '/b', XDG_DATA_HOME: '/c' }, 'linux'), '/b')
  assert.equal(resolveDataDir(undefined, { XDG_DATA_HOME: '/c' }, 'linux'), '/c/sallyport')
  assert.equal(resolveDataDir(undefined, { XDG_DATA_HOME: 'relative' }, 'linux'), join(homedir(), '.local/share/sallyport'))
  assert.equal(resolveDataDir(undefined, {}, 'linux'), join(homedir(), '.local/share/sallyport'))
  assert.equal(resolveDataDir(undefined, {}, 'darwin'), join(homedir(), 'Library/Application Support/sallyport'))
  assert.equal(resolveDataDir(undefined, { LOCALAPPDATA: '/l' }, 'win32'), join('/l', 'sallyport'))
})

test('data is opened private, with the head of the audit trail sealed by the key', posix, async () => {
  const dataDir = join(folder, 'deep', 'data')
  const data = await openData({ dataDir, env: {} })
  assert.equal(data.dir, dataDir)
  await data.store.audit.append([auditRecord(1)])
  for (const name of ['', ...(await readdir(dataDir))]) assert.equal((await stat(join(dataDir, name))).mode & 0o077, 0, name)
  await data.store.close()
  const again = await openData({ dataDir, env: {} })
  assert.equal((await again.store.audit.verify()).intact, true)
  await again.store.close()
  await assert.rejects(openData({ dataDir, env: { SALLYPORT_MASTER_KEY: key() } }), /is sealed under the master key/)
})

test('a data directory that others can write into is refused', posix, async () => {
  for (const mode of [0o777, 0o702]) {
    await chmod(folder, mode)
    await assert.rejects(openData({ dataDir: folder, env: {} }), /everybody can write[^]*chmod 700/)
  }
  assert.deepEqual(await readdir(folder), [])
})

test('a group counts as others, but for the one that is the owner’s alone', posix, () => {
  const found = (uid: number, gid: number, mode: number) => isShared({ uid, gid, mode } as Stats)
  for (const mode of [0o600, 0o644, 0o755]) assert.equal(found(1000, 100, mode), false)
  assert.equal(found(1000, 100, 0o664), true)
  assert.equal(found(0, 0, 0o664), true)
  assert.equal(found(1000, 1000, 0o664), false)
  assert.equal(found(1000, 1000, 0o666), true)
})

test('a key that another process adds is followed: it seals, all of them open, and MACs stay what they were', async () => {
  const running = createKeyRing({ file, env: {} })
  const before = running.seal('old', 'secret/a')
  const mac = running.mac('api-key', 'x')
  addMasterKey({ file, env: {} })
  const next = createKeyRing({ file, env: {} })
  const after = next.seal('new', 'secret/a')
  assert.notEqual(after.split('.')[1], before.split('.')[1])
  assert.equal(running.open(after, 'secret/a')?.toString(), 'new')
  assert.equal(running.open(before, 'secret/a')?.toString(), 'old')
  assert.equal(next.open(before, 'secret/a')?.toString(), 'old')
  assert.equal(running.seal('x', 'secret/a').split('.')[1], after.split('.')[1])
  assert.deepEqual([running.mac('api-key', 'x'), next.mac('api-key', 'x')], [mac, mac])
  assert.match(await readFile(file, 'utf8'), /^# Sallyport[^\0]*is lost\.\n[\w-]{43}\n[\w-]{43}\n$/)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
})

test('a file that is wrong or gone is not followed; a key that was taken out of it goes on to open, and to be what MACs are made with', async () => {
  const running = createKeyRing({ file, env: {} })
  const sealed = running.seal('a', 'secret/a')
  const mac = running.mac('api-key', 'x')
  await writeFile(file, 'no key')
  assert.equal(running.seal('b', 'secret/a').split('.')[1], sealed.split('.')[1])
  await rm(file)
  assert.equal(running.seal('b', 'secret/a').split('.')[1], sealed.split('.')[1])
  await writeFile(file, key(), { mode: 0o600 })
  const next = running.seal('b', 'secret/a')
  assert.notEqual(next.split('.')[1], sealed.split('.')[1])
  assert.equal(createKeyRing({ file, env: {} }).open(next, 'secret/a')?.toString(), 'b')
  assert.equal(running.open(sealed, 'secret/a')?.toString(), 'a')
  assert.deepEqual(running.mac('api-key', 'x'), mac)
  // Readable by others meanwhile: what it has is not taken.
  await writeFile(file, key(), { mode: 0o600 })
  await chmod(file, 0o644)
  assert.equal(running.seal('b', 'secret/a').split('.')[1], next.split('.')[1])
})

test('a key of the environment is not ours to replace: the error says how', () => {
  for (const name of ['SALLYPORT_MASTER_KEY', 'SALLYPORT_MASTER_KEY_FILE']) {
    const value = key()
    refuses(() => addMasterKey({ file, env: { [name]: value } }), new RegExp(`^[^]*${name}: .*before those`), value)
  }
})
