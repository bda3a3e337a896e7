// Something is missing where everything is kept, or is another's: nothing is opened by half, and nothing is made in its place.

import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createVaultTransit } from '../../examples/kms/vault.ts'
import { ConfigError } from '../../src/core/index.ts'
import { createSqliteStore } from '../../src/storage/index.ts'
import { recordsSchema } from '../../src/storage/sqlite/migrations.ts'
import { createKeyText, openData, rotateKeys } from '../../src/vault/index.ts'
import { startTransit } from '../fixtures/kms/transit.ts'
import { verifies } from '../requirements.ts'
import { createTempDir } from '../support/paths.ts'

verifies('vault-start')

const place = { kind: 'connection', id: 'x', field: 'f', subject: 'ana' }
type Env = Record<string, string>

async function made(dataDir: string, env: Env = {}): Promise<string> {
  const data = await openData({ dataDir, env })
  const sealed = await data.vault.seal('kept', place)
  await data.store.records('account').putIfAbsent('ana', { name: 'ana' })
  await data.store.close()
  return sealed
}
async function opens(dataDir: string, sealed: string, env: Env = {}): Promise<void> {
  const data = await openData({ dataDir, env })
  assert.equal((await data.vault.open(sealed, place))?.toString(), 'kept')
  await data.store.close()
}
const contents = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => !/-(wal|shm)$/.test(name))
    .sort()
async function refuses(dataDir: string, pattern: RegExp, env: Env = {}): Promise<void> {
  const before = contents(dataDir)
  await assert.rejects(openData({ dataDir, env }), (error) => {
    assert.ok(error instanceof ConfigError, String(error))
    assert.match(error.message, pattern)
    for (const secret of [env['SALLYPORT_MASTER_KEY'], env['SALLYPORT_MASTER_PASSPHRASE']])
      assert.ok(secret === undefined || !error.message.includes(secret))
    return true
  })
  assert.deepEqual(contents(dataDir), before)
}

test('another master key, or none: it says which is missing, and a lost one is not made anew under what is there', async () => {
  await using folder = await createTempDir('vault')
  const dir = join(folder.path, 'data')
  const sealed = await made(dir)
  await refuses(dir, /SALLYPORT_MASTER_KEY: the data in .* is sealed under the master key [\w-]{8}, which is not there/, {
    SALLYPORT_MASTER_KEY: createKeyText(),
  })
  renameSync(join(dir, 'master.key'), join(folder.path, 'away'))
  await refuses(dir, /master\.key: does not exist, and what is beside it is sealed[^]*Put it back/)
  writeFileSync(join(dir, 'master.key'), `${createKeyText()}\n`, { mode: 0o600 })
  await refuses(dir, /sealed under the master key [\w-]{8}, which is not there/)
  // Above the right one it is the next one.
  writeFileSync(join(dir, 'master.key'), `${createKeyText()}\n${readFileSync(join(folder.path, 'away'), 'utf8')}`, { mode: 0o600 })
  await opens(dir, sealed)
})

test('the file of the data keys is gone, is another’s, or is an older one: it is named', async () => {
  await using folder = await createTempDir('vault')
  const [dir, others] = [join(folder.path, 'data'), join(folder.path, 'others')]
  const sealed = await made(dir)
  await made(others)
  const keys = join(dir, 'sallyport-keys.db')
  const away = join(folder.path, 'away.db')
  renameSync(keys, away)
  await refuses(dir, /sallyport-keys\.db: does not exist[^]*newest copy/)
  cpSync(join(others, 'sallyport-keys.db'), keys)
  await refuses(dir, /sealed under the master key/)
  cpSync(join(others, 'master.key'), join(folder.path, 'theirs'))
  await refuses(dir, /sallyport-keys\.db does not have the keys/, { SALLYPORT_MASTER_KEY_FILE: join(folder.path, 'theirs') })
  rmSync(keys)
  renameSync(away, keys)
  await opens(dir, sealed)
})

