// What lies on the disk, for somebody who reads it, changes it or moves it; and what is shown of it anywhere.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { inspect } from 'node:util'
import { createFileTokenStore } from '../../src/client/store/file-store.ts'
import { ConfigError } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'

verifies('token-store')

const SERVER = 'https://mcp.secret-project.example/mcp'
const NAME = `sign-in/${encodeURIComponent(SERVER)}/ana`
const OTHER = 'sign-in/another/ana'
const TOKEN = 'refresh-token-that-nobody-may-see'
const posix = { skip: process.platform === 'win32' ? 'modes are POSIX' : false }

let dataDir: string
let said: string[]
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sallyport-'))
  said = []
})
afterEach(() => rm(dataDir, { recursive: true }))

const folder = (): string => join(dataDir, 'client')
const open = () =>
  createFileTokenStore({ dataDir, env: {}, log: (level, message, fields) => void said.push(JSON.stringify([level, message, fields])) })
const sealedFiles = async (): Promise<string[]> => (await readdir(folder())).filter((name) => name.endsWith('.sealed'))
/** The file of the one record that there is, or of the one that is not `but`. */
const fileOf = async (but = ''): Promise<string> => join(folder(), (await sealedFiles()).find((name) => !but.endsWith(name)) ?? '')

test('nothing is in clear: neither a value, nor a server, nor an account; in no file and in no name of one', async () => {
  const store = open()
  await store.write(NAME, TOKEN)
  await store.exclusively(NAME, async () => {
    await store.write(NAME, `${TOKEN}-2`)
    await store.exclusively(OTHER, async () => {
      // Also while somebody is inside.
      await look()
    })
  })
  await look()
  async function look(): Promise<void> {
    const files = await readdir(dataDir, { recursive: true, withFileTypes: true })
    assert.ok(files.length > 3)
    for (const file of files) {
      const path = join(file.parentPath, file.name)
      const bytes = file.isFile() ? await readFile(path, 'latin1') : ''
      for (const word of [TOKEN, 'secret-project', 'mcp.', 'ana']) {
        assert.ok(!bytes.includes(word), `${file.name} has ${word}`)
        assert.ok(!file.name.includes(word), file.name)
        assert.ok(!bytes.includes(Buffer.from(word).toString('base64url')) || word.length < 8, file.name)
      }
      if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, file.isFile() ? 0o600 : 0o700, path)
    }
  }
})

test('nothing is shown: by the store, by what it throws, or in the log', async () => {
  const store = open()
  await store.write(NAME, TOKEN)
  const errors = await Promise.all([
    store.write(NAME, `${TOKEN}${'x'.repeat(300_000)}`).catch((error: unknown) => error),
    store.write(`${NAME} `, TOKEN).catch((error: unknown) => error),
    store.exclusively(NAME, () => store.exclusively(NAME, async () => {})).catch((error: unknown) => error),
  ])
  await writeFile(await fileOf(), 'no record')
  assert.equal(await store.read(NAME), undefined)
  await rm(await fileOf())
  await symlink('/etc/passwd', join(folder(), `${'a'.repeat(64)}.sealed`))
  errors.push(await store.names().catch((error: unknown) => error))
  assert.ok(errors.every((error) => error instanceof Error))
  for (const shown of [inspect(store, { depth: 9, showHidden: true }), ...errors.map((error) => inspect(error, { depth: 9 })), ...said])
    for (const word of [TOKEN, 'secret-project']) assert.ok(!shown.includes(word), shown)
})

