// What somebody tries who has a key, or a part of one, or one for something else.

import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { createApiKeys, createApiKeyUse } from '../../src/oauth/index.ts'
import { createMemoryStore, type RecordKind, type Records } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { run } from '../support/child.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { ALL_SCOPES, SALLYPORT } from '../support/guard.ts'
import { mcp, type Version } from '../support/mcp.ts'
import { lived, until } from '../support/until.ts'
import { openSocket, refusalOf } from '../support/websocket.ts'

verifies('key-servers', 'key-in-url', 'key-roll', 'key-use', 'key-pattern')

const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']
const HOUR_MS = 3_600_000

let gateway: Gateway
let notes: HttpWitness
let bank: HttpWitness

before(async () => {
  const has = (name: string) => ({
    instructions: `How ${name} is used.`,
    tools: [tool('look')],
    prompts: [{ name: 'greet', arguments: [{ name: 'who' }] }],
    resources: [{ uri: `${name}://one`, name: 'one' }],
    templates: [{ uriTemplate: `${name}://all/{id}`, name: 'all' }],
  })
  notes = await startHttpWitness({ era: 'modern', name: 'notes', ...has('notes') })
  bank = await startHttpWitness({ era: 'modern', name: 'bank', ...has('bank') })
  gateway = await startGateway({ servers: { notes: { url: notes.url }, bank: { url: bank.url } } })
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await notes[Symbol.asyncDispose]()
  await bank[Symbol.asyncDispose]()
})

const keys = () => createApiKeys({ ...gateway.data, clock: Date.now })
const forServers = (...servers: string[]) => keys().create({ name: 'some', scopes: ALL_SCOPES, servers, createdBy: 'test' })
const USES = ['tools/call', 'prompts/get', 'resources/read', 'completion/complete']
const usesOf = (witness: HttpWitness) => witness.seen.filter(({ body }) => USES.includes(body?.method)).length

test('a key is looked up here and nowhere else, and is good as what it is alone', async () => {
  const { key } = await gateway.key()
  assert.equal(keys().verifier.claims({ scheme: 'dpop', value: key }), true)
  const as = (scheme: string) => fetch(gateway.url, { method: 'POST', headers: { authorization: `${scheme} ${key}` }, body: '{}' })
  assert.equal((await as('DPoP')).status, 401)
  assert.equal((await as('Basic')).status, 401)
  assert.notEqual((await as('Bearer')).status, 401)
})