test('data of a version that had no data keys is refused, and stays as it is', async () => {
  await using folder = await createTempDir('vault')
  const file = join(folder.path, 'sallyport.db')
  const old = new DatabaseSync(file)
  for (const migration of recordsSchema.migrations.slice(0, 2)) old.exec(migration)
  old.exec(`PRAGMA application_id = ${recordsSchema.applicationId}; PRAGMA user_version = 2`)
  old.exec(`INSERT INTO records (kind, id, version, body) VALUES ('account', 'ana', 1, '{"name":"ana"}')`)
  old.close()
  chmodSync(folder.path, 0o700)
  await refuses(folder.path, /an earlier version of Sallyport wrote this/)
  // With keys that are somebody's it is no better.
  const other = join(folder.path, 'other')
  await made(other)
  for (const name of ['master.key', 'sallyport-keys.db']) cpSync(join(other, name), join(folder.path, name))
  await assert.rejects(openData({ dataDir: folder.path, env: {} }), /written by a version of Sallyport that had no data keys/)
  const store = createSqliteStore({ file })
  assert.deepEqual((await store.records('account').get('ana'))?.value, { name: 'ana' })
  await store.close()
})

test('between two keys only somebody with both can start: what is wrapped with the new one already would stay closed', async () => {
  await using folder = await createTempDir('vault')
  const [one, two] = [createKeyText(), createKeyText()]
  const sealed = await made(folder.path, { SALLYPORT_MASTER_KEY: one })
  const both = await openData({ dataDir: folder.path, env: { SALLYPORT_MASTER_KEY: `${two},${one}` } })
  const stopped = new Error('stopped')
  const stopping = { ...both, scrubKeys: async () => Promise.reject(stopped) }
  // Killed where every data key is wrapped with the new one, and the root with both.
  const records = both.store.records<{ keyId: string; also?: object }>('data_key')
  const store = {
    ...both.store,
    records: () => ({
      ...records,
      compareAndSet: (id: string, version: number, value: { keyId: string; also?: object }) =>
        id === 'ring' && value.also === undefined ? Promise.reject(stopped) : records.compareAndSet(id, version, value),
    }),
  } as unknown as typeof both.store
  await assert.rejects(rotateKeys({ ...stopping, store }), stopped)
  await both.store.close()
  for (const only of [one, two]) await refuses(folder.path, /is not there/, { SALLYPORT_MASTER_KEY: only })
  const env = { SALLYPORT_MASTER_KEY: `${two},${one}` }
  await opens(folder.path, sealed, env)
  const again = await openData({ dataDir: folder.path, env })
  await rotateKeys(again)
  await again.store.close()
  await opens(folder.path, sealed, { SALLYPORT_MASTER_KEY: two })
  await refuses(folder.path, /is not there/, { SALLYPORT_MASTER_KEY: one })
})

test('a passphrase that is another, short, or readable by others is refused, and not shown', async () => {
  await using folder = await createTempDir('vault')
  const dir = join(folder.path, 'data')
  const env = { SALLYPORT_MASTER_PASSPHRASE: 'correct horse battery staple' }
  const sealed = await made(dir, env)
  await opens(dir, sealed, env)
  assert.ok(!contents(dir).includes('master.key'))
  await refuses(dir, /is not the passphrase/, { SALLYPORT_MASTER_PASSPHRASE: 'incorrect horse battery staple' })
  await refuses(dir, /at least 16 characters/, { SALLYPORT_MASTER_PASSPHRASE: 'short' })
  await refuses(dir, /both set/, { ...env, SALLYPORT_MASTER_KEY: createKeyText() })
  const file = join(folder.path, 'passphrase')
  writeFileSync(file, `${env.SALLYPORT_MASTER_PASSPHRASE}\n`, { mode: 0o644 })
  if (process.platform !== 'win32')
    await refuses(dir, /others can read.*passphrase[^]*chmod 640/, { SALLYPORT_MASTER_PASSPHRASE_FILE: file })
  chmodSync(file, 0o600)
  await opens(dir, sealed, { SALLYPORT_MASTER_PASSPHRASE_FILE: file })
  // What the key is made with besides is gone, or would cost anything at all.
  const making = join(dir, 'passphrase.json')
  const text = readFileSync(making, 'utf8')
  for (const wrong of ['', '{}', text.replace('65536', '99999999'), text.replace('65536', '8')]) {
    writeFileSync(making, wrong)
    await refuses(dir, /passphrase\.json: is damaged/, env)
  }
  rmSync(making)
  await refuses(dir, /passphrase\.json: does not exist/, env)
  writeFileSync(making, text)
  await opens(dir, sealed, env)
})

