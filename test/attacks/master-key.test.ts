// The master key is replaced: what it had wrapped opens with the new one alone, whoever is killed on the way loses nothing, and somebody
// with an old copy of everything reads nothing that came later.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '../../src/core/index.ts'
import type { DataKeyRecord } from '../../src/vault/data-key-record.ts'
import { addMasterKey, createKeyText, type Data, type KeyWrapper, openData, type Place, rotateKeys } from '../../src/vault/index.ts'
import { requireKeys } from '../../src/vault/key-file.ts'
import { createLocalWrapper } from '../../src/vault/local-wrapper.ts'
import { auditRecord } from '../contracts/audit-store.ts'
import { verifies } from '../requirements.ts'
import { findInFolder } from '../support/at-rest.ts'
import { createTempDir } from '../support/paths.ts'

verifies('master-key', 'vault')

const KINDS = ['client', 'connection', 'oauth_artifact', 'task']
const PEOPLE = [undefined, 'ana', 'bob']
const places: readonly Place[] = KINDS.flatMap((kind) => PEOPLE.map((subject) => ({ kind, id: 'x', field: 'f', subject })))

type Sealed = readonly (readonly [place: Place, sealed: string, text: string])[]
const seal = ({ vault }: Data, text: string): Promise<Sealed> =>
  Promise.all(places.map(async (place) => [place, await vault.seal(text, place), text] as const))
async function opens({ vault }: Data, sealed: Sealed): Promise<void> {
  for (const [place, value, text] of sealed) assert.equal((await vault.open(value, place))?.toString(), text, JSON.stringify(place))
}
const keysIn = (dir: string) => requireKeys(readFileSync(join(dir, 'master.key'), 'utf8'), 'the file')
const wrappedIn = async ({ store }: Data) =>
  (await store.records<DataKeyRecord>('data_key').list()).map(({ id, value }) => ({ id, ...value }))

test('a rotated-out master key opens nothing, is in no file, and neither is what it had wrapped; what is checked by MAC stays good', async () => {
  await using folder = await createTempDir('master-key')
  await using copy = await createTempDir('master-key')
  let data = await openData({ dataDir: folder.path, env: {} })
  const sealed = await seal(data, 'before')
  await data.store.audit.append([auditRecord(1)])
  const mac = data.keyRing.mac('api-key', 'x')
  const travelling = data.keyRing.seal('x', 'session')
  const [old] = keysIn(folder.path)
  const oldText = readFileSync(join(folder.path, 'master.key'), 'utf8')
  const before = await wrappedIn(data)
  assert.ok(before.length > places.length)

  const { keyId, rewrapped } = await rotateKeys(data)
  assert.notEqual(keyId, old.id)
  assert.equal(rewrapped, places.length)
  await opens(data, sealed)
  await data.store.close()

  data = await openData({ dataDir: folder.path, env: {} })
  await opens(data, sealed)
  assert.deepEqual(data.keyRing.mac('api-key', 'x'), mac)
  assert.equal(data.keyRing.open(travelling, 'session')?.toString(), 'x')
  assert.equal((await data.store.audit.verify()).intact, true)
  const wrapped = await wrappedIn(data)
  assert.deepEqual(new Set(wrapped.map((each) => each.keyId)), new Set([keyId]))
  const thief = createLocalWrapper(() => [old])
  for (const each of wrapped) assert.equal(await thief.unwrap(each.keyId, each.wrapped, each.id), undefined)
  // Also in the free pages and the log of the database, while it is open.
  assert.deepEqual(findInFolder(folder.path, [old.bytes.toString('base64url'), ...before.map((each) => each.wrapped)]), [])
  await data.store.close()

  cpSync(folder.path, copy.path, { recursive: true })
  writeFileSync(join(copy.path, 'master.key'), oldText, { mode: 0o600 })
  await assert.rejects(openData({ dataDir: copy.path, env: {} }), /sealed under the master key/)
})

test('a copy of everything, with its master key, opens nothing that is sealed after the key was replaced', async () => {
  await using folder = await createTempDir('master-key')
  await using copy = await createTempDir('master-key')
  const data = await openData({ dataDir: folder.path, env: {} })
  const before = await seal(data, 'before')
  cpSync(folder.path, copy.path, { recursive: true })
  await rotateKeys(data)
  const after = await seal(data, 'after')
  const thief = await openData({ dataDir: copy.path, env: {} })
  await opens(thief, before)
  for (const [place, value] of after) assert.equal(await thief.vault.open(value, place), undefined)
  await Promise.all([data.store.close(), thief.store.close()])
})