describe('a key for some servers', () => {
  it('lists what they have and nothing else', async () => {
    const { key } = await forServers('notes')
    const all = (await gateway.key()).key
    for (const version of ERAS) {
      const names = async (with_: string, kind: 'tools' | 'prompts' | 'resources' | 'resources/templates') =>
        (await mcp(gateway.url, { key: with_, version }).list(kind))
          .map(({ name, uri, uriTemplate }) => String(uri ?? uriTemplate ?? name))
          // Where each caller's own results are read is shown to everybody.
          .filter((shown) => !shown.startsWith('sallyport://'))
          .toSorted((a, b) => a.localeCompare(b))
      assert.deepEqual(await names(all, 'tools'), ['bank__look', 'notes__look'])
      assert.deepEqual(await names(key, 'tools'), ['notes__look'])
      assert.deepEqual(await names(key, 'prompts'), ['notes__greet'])
      assert.deepEqual(await names(key, 'resources'), ['notes://one'])
      assert.deepEqual(await names(key, 'resources/templates'), ['notes://all/{id}'])
    }
  })
  it('reaches nothing of the others, by any door, and is answered as for a name that there is not', async () => {
    const { key } = await forServers('notes')
    const doors: readonly (readonly [string, (server: string) => object])[] = [
      ['tools/call', (server) => ({ name: `${server}__look`, arguments: {} })],
      ['prompts/get', (server) => ({ name: `${server}__greet` })],
      ['resources/read', (server) => ({ uri: `${server}://one` })],
      ['resources/read', (server) => ({ uri: `${server}://all/7` })],
      [
        'completion/complete',
        (server) => ({ ref: { type: 'ref/prompt', name: `${server}__greet` }, argument: { name: 'who', value: '' } }),
      ],
      [
        'completion/complete',
        (server) => ({ ref: { type: 'ref/resource', uri: `${server}://all/{id}` }, argument: { name: 'id', value: '' } }),
      ],
    ]
    for (const version of ERAS) {
      const client = mcp(gateway.url, { key, version })
      for (const [method, params] of doors) {
        const own = await client.request(method, params('notes'))
        assert.ok(own.result, `${method} ${JSON.stringify(own.body)}`)
        const heard = usesOf(bank)
        const [theirs, none] = [await client.request(method, params('bank')), await client.request(method, params('none'))]
        assert.equal(usesOf(bank), heard, method)
        assert.equal(theirs.result, undefined, method)
        // Each refusal has an id of its own.
        const said = (text: unknown) =>
          JSON.stringify(text)
            .replaceAll('bank', 'none')
            .replace(/dec_\w+/, 'dec_')
        assert.deepEqual([theirs.status, theirs.error.code, said(theirs.error)], [none.status, none.error.code, said(none.error)], method)
      }
    }
    const record = (await gateway.records()).findLast(({ server, decision }) => server === 'bank' && decision === 'deny')
    assert.deepEqual(record?.facts?.['grantedServers'], ['notes'])
    const { stdout } = await gateway.cli('why', record?.id ?? '')
    assert.match(stdout, /would allow.*sallyport key create --name … --server bank/)
  })
  it('is no other key over a WebSocket, and one that is rolled away ends the socket', async () => {
    const { key, id } = await forServers('notes')
    const socket = await openSocket(gateway.url, { key })
    const { result } = await socket.request('tools/list')
    assert.deepEqual(
      result.tools.map(({ name }: { name: string }) => name),
      ['notes__look'],
    )
    assert.ok((await socket.request('tools/call', { name: 'bank__look', arguments: {} })).error)
    await keys().roll(id, { overlapMs: 0, by: 'test' })
    using time = lived()
    assert.ok((await socket.closed()) >= 1000)
    assert.ok(time.ms() < 2_000)
  })
  it('hears how its own servers are used, and nothing of the others', async () => {
    const { key } = await forServers('notes')
    const all = (await gateway.key()).key
    const told = async (with_: string) => {
      const modern = await mcp(gateway.url, { key: with_ }).request('server/discover')
      assert.equal(modern.result.cacheScope, 'private')
      const init = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } }
      const legacy = await mcp(gateway.url, { key: with_, version: '2025-11-25' }).request('initialize', init)
      assert.equal(legacy.result.instructions, modern.result.instructions)
      return String(modern.result.instructions)
    }
    assert.match(await told(all), /How notes is used\.[\s\S]*How bank is used\./)
    assert.doesNotMatch(await told(key), /bank/)
    assert.match(await told(key), /How notes is used\./)
  })
  it('of no server at all is not made, and one of a server that is not there reaches nothing', async () => {
    await assert.rejects(forServers(), /servers/)
    const { key } = await forServers('other')
    assert.deepEqual(await mcp(gateway.url, { key }).list(), [])
  })
})

describe('a key in a query string', () => {
  it('is no credential in any revision, and is nowhere afterwards', async () => {
    const { key } = await gateway.key()
    const secret = key.slice(13)
    assert.equal(said(await mcp(gateway.url, { key }).call('notes__look')), 'notes: look')
    for (const version of ERAS) {
      for (const name of ['api_key', 'apikey', 'key', 'access_token', 'token', 'authorization', 'x-api-key']) {
        const { status } = await mcp(`${gateway.url}?${name}=${key}`, { version }).post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
        assert.equal(status, 401, name)
        if (version === '2026-07-28') assert.equal((await refusalOf(`${gateway.url}?${name}=${key}`)).status, 401, `${name}, by WebSocket`)
      }
    }
    for (const path of ['/', '/authorize', '/token', '/setup', '/.well-known/oauth-protected-resource/mcp', '/nothing'])
      await mcp(gateway.url).send('GET', `${path}?api_key=${key}`)
    assert.ok(!gateway.log().includes(secret), 'the log')
    assert.ok(!JSON.stringify(await gateway.records()).includes(secret), 'the audit')
    assert.ok(![notes, bank].some((each) => each.everything().includes(secret)), 'an upstream')
    // By another process: whoever closes a database file here takes SQLite's own locks of this process away (POSIX).
    const look = `for (const f of fs.readdirSync('.')) if (fs.readFileSync(f).includes(process.argv[1])) console.log(f)`
    const { stdout, stderr } = await run(process.execPath, ['-e', look, secret], { cwd: gateway.dataDir })
    assert.equal(stdout + stderr, '', 'the data directory')
  })
})

