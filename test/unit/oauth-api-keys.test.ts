/** API keys, as the CLI makes them and as callers present them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { type ApiKeys, createApiKeys } from '../../src/oauth/index.ts'
import { createLocalBus, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'

const NEW = { name: 'ci', scopes: ['tools:read'], roles: ['robot'], createdBy: 'local' }

function start() {
  let now = 1_800_000_000_000
  const clock = () => now
  const store = createMemoryStore({ clock })
  const keyRing = createMemoryKeyRing()
  const bus = createLocalBus()
  const published: string[] = []
  bus.subscribe('credentials', (message) => void published.push(message))
  const keys = createApiKeys({ store, keyRing, clock, bus })
  const advance = (days: number) => void (now += days * 86_400_000)
  return { keys, store, keyRing, clock, published, advance }
}
async function problem(keys: ApiKeys, value: string, scheme: 'bearer' | 'api_key' = 'bearer'): Promise<string | undefined> {
  const decision = await keys.verifier.verify({ scheme, value }, 'http://localhost:7777/mcp')
  if (decision.allowed) return undefined
  return decision.denial.reason === 'unauthenticated' ? decision.denial.problem : decision.denial.reason
}
/** The key with another character at `index`, and a checksum that fits. */
async function altered(key: string, index: number): Promise<string> {
  const body = key.slice(0, -6)
  const changed = body.slice(0, index) + (body[index] === 'a' ? 'b' : 'a') + body.slice(index + 1)
  const { crc32 } = await import('node:zlib')
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  let rest = crc32(changed)
  let check = ''
  for (let place = 0; place < 6; place++, rest = Math.floor(rest / 62)) check = digits[rest % 62] + check
  return changed + check
}

test('a key is shown once, has the form that scanners look for, and stands for what it was made with', async () => {
  const { keys, clock } = start()
  const { id, key, expiresAt } = await keys.create(NEW)
  assert.match(key, /^spk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}$/)
  assert.equal(key.slice(4, 12), id)
  assert.equal(expiresAt, clock() + 90 * 86_400_000)
  for (const scheme of ['bearer', 'api_key'] as const) {
    assert.equal(keys.verifier.claims({ scheme, value: key }), true)
    const decision = await keys.verifier.verify({ scheme, value: key }, 'any')
    assert.ok(decision.allowed)
    assert.equal(decision.value.expiresAt, expiresAt)
    assert.deepEqual(decision.value.principal, {
      issuer: 'key',
      subject: `spk_${id}`,
      clientId: `spk_${id}`,
      credential: 'key',
      scopes: ['tools:read'],
      roles: ['robot'],
      credentialId: `spk_${id}`,
    })
    assert.ok(Object.isFrozen(decision.value.principal))
  }
  assert.equal(keys.verifier.claims({ scheme: 'bearer', value: 'eyJ' }), false)
})

test('an unknown key and a wrong secret are answered alike; a typing error is found before the store is asked', async () => {
  const { keys, store, keyRing, clock } = start()
  const { key } = await keys.create(NEW)
  assert.equal(await problem(keys, await altered(key, 20)), 'unknown', 'a wrong secret')
  assert.equal(await problem(keys, await altered(key, 5)), 'unknown', 'an unknown id')

  let asked = 0
  const watched = {
    ...store,
    records: ((kind: 'api_key') => ({ ...store.records(kind), get: () => (asked++, Promise.resolve(undefined)) })) as typeof store.records,
  }
  const watching = createApiKeys({ store: watched, keyRing, clock })
  for (const value of [
    key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
    key.slice(0, -1),
    `${key}a`,
    'spk_',
    'spk_short_x',
    `${key}\n`,
  ]) {
    assert.equal(await problem(watching, value), 'malformed', JSON.stringify(value))
  }
  assert.equal(asked, 0)
  assert.equal(await problem(watching, key), 'unknown')
  assert.equal(asked, 1)
})

test('a key ends when it expires or is revoked, and says so only to who holds it', async () => {
  const { keys, published, advance } = start()
  const short = await keys.create({ ...NEW, expiresInDays: 1 })
  const other = await keys.create(NEW)
  advance(1)
  assert.equal(await problem(keys, short.key), 'expired')
  assert.equal(await problem(keys, await altered(short.key, 20)), 'unknown')
  assert.equal(await problem(keys, other.key), undefined)

  assert.equal(await keys.revoke(other.id), true)
  assert.equal(await keys.revoke(other.id), false, 'once')
  assert.equal(await keys.revoke('00000000'), false)
  assert.deepEqual(published, [`key:${other.id}`])
  assert.equal(await problem(keys, other.key), 'revoked')
  assert.equal(await problem(keys, await altered(other.key, 20)), 'unknown')
  advance(200)
  assert.equal(await problem(keys, other.key), 'unknown', 'forgotten in the end')
})

test('the list shows everything but the key; the store has neither key nor a plain hash of it', async () => {
  const { keys, store } = start()
  const { id, key } = await keys.create(NEW)
  const [info] = await keys.list()
  assert.deepEqual(Object.keys(info ?? {}).sort(), ['createdAt', 'createdBy', 'expiresAt', 'id', 'name', 'roles', 'scopes'])
  assert.equal(info?.id, id)
  const { hash } = await import('node:crypto')
  const stored = JSON.stringify(await store.records('api_key').list())
  for (const value of [key, key.slice(13), hash('sha256', key, 'base64url'), hash('sha256', key, 'hex')]) assert.ok(!stored.includes(value))
})

test('another process over the same store makes and revokes keys; another key ring knows none', async () => {
  const { keys, store, keyRing, clock } = start()
  const beside = createApiKeys({ store, keyRing, clock })
  const { id, key } = await beside.create(NEW)
  assert.equal(await problem(keys, key), undefined)
  await beside.revoke(id)
  assert.equal(await problem(keys, key), 'revoked')
  const fresh = await beside.create(NEW)
  assert.equal(await problem(createApiKeys({ store, keyRing: createMemoryKeyRing(), clock }), fresh.key), 'unknown')
})

test('a key is not made from nonsense, and the message repeats none of it', async () => {
  const { keys } = start()
  for (const wrong of [
    { name: '' },
    { name: 'a\u202eb' },
    { scopes: ['two words'] },
    { roles: ['<b>'] },
    { expiresInDays: 0 },
    { expiresInDays: -1 },
    { expiresInDays: 9999 },
    { expires: 1 },
  ]) {
    await assert.rejects(
      keys.create({ ...NEW, ...wrong } as never),
      (error) => error instanceof ConfigError && !error.message.includes('<b>'),
    )
  }
  assert.equal((await keys.list()).length, 0)
})

test('ten thousand keys are all different and use the whole alphabet', async () => {
  const { generateKey, parseKey } = await import('../../src/oauth/api-key-format.ts')
  const seen = new Set<string>()
  const counts = new Map<string, number>()
  for (let index = 0; index < 10_000; index++) {
    const { id, key } = generateKey()
    assert.equal(parseKey(key)?.id, id)
    seen.add(key)
    for (const character of key.slice(13, 45)) counts.set(character, (counts.get(character) ?? 0) + 1)
  }
  assert.equal(seen.size, 10_000)
  assert.equal(counts.size, 62)
  const expected = 320_000 / 62
  for (const [character, count] of counts) assert.ok(Math.abs(count - expected) < expected * 0.1, `${character} came ${count} times`)
})
