/** Around the token store: names, what options take, the lock, and what is listed. The stores themselves: test/contracts, test/attacks. */

import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MCPClient } from '../../src/client/index.ts'
import { takeFileLock } from '../../src/client/store/file-lock.ts'
import { createFileTokenStore } from '../../src/client/store/file-store.ts'
import { listLogins } from '../../src/client/store/logins.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { machineTokenName, parseTokenName, pinsName, registrationName, signInName } from '../../src/client/store/names.ts'
import { openTokenStore } from '../../src/client/store/open-token-store.ts'
import { ConfigError, silentLog } from '../../src/core/index.ts'
import { createTempDir } from '../support/paths.ts'

const server = 'https://mcp.example.com/mcp?a=b/c'
const issuer = 'https://login.example.com/t/1'

test('no server, issuer or account can be spelled to mean another’s record', () => {
  const parts = ['a', 'a/b', 'a%2Fb', 'b', '', 'ä b', '\ud800']
  const names = parts.flatMap((one) => parts.map((other) => signInName({ server: one, account: other })))
  const more = parts.flatMap((one) => parts.map((other) => signInName({ server: one, account: 'a', issuer: other })))
  const others = parts.flatMap((one) => [registrationName(one), registrationName(one, 'device'), pinsName(one, 'a')])
  const all = [...names, ...more, ...others]
  assert.equal(new Set(all).size, all.length)
  for (const name of all) assert.match(name, /^[\x21-\x7e]+$/)
})

test('names of tokens are read back, and no others', () => {
  assert.deepEqual(parseTokenName(signInName({ server, account: 'ä b' })), { server, account: 'ä b', issuer: undefined })
  assert.deepEqual(parseTokenName(signInName({ server, account: 'a', issuer })), { server, account: 'a', issuer })
  const machine = machineTokenName({ server, account: 'a', issuer, kind: 'client_credentials', client: 'c' })
  assert.deepEqual(parseTokenName(machine), { server, account: 'a', issuer, kind: 'client_credentials' })
  for (const other of [registrationName(issuer), pinsName(server, 'a'), 'sign-in/a', 'sign-in/a/b/c/d', 'sign-in/%zz/a', 'token/a/b', ''])
    assert.equal(parseTokenName(other), undefined, other)
})

test('what options take: a name of a store, or four methods; nothing is made on disk by a constructor', async () => {
  await using folder = await createTempDir('options')
  const dataDir = join(folder.path, 'data')
  const create = (tokenStore: unknown, more: object = {}): MCPClient =>
    new MCPClient({ serverUrl: 'https://mcp.example.com/mcp', log: silentLog, tokenStore, dataDir, ...more } as never)
  for (const fine of [undefined, 'memory', 'file', createMemoryTokenStore(), createFileTokenStore({ dataDir })]) await create(fine).close()
  assert.deepEqual(readdirSync(folder.path), [])
  const { exclusively: _, ...three } = createMemoryTokenStore()
  for (const wrong of ['disk', '', 7, {}, three, { ...three, exclusively: true }, null])
    assert.throws(
      () => create(wrong),
      (error: unknown) => error instanceof ConfigError && error.message.includes('client.tokenStore'),
    )
  for (const wrong of [{ account: '' }, { account: 'x'.repeat(300) }, { dataDir: '' }])
    assert.throws(() => create('file', wrong), ConfigError)
})

test('a store in memory is each client’s own; one that was given is used as it is', () => {
  assert.notEqual(openTokenStore({ log: silentLog }), openTokenStore({ log: silentLog }))
  const own = createMemoryTokenStore()
  assert.equal(openTokenStore({ tokenStore: own, log: silentLog }), own)
})

test('whoever waits too long for a record is told so; the lock’s file stays empty and private', async () => {
  await using folder = await createTempDir('lock')
  const file = join(folder.path, 'a.lock')
  const held = await takeFileLock(file, 1_000)
  await assert.rejects(takeFileLock(file, 30), { name: 'TokenStoreError', code: 'store_locked' })
  assert.deepEqual(readdirSync(folder.path), ['a.lock'])
  held.release()
  const next = await takeFileLock(file, 30)
  assert.equal(statSync(file).size, 0)
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  next.release()
  await assert.rejects(takeFileLock(join(folder.path, 'no', 'a.lock'), 30), { name: 'TokenStoreError', code: 'store_unwritable' })
})

test('what is signed in to is listed without a token, whatever a record says', async () => {
  await using folder = await createTempDir('logins')
  const store = createFileTokenStore({ dataDir: folder.path, env: {} })
  await store.write(signInName({ server, account: 'b' }), JSON.stringify({ issuer, accessToken: 'secret-one', refreshToken: 'secret-two' }))
  await store.write(signInName({ server, account: 'a' }), JSON.stringify({ issuer: 7, expiresAt: 1_000, accessToken: 'secret-three' }))
  await store.write(signInName({ server: 'https://a.example/mcp', account: 'c' }), 'no JSON')
  await store.write(machineTokenName({ server, account: 'c', issuer, kind: 'workload', client: 'c' }), JSON.stringify({ expiresAt: 'x' }))
  await store.write(registrationName(issuer), '{}')
  const logins = await listLogins(store)
  assert.deepEqual(
    logins.map((one) => [one.server, one.account, one.issuer, one.obtained, one.expiresAt, one.renews]),
    [
      ['https://a.example/mcp', 'c', undefined, undefined, undefined, false],
      [server, 'a', undefined, undefined, 1_000, false],
      [server, 'b', issuer, undefined, undefined, true],
      [server, 'c', issuer, 'workload', undefined, true],
    ],
  )
  assert.ok(!JSON.stringify(logins).includes('secret'))
})