describe('a rolled key', () => {
  it('goes on for the overlap beside its successor, which is the same caller; then it has ended', async () => {
    const old = await gateway.key()
    const caller = async (key: string) => {
      assert.equal(said(await mcp(gateway.url, { key }).call('notes__look')), 'notes: look')
      // Not the last of all: refusals of the tests before are counted in records that come ten seconds later.
      return (await gateway.records()).findLast(({ decision }) => decision === 'allow')
    }
    const before = await caller(old.key)
    const rolled = await keys().roll(old.id, { overlapMs: HOUR_MS, by: 'test' })
    assert.ok('key' in rolled)
    await until(
      'the gateway to know the new one',
      async () => (await mcp(gateway.url, { key: rolled.key }).call('notes__look')).status === 200,
    )
    const since = await caller(rolled.key)
    assert.equal(since?.subject, before?.subject)
    assert.equal(since?.clientId, before?.clientId)
    assert.equal(since?.credentialId, `spk_${rolled.id}`, 'which of the two it was is on record')
    assert.equal((await caller(old.key))?.credentialId, `spk_${old.id}`)
    gateway.advance(HOUR_MS + 1000)
    assert.equal((await mcp(gateway.url, { key: old.key }).call('notes__look')).status, 401)
    assert.equal(said(await mcp(gateway.url, { key: rolled.key }).call('notes__look')), 'notes: look')
    gateway.advance(-HOUR_MS - 1000)
  })
  it('ends within a second where the command line rolls it without an overlap', async () => {
    const old = await gateway.key()
    const works = async (key: string) => (await mcp(gateway.url, { key }).call('notes__look')).status === 200
    assert.ok(await works(old.key))
    const { code, stdout, stderr } = await gateway.cli('key', 'roll', old.id, '--overlap', '0', '--json')
    assert.equal(code, 0, stderr)
    await until('the old key to end', async () => !(await works(old.key)), 1_000)
    assert.ok(await works(JSON.parse(stdout).key))
    assert.equal((await gateway.cli('key', 'roll', old.id)).code, 1, 'what has ended is not rolled')
  })
  it('of twenty simultaneous rolls one wins, and the losers leave no key behind', async () => {
    const old = await gateway.key()
    const before = (await keys().list()).length
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => keys().roll(old.id, { overlapMs: HOUR_MS, by: 'test' })))
    assert.equal(outcomes.filter((each) => 'key' in each).length, 1)
    assert.equal((await keys().list()).length, before + 1)
  })
  it('cannot do more, or longer, than what it takes the place of', async () => {
    const made = await keys().create({
      name: 'narrow',
      scopes: ['tools:read'],
      roles: ['r'],
      servers: ['notes'],
      createdBy: 'a',
      expiresInDays: 2,
    })
    const rolled = await keys().roll(made.id, { overlapMs: 365 * 24 * HOUR_MS, by: 'b' })
    assert.ok('key' in rolled)
    const [old, fresh] = [await keys().find(made.id), await keys().find(rolled.id)]
    assert.deepEqual([fresh?.scopes, fresh?.roles, fresh?.servers, fresh?.createdBy], [['tools:read'], ['r'], ['notes'], 'b'])
    assert.ok(Math.abs(rolled.expiresAt - Date.now() - 48 * HOUR_MS) < 10_000)
    assert.equal(old?.expiresAt, made.expiresAt, 'an overlap prolongs nothing')
  })
})