test('a server that runs meanwhile goes on; kill -9 at any step loses nothing, and the next run ends it', async () => {
  await using folder = await createTempDir('master-key')
  const dataDir = folder.path
  const server = await openData({ dataDir, env: {} })
  const sealed: Sealed[] = [await seal(server, 'first')]
  let isOver = false
  let served = 0
  const serving = (async () => {
    while (!isOver) {
      const text = `call ${served++}`
      const place = { kind: 'task', id: text, field: 'f', subject: `person ${served % 40}` }
      const value = await server.vault.seal(text, place)
      assert.equal((await server.vault.open(value, place))?.toString(), text)
      if (served % 50 === 0) sealed.push([[place, value, text]])
      await delay(2)
    }
  })()
  const program = join(import.meta.dirname, '../fixtures/rotating.ts')
  const rotate = async (...args: string[]): Promise<string> => {
    const child = spawn(process.execPath, [program, dataDir, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk))
    const [code, signal] = await once(child, 'close')
    return signal === 'SIGKILL' ? 'killed' : `${code} ${said.trim()}`
  }
  try {
    // Each run goes on from where the one before was killed.
    const kills = ['begin before', 'begin after', 'key before', 'turn after', 'reseal before']
    for (const kill of kills) {
      assert.equal(await rotate(...kill.split(' ')), 'killed', kill)
      for (const each of sealed) await opens(server, each)
      const fresh = await openData({ dataDir, env: {} })
      for (const each of sealed) await opens(fresh, each)
      sealed.push(await seal(fresh, kill))
      await fresh.store.close()
    }
    assert.equal(await rotate(), '0 rotated')
  } finally {
    isOver = true
    await serving
  }
  const [only, ...others] = keysIn(dataDir)
  assert.deepEqual(others, [])
  assert.deepEqual(new Set((await wrappedIn(server)).map(({ keyId }) => keyId)), new Set([only.id]))
  for (const each of sealed) await opens(server, each)
  assert.ok(served > 100, `only ${served} were served meanwhile`)
  await server.store.close()
})

test('who goes over to a passphrase and is killed at any step starts with the key that there was, and ends it', async () => {
  await using folder = await createTempDir('master-key')
  await using secrets = await createTempDir('passphrase')
  const [dataDir, file] = [folder.path, join(secrets.path, 'passphrase')]
  writeFileSync(file, 'correct horse battery staple', { mode: 0o600 })
  const first = await openData({ dataDir, env: {} })
  const sealed = await seal(first, 'before')
  await first.store.close()
  const program = join(import.meta.dirname, '../fixtures/rotating.ts')
  for (const kill of ['begin after', 'turn after']) {
    const child = spawn(process.execPath, [program, dataDir, ...kill.split(' '), file], { stdio: ['ignore', 'ignore', 'inherit'] })
    assert.deepEqual(await once(child, 'close'), [null, 'SIGKILL'], kill)
    const fresh = await openData({ dataDir, env: {} })
    await opens(fresh, sealed)
    await fresh.store.close()
  }
  const last = await openData({ dataDir, env: {} })
  await rotateKeys(last, { newPassphraseFile: file })
  await last.store.close()
  await assert.rejects(openData({ dataDir, env: {} }), ConfigError)
  const after = await openData({ dataDir, env: { SALLYPORT_MASTER_PASSPHRASE_FILE: file } })
  await opens(after, sealed)
  await after.store.close()
})