test('a passphrase is changed while a server runs that knows the old one alone; afterwards that one opens nothing', async () => {
  await using folder = await createTempDir('vault')
  const dir = join(folder.path, 'data')
  const env = { SALLYPORT_MASTER_PASSPHRASE: 'correct horse battery staple' }
  const sealed = await made(dir, env)
  const server = await openData({ dataDir: dir, env })
  const operator = await openData({ dataDir: dir, env })
  const next = join(folder.path, 'next')
  writeFileSync(next, 'incorrect horse battery staple\n', { mode: 0o600 })
  // It has nothing to do meanwhile, and looks all the same.
  const { left } = await rotateKeys(operator, { newPassphraseFile: next })
  assert.match(left ?? '', /new passphrase/)
  const after = await server.vault.seal('kept', place)
  await Promise.all([server.store.close(), operator.store.close()])
  await refuses(dir, /is not the passphrase/, env)
  for (const each of [sealed, after]) await opens(dir, each, { SALLYPORT_MASTER_PASSPHRASE_FILE: next })
})

test('a process that has not heard of the new master key makes no data key with the old one: it would be lost with it', async () => {
  await using folder = await createTempDir('vault')
  const [one, two] = [createKeyText(), createKeyText()]
  const server = await openData({ dataDir: folder.path, env: { SALLYPORT_MASTER_KEY: one } })
  await server.vault.seal('kept', place)
  const operator = await openData({ dataDir: folder.path, env: { SALLYPORT_MASTER_KEY: `${two},${one}` } })
  await rotateKeys(operator)
  await assert.rejects(server.vault.seal('lost', place), /the master key was replaced/)
  await assert.rejects(server.vault.seal('lost', { ...place, subject: 'bob' }), /the master key was replaced/)
  assert.equal((await operator.vault.open(await operator.vault.seal('kept', place), place))?.toString(), 'kept')
  await Promise.all([server.store.close(), operator.store.close()])
})

test('a module that names a service is refused where others can write to it, where it is none, and beside a master key', async () => {
  await using folder = await createTempDir('vault')
  const dir = join(folder.path, 'data')
  mkdirSync(dir, { mode: 0o700 })
  const file = join(folder.path, 'kms.mjs')
  const env = { SALLYPORT_KMS: file }
  await refuses(dir, /does not exist/, env)
  writeFileSync(file, 'export default {}', { mode: 0o600 })
  await refuses(dir, /methods current, wrap and unwrap/, env)
  await refuses(dir, /both set/, { ...env, SALLYPORT_MASTER_KEY: createKeyText() })
  const failing = join(folder.path, 'failing.mjs')
  writeFileSync(failing, 'throw new Error("no region")', { mode: 0o600 })
  await refuses(dir, /cannot be loaded/, { SALLYPORT_KMS: failing })
  if (process.platform === 'win32') return
  chmodSync(file, 0o622)
  await refuses(dir, /can write to it.*chmod go-w/, env)
})

test('a service that does not answer is an error at the start, and no reason to make a key; with its answer all is there', async () => {
  await using folder = await createTempDir('vault')
  const transit = await startTransit()
  const kms = createVaultTransit(transit)
  try {
    const open = () => openData({ dataDir: folder.path, env: {}, kms })
    transit.seal(true)
    await assert.rejects(open())
    transit.seal(false)
    const data = await open()
    const sealed = await data.vault.seal('kept', place)
    transit.seal(true)
    // What is unwrapped stays so for as long as its record is the same.
    assert.equal((await data.vault.open(sealed, place))?.toString(), 'kept')
    await assert.rejects(data.vault.seal('other', { ...place, subject: 'bob' }))
    await data.store.close()
    await assert.rejects(open(), (error) => error instanceof ConfigError && /does not open what is in/.test(error.message))
    transit.seal(false)
    const again = await open()
    const asked = transit.asked.length
    await Promise.all(Array.from({ length: 20 }, () => again.vault.open(sealed, place)))
    assert.equal(transit.asked.length, asked + 1, 'it is asked once')
    await again.store.close()
  } finally {
    await transit.close()
  }
})