describe('the last use', () => {
  it('says when, from where and with which client, and is no part of who may what', async () => {
    const { key, id } = await gateway.key()
    assert.equal((await keys().find(id))?.lastUsed, undefined)
    const at = Date.now()
    for (let use = 0; use < 5; use++) await mcp(gateway.url, { key }).call('notes__look')
    await until('the use to be written', async () => (await keys().find(id))?.lastUsed !== undefined, 5_000)
    const use = (await keys().find(id))?.lastUsed
    assert.ok((use?.at ?? 0) >= at)
    assert.deepEqual([use?.from, use?.client], ['loopback', 'sallyport-test'])
    const refused = await gateway.key()
    await mcp(gateway.url, { key: `${refused.key.slice(0, -1)}~` }).call('notes__look')
    const { stdout, stderr } = await gateway.cli('key', 'show', id)
    assert.match(stdout + stderr, /last used {2}\d{4}-\d\d-\d\d \d\d:\d\dZ from loopback with sallyport-test/)
  })
  it('is written once a minute for each key, however often it is used, and a broken store stops no call', async () => {
    const clock = () => 1_800_000_000_000
    const real = createMemoryStore({ clock })
    let writes = 0
    let broken = false
    const store = {
      ...real,
      records<T>(kind: RecordKind): Records<T> {
        const records = real.records<T>(kind)
        return {
          ...records,
          async compareAndSet(...args) {
            writes++
            if (broken) throw new Error('the disk is gone')
            return records.compareAndSet(...args)
          },
        }
      },
    }
    const made = createApiKeys({ store, keyRing: createMemoryKeyRing(), clock })
    const { id } = await made.create({ name: 'busy', scopes: ['tools:read'], createdBy: 'test' })
    const said: string[] = []
    const use = createApiKeyUse({ store, log: (_level, text) => void said.push(text) })
    const note = (atMs: number, clientName?: string) =>
      use.note({ at: clock() + atMs, credential: 'key', credentialId: `spk_${id}`, address: '2001:db8:1:2:3:4:5:6', clientName })
    for (let call = 0; call < 100_000; call++) note(call % 59_000)
    await use.close()
    assert.equal(writes, 1)
    assert.equal((await made.find(id))?.lastUsed?.from, '2001:db8:1:2::/64')
    // A second process that has seen it used a moment ago writes nothing either.
    const beside = createApiKeyUse({ store, log: () => {} })
    beside.note({ at: clock() + 30_000, credential: 'key', credentialId: `spk_${id}`, address: '10.0.0.1' })
    await beside.close()
    assert.equal(writes, 1)
    note(61_000, `x${'y'.repeat(10_000)} spk_${'a'.repeat(8)}_${'b'.repeat(38)}`)
    await use.close()
    assert.equal(writes, 2)
    assert.ok(((await made.find(id))?.lastUsed?.client?.length ?? 0) <= 64)
    broken = true
    note(200_000)
    await use.close()
    assert.deepEqual(said, ['the last use of API keys could not be noted'])
  })
  it('of whoever invents credentials is not kept: only what was verified has a use', async () => {
    const before = JSON.stringify((await keys().list()).map(({ id }) => id))
    for (let at = 0; at < 50; at++)
      await mcp(gateway.url, { key: `spk_${String(at).padStart(8, '0')}_${'a'.repeat(38)}` }).call('notes__look')
    assert.equal(JSON.stringify((await keys().list()).map(({ id }) => id)), before)
  })
})

describe('the published pattern', () => {
  it('finds every key in any text, and the checksum tells what only looks like one', async () => {
    const { code, stdout, stderr } = await run(process.execPath, [SALLYPORT, 'key', 'pattern'])
    assert.equal(code, 0, stderr)
    const pattern = new RegExp(stdout.trim(), 'g')
    const made = await Promise.all(Array.from({ length: 200 }, () => gateway.key()))
    const text = made.map(({ key }, at) => `line ${at}: {"token":"${key}"} and url?k=${key}&x`).join('\n')
    assert.equal(text.match(pattern)?.length, 400)
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    // As a scanner's author would write it from the documentation.
    const fits = (key: string) => {
      const value = Array.from(key.slice(-6)).reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0)
      return value === crc32(key.slice(0, -6))
    }
    for (const { key } of made) assert.ok(fits(key))
    let passed = 0
    for (let at = 0; at < 2000; at++) {
      const invented = `spk_${'a'.repeat(8)}_${Array.from({ length: 38 }, () => digits[Math.floor(Math.random() * 62)]).join('')}`
      assert.match(invented, new RegExp(pattern.source))
      if (fits(invented)) passed++
    }
    assert.equal(passed, 0)
    assert.equal('an spk_example_key and spk_short'.match(pattern), null)
  })
})