test('of two that replace it at once one does, and the other is told; who is killed at it holds up nobody', async () => {
  await using folder = await createTempDir('master-key')
  const dataDir = folder.path
  const [one, other] = [await openData({ dataDir, env: {} }), await openData({ dataDir, env: {} })]
  const sealed = await seal(one, 'before')
  const outcomes = await Promise.allSettled([rotateKeys(one), rotateKeys(other)])
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const refused = outcomes.find((outcome) => outcome.status === 'rejected')
  assert.match(String(refused?.reason), /another program replaces the master key/)

  const child = spawn(process.execPath, [join(import.meta.dirname, '../fixtures/rotating.ts'), dataDir, 'key', 'before'], {
    stdio: 'ignore',
  })
  assert.deepEqual(await once(child, 'close'), [null, 'SIGKILL'])
  assert.equal(keysIn(dataDir).length, 2)
  // A sign-in's own rotation adds one as well: not while somebody is at it.
  await rotateKeys(other, {
    reseal: async () => assert.throws(() => addMasterKey({ file: join(dataDir, 'master.key'), env: {} }), ConfigError),
  })
  assert.equal(keysIn(dataDir).length, 1)
  const fresh = await openData({ dataDir, env: {} })
  for (const each of [one, other, fresh]) await opens(each, sealed)
  await Promise.all([one, other, fresh].map(({ store }) => store.close()))
})

test('a key that comes while another is put in ends that in words, and the next run goes on', async () => {
  await using folder = await createTempDir('master-key')
  const data = await openData({ dataDir: folder.path, env: {} })
  const sealed = await seal(data, 'before')
  const file = join(folder.path, 'master.key')
  // By hand, say: no lock holds an editor up.
  const rotating = rotateKeys(data, { progress: () => writeFileSync(file, `${createKeyText()}\n${readFileSync(file, 'utf8')}`) })
  await assert.rejects(rotating, /another master key by now/)
  await rotateKeys(data)
  await opens(data, sealed)
  assert.equal(keysIn(folder.path).length, 1)
  await data.store.close()
})

test('what a server was just wrapping with the old key while the rotation passed by is wrapped anew', async () => {
  await using folder = await createTempDir('master-key')
  let keys = requireKeys(createKeyText(), 'one')
  const local = createLocalWrapper(() => keys)
  let held: Promise<void> | undefined
  const kms: KeyWrapper = {
    ...local,
    async wrap(key, context) {
      const wrapped = await local.wrap(key, context)
      await held
      return wrapped
    },
  }
  const server = await openData({ dataDir: folder.path, env: {}, kms })
  const operator = await openData({ dataDir: folder.path, env: {}, kms: local })
  const gate = Promise.withResolvers<void>()
  held = gate.promise
  const place = { kind: 'task', id: 'x', field: 'f' }
  const sealing = server.vault.seal('late', place)
  await new Promise((resolve) => setImmediate(resolve))
  keys = [...requireKeys(createKeyText(), 'two'), ...keys]
  const { keyId } = await rotateKeys(operator)
  held = undefined
  gate.resolve()
  const sealed = await sealing
  assert.deepEqual(new Set((await wrappedIn(server)).map((each) => each.keyId)), new Set([keyId]))
  keys = [keys[0]]
  assert.equal((await operator.vault.open(sealed, place))?.toString(), 'late')
  await Promise.all([server.store.close(), operator.store.close()])
})

test('a data key that was destroyed is in no part of its file or its log, also while others have it open', async () => {
  await using folder = await createTempDir('master-key')
  const [one, other] = [await openData({ dataDir: folder.path, env: {} }), await openData({ dataDir: folder.path, env: {} })]
  // Many, so that pages were split and moved.
  const many = Array.from({ length: 120 }, (_, n) => ({ kind: 'connection', id: 'x', field: 'f', subject: `person ${n}` }))
  const sealed = await Promise.all(many.map((place) => one.vault.seal('x', place)))
  const keyIds = sealed.map((value) => value.split('.')[1])
  const wrapped = (await wrappedIn(one)).filter(({ id }) => keyIds.includes(id))
  const gone = wrapped.filter((_, n) => n % 6 === 0)
  assert.ok(findInFolder(folder.path, [gone[0]!.wrapped]).length > 0)
  for (const [n, place] of many.entries()) if (gone.some(({ id }) => id === keyIds[n])) await one.vault.shred({ subject: place.subject })
  assert.deepEqual(
    findInFolder(
      folder.path,
      gone.map((each) => each.wrapped),
    ),
    [],
  )
  for (const [n, place] of many.entries()) {
    const isGone = gone.some(({ id }) => id === keyIds[n])
    assert.equal((await other.vault.open(sealed[n] as string, place))?.toString(), isGone ? undefined : 'x')
  }
  await Promise.all([one.store.close(), other.store.close()])
})