test('a record that is changed, cut short, moved to another’s place or put in from elsewhere counts as absent, and is said once', async () => {
  const store = open()
  await store.write(NAME, TOKEN)
  const mine = await fileOf()
  const good = await readFile(mine)
  await store.write(OTHER, 'of another')
  const theirs = await fileOf(mine)

  async function isGone(what: string): Promise<void> {
    said = []
    const fresh = open()
    assert.equal(await fresh.read(NAME), undefined, what)
    assert.equal(await fresh.read(NAME), undefined, what)
    assert.equal(said.length, 1, what)
    assert.match(said[0] ?? '', /^\["warn","a record of the client does not open: .*sign in again"/)
    await writeFile(mine, good)
    assert.equal(await fresh.read(NAME), TOKEN, what)
  }
  for (const at of [0, 3, 12, 14, 40, good.length - 1]) {
    const changed = Buffer.from(good)
    changed[at] = changed[at] === 65 ? 66 : 65
    await writeFile(mine, changed)
    await isGone(`changed at ${at}`)
  }
  for (const length of [0, 5, good.length - 1]) {
    await truncate(mine, length)
    await isGone(`cut to ${length}`)
  }
  await copyFile(theirs, mine)
  await isGone('moved')
  const other = createFileTokenStore({ dataDir: join(dataDir, 'other'), env: {} })
  await other.write(NAME, 'a token of whoever can write here')
  await copyFile(join(dataDir, 'other', 'client', mine.slice(folder().length + 1)), mine)
  await isGone('sealed with another key')
})

test('where the key is gone the record counts as absent, and the next sign-in puts another in its place', async () => {
  await open().write(NAME, TOKEN)
  await rm(join(dataDir, 'master.key'))
  const store = open()
  assert.equal(await store.read(NAME), undefined)
  assert.equal(said.length, 1)
  assert.deepEqual(await store.names(), [])
  assert.deepEqual(await store.rotateKey(), { resealed: 0, unreadable: 1 })
  await store.write(NAME, 'another')
  assert.equal(await open().read(NAME), 'another')
})

test('what is no record of ours is not read: a link, a folder, a file without end', posix, async () => {
  const store = open()
  await store.write(NAME, TOKEN)
  const mine = await fileOf()
  const elsewhere = join(dataDir, 'elsewhere')
  await rename(mine, elsewhere)
  const unreadable = { name: 'TokenStoreError', code: 'store_unreadable' }
  await symlink(elsewhere, mine)
  await assert.rejects(store.read(NAME), unreadable)
  await rm(mine)
  await writeFile(mine, Buffer.alloc(1 << 20))
  await assert.rejects(store.read(NAME), unreadable)
  await rm(mine)
  await symlink('/dev/zero', mine)
  await assert.rejects(store.read(NAME), unreadable)
})

test('a folder that others can write into, and a key that they can read, are refused', posix, async () => {
  await open().write(NAME, TOKEN)
  for (const [path, mode, mended] of [
    [folder(), 0o777, 0o700],
    [folder(), 0o702, 0o700],
    [dataDir, 0o777, 0o700],
    [join(dataDir, 'master.key'), 0o644, 0o600],
  ] as const) {
    await chmod(path, mode)
    for (const use of [
      () => open().read(NAME),
      () => open().write(NAME, 'x'),
      () => open().remove(NAME),
      () => open().exclusively(NAME, async () => assert.fail('work began')),
    ])
      await assert.rejects(use, (error: unknown) => {
        assert.ok(error instanceof ConfigError, String(error))
        assert.match(error.message, /Run: chmod (?:700|600) '/)
        return true
      })
    await chmod(path, mended)
  }
  assert.equal(await open().read(NAME), TOKEN)
})

const root = { skip: process.getuid?.() === 0 ? false : 'only the administrator can make folders of others' }
test('a folder that another user made is refused, whatever its mode: they could put a sign-in of theirs into it', root, async () => {
  const child = `
    const { createFileTokenStore } = await import(${JSON.stringify(new URL('../../src/client/store/file-store.ts', import.meta.url).href)})
    process.setgid(12346)
    process.setuid(12346)
    const store = createFileTokenStore({ dataDir: ${JSON.stringify(dataDir)}, env: {} })
    await store.read(${JSON.stringify(NAME)}).then((value) => console.log(value), (error) => console.log(error.name, error.message))`
  await mkdir(folder())
  for (const [mine, its, expected] of [
    [12_345, 12_345, /^ConfigError .*belongs to another user/],
    [12_346, 12_345, /^ConfigError .*belongs to another user/],
    [12_346, 12_346, /^undefined/],
  ] as const) {
    for (const [path, owner] of [
      [dataDir, mine],
      [folder(), its],
    ] as const) {
      await chown(path, owner, owner)
      await chmod(path, 0o755)
    }
    assert.match(execFileSync(process.execPath, ['--input-type=module', '-e', child], { encoding: 'utf8', stdio: 'pipe' }), expected)
  }
})

test('after a change of the key the old one opens nothing, and what runs all the time goes on', async () => {
  const running = open()
  await running.write(NAME, TOKEN)
  await running.write(OTHER, 'of another')
  const old = await readFile(join(dataDir, 'master.key'))
  assert.deepEqual(await open().rotateKey(), { resealed: 2, unreadable: 0 })
  assert.equal(await running.read(NAME), TOKEN)
  await running.write(NAME, `${TOKEN}-2`)
  await writeFile(join(dataDir, 'master.key'), old)
  assert.equal(await open().read(NAME), undefined)
  assert.equal(await open().read(OTHER), undefined)
})

test('a key that comes from the environment is replaced there: new in front, then all is sealed anew with it', async () => {
  const [one, two] = ['a'.repeat(64), 'b'.repeat(64)]
  const store = (key: string) => createFileTokenStore({ dataDir, env: { SALLYPORT_MASTER_KEY: key } })
  await store(one).write(NAME, TOKEN)
  await assert.rejects(store(one).rotateKey(), (error: unknown) => {
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /^SALLYPORT_MASTER_KEY: .*Put a new key/)
    assert.ok(!error.message.includes(one))
    return true
  })
  assert.deepEqual(await store(`${two},${one}`).rotateKey({ newKey: false }), { resealed: 1, unreadable: 0 })
  assert.equal(await store(two).read(NAME), TOKEN)
  assert.equal(await store(one).read(NAME), undefined)
})
