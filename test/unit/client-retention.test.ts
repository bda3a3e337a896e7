/** How long a client keeps what: the table is its document's, and who has a record in memory keeps it. The stores: test/contracts. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSealingPins } from '../../src/client/sealing/pins.ts'
import { createDailyUse } from '../../src/client/store/daily-use.ts'
import { createFileTokenStore } from '../../src/client/store/file-store.ts'
import { DAY_MS, keptUntil, LEAST_MS, lifetimes } from '../../src/client/store/lifetimes.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { encryptionName, pinsName, registrationName, signInName } from '../../src/client/store/names.ts'
import { hashOf } from '../../src/client/store/sealed-record.ts'
import { createSealedShelf } from '../../src/client/store/sealed-shelf.ts'
import { createStoreFolder } from '../../src/client/store/store-folder.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, signInTo } from '../support/client.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const at = { server: 'https://mcp.example.com/mcp', account: 'ana' }

test('docs/retention.md has every class of what a client keeps, and every kind of record has one alone', () => {
  const [, section = ''] = /^## What a client keeps$([\s\S]*?)^## /m.exec(read('docs/retention.md')) ?? []
  const table = [...section.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$/gm)].map((row) => row.slice(1))
  const shown = Object.entries(lifetimes).map(([name, { what, lifetime, kept }]) => [
    name,
    what,
    lifetime,
    kept.map((kind) => `\`${kind}\``).join(', ') || 'none',
  ])
  assert.deepEqual(table, shown)
  const kinds = [...read('src/client/store/names.ts').matchAll(/toName\('([\w-]+)'/g)].map(([, kind]) => kind)
  assert.ok(kinds.length >= 5)
  assert.deepEqual(
    kinds.toSorted(),
    Object.values(lifetimes)
      .flatMap(({ kept }) => kept)
      .toSorted(),
  )
})

test('the words of a lifetime are its numbers, and nothing is kept for less than what need not be opened', () => {
  for (const { lifetime, unusedDays, endedDays } of Object.values(lifetimes)) {
    const numbers = [...lifetime.matchAll(/(\d+)d/g)].map(([, days]) => Number(days))
    assert.deepEqual(numbers, endedDays === undefined ? [unusedDays] : [unusedDays, endedDays])
    for (const days of numbers) assert.ok(days * DAY_MS >= LEAST_MS)
  }
})

test('what a record says of its end is not believed to be anything but a time', () => {
  const name = signInName(at)
  for (const value of [
    '',
    '7',
    'null',
    '[]',
    '{"expiresAt":"soon"}',
    '{"expiresAt":1e999}',
    '{"expiresAt":null}',
    '{"expiresAt":-5,"refreshToken":""}',
  ])
    assert.equal(keptUntil({ name, value }, 1_000), 1_000 + 90 * DAY_MS, value)
  assert.equal(keptUntil({ name, value: '{"expiresAt":-5}' }, 1_000), 1_000 + 7 * DAY_MS)
  assert.equal(keptUntil({ name: 'sign-in-of-another/a', value: '' }, 1_000), undefined)
})

test('a use costs no write: within a day nothing on disk changes; after it, the time of the file alone', async () => {
  verifies('client-retention')
  await using folder = await createTempDir('uses')
  let now = Date.now()
  const store = createFileTokenStore({ dataDir: folder.path, env: {}, clock: () => now })
  await store.write(signInName(at), '{}')
  const dir = join(folder.path, 'client')
  const seen = () => readdirSync(dir).map((file) => [file, statSync(join(dir, file)).ctimeMs, readFileSync(join(dir, file), 'latin1')])
  const before = seen()
  for (let n = 0; n < 20; n++) await store.read(signInName(at))
  now += DAY_MS - 1_000
  await store.read(signInName(at))
  assert.deepEqual(seen(), before)
  now += 1_000
  await store.read(signInName(at))
  const changed = seen().filter(([, time], index) => time !== before[index]?.[1])
  assert.deepEqual(changed.map(([file]) => String(file).replace(/^[0-9a-f]{64}/, 'HASH')).toSorted(), ['HASH.sealed'])
  assert.deepEqual(
    seen().map(([, , text]) => text),
    before.map(([, , text]) => text),
  )
  const [one] = await Array.fromAsync(store.records())
  assert.deepEqual([one?.lastUsedAt, one?.keptUntil], [now, now + 90 * DAY_MS])
})

test('to look at records and to seal them anew is no use of them', async () => {
  await using folder = await createTempDir('looks')
  const written = Date.now() - 50 * DAY_MS
  await createFileTokenStore({ dataDir: folder.path, env: {}, clock: () => written }).write(signInName(at), '{}')
  const store = createFileTokenStore({ dataDir: folder.path, env: {} })
  await store.rotateKey()
  for (let n = 0; n < 2; n++) {
    const [one] = await Array.fromAsync(store.records())
    assert.ok(Math.abs((one?.lastUsedAt ?? 0) - written) < 1_000)
  }
  assert.deepEqual(await store.names(), [signInName(at)])
})

test('prune removes what is over its time and what was not used for so long; of pins only the former', async () => {
  verifies('client-retention')
  await using folder = await createTempDir('prune')
  let now = Date.now()
  const store = createFileTokenStore({ dataDir: folder.path, env: {}, clock: () => now })
  const names = [
    signInName(at),
    registrationName('https://login.example.com'),
    pinsName('a'.repeat(43), 'raj'),
    encryptionName(at.server, 'raj'),
  ]
  for (const name of names) await store.write(name, '{}')
  const [written] = readdirSync(join(folder.path, 'client')).filter((file) => file.endsWith('.sealed'))
  const unreadable = join(folder.path, 'client', `${'a'.repeat(64)}.sealed`)
  writeFileSync(unreadable, 'no record')
  assert.ok(written)
  now += 40 * DAY_MS
  utimesSync(unreadable, (now - 40 * DAY_MS) / 1000, (now - 40 * DAY_MS) / 1000)
  assert.deepEqual(await store.prune(), { removed: [], busy: 0 })
  await assert.rejects(store.prune({ unusedSeconds: 86_400 }), RangeError)
  assert.deepEqual(await store.prune({ unusedSeconds: 41 * 86_400 }), { removed: [], busy: 0 })
  const { removed } = await store.prune({ unusedSeconds: 30 * 86_400 })
  assert.deepEqual(removed.map(({ what, server, account, issuer }) => [what, server, account, issuer].join()).toSorted(), [
    'registrations,,,https://login.example.com',
    `signIns,${at.server},ana,`,
  ])
  now += 330 * DAY_MS
  assert.deepEqual((await store.prune()).removed.map(({ what }) => what).toSorted(), ['definitionPins', 'encryptionPins', 'unreadable'])
  assert.deepEqual(await store.names(), [])
})

test('what is used between the look at it and its removal stays', async () => {
  await using folder = await createTempDir('used')
  await createFileTokenStore({ dataDir: folder.path, env: {} }).write(signInName(at), '{}')
  const hash = hashOf(signInName(at))
  const own = createStoreFolder(join(folder.path, 'client'))
  const shelf = createSealedShelf({
    folder: own,
    isFree: () => true,
    open: async () => undefined,
    enter: (_, run) => run({ remove: async () => {} }),
  })
  const seen = shelf.lastUsed(hash) ?? 0
  await shelf.touch(hash, seen + 1_000)
  assert.equal(await shelf.remove(hash, seen), 'kept')
  assert.equal(await shelf.remove(hash, seen + 1_000), 'removed')
  assert.equal(shelf.lastUsed(hash), undefined)
})

test('times that an archive gave are no reason to remove: they count as a use now', async () => {
  await using folder = await createTempDir('archive')
  const store = createFileTokenStore({ dataDir: folder.path, env: {} })
  await store.write(pinsName(at.server, 'raj'), 'pins')
  const dir = join(folder.path, 'client')
  const [file = ''] = readdirSync(dir).filter((name) => name.endsWith('.sealed'))
  for (const time of [0, 1, 315_532_800]) {
    utimesSync(join(dir, file), time, time)
    assert.deepEqual(await createFileTokenStore({ dataDir: folder.path, env: {} }).prune(), { removed: [], busy: 0 })
    assert.ok(Math.abs(statSync(join(dir, file)).mtimeMs - Date.now()) < 60_000)
  }
})

test('what a killed writer left beside a record goes a day later', async () => {
  await using folder = await createTempDir('drafts')
  let now = Date.now()
  const store = createFileTokenStore({ dataDir: folder.path, env: {}, clock: () => now })
  await store.write(signInName(at), '{}')
  const dir = join(folder.path, 'client')
  const [file = ''] = readdirSync(dir).filter((name) => name.endsWith('.sealed'))
  writeFileSync(join(dir, `${file}.new`), 'half of a record')
  now += 2 * DAY_MS
  await store.read('no/such/record')
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.endsWith('.new')),
    [],
  )
  assert.equal(await store.read(signInName(at)), '{}')
})

for (const [token, expiresInSeconds] of [
  ['is renewed', 3_600],
  ['lives for years', 500 * 86_400],
] as const)
  test(`a program that has its sign-in and its pins in memory keeps them for as long as it runs, where its token ${token}`, async () => {
    verifies('client-retention')
    await using world = await startWorld({ expiresInSeconds })
    const began = Date.now()
    let now = began
    const asked: string[] = []
    const memory = createMemoryTokenStore({ clock: () => now })
    const tokenStore = { ...memory, read: (name: string) => (asked.push(name), memory.read(name)) }
    await using client = createClient(world, { tokenStore, clock: () => now })
    await signInTo(world, client)
    await client.listTools()
    await client.callTool('echo')
    const before = asked.length
    for (let n = 0; n < 10; n++) await client.callTool('echo')
    assert.equal(asked.length, before)
    const names = [signInName({ server: world.serverUrl, account: 'default' }), pinsName(world.serverUrl, 'default')]
    // What it is registered as is used by a renewal.
    if (expiresInSeconds === 3_600) names.push(registrationName(world.issuer))
    for (let day = 40; day <= 400; day += 40) {
      now = began + day * DAY_MS
      asked.length = 0
      await client.callTool('echo')
      for (const name of names) assert.ok(asked.includes(name), `${name} on day ${day}`)
    }
    for (const name of names) assert.notEqual(await memory.read(name), undefined, name)
    assert.equal(world.to('/register').length, 1)
  })

test('what is known of encrypted fields is read once, and then once a day while tools with such fields are called', async () => {
  let now = Date.now()
  const memory = createMemoryTokenStore({ clock: () => now })
  let reads = 0
  const store = { ...memory, read: (name: string) => (reads++, memory.read(name)) }
  const pins = createSealingPins({ store, name: encryptionName(at.server, 'ana'), server: 'mcp.example.com', clock: () => now })
  for (const [later, expected] of [
    [0, 1],
    [DAY_MS - 1, 1],
    [1, 2],
    [0, 2],
    [DAY_MS, 3],
  ] as const) {
    now += later
    await pins.load()
    assert.equal(reads, expected)
  }
})

test('whoever has a record in memory reads it once a day while it is used, and waits for nothing', async () => {
  let now = Date.now()
  let reads = 0
  const fails = async (): Promise<string> => {
    reads++
    throw new Error('the disk does not work')
  }
  const use = createDailyUse({ ...createMemoryTokenStore(), read: fails }, ['pins/a'], () => now)
  for (const [later, expected] of [
    [0, 0],
    [DAY_MS - 1, 0],
    [1, 1],
    [0, 1],
    [40 * DAY_MS, 2],
    // A clock that is set back.
    [-100 * DAY_MS, 3],
    [0, 3],
  ] as const) {
    now += later
    use()
    assert.equal(reads, expected)
  }
})
