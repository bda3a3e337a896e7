// T11: a run of every kind of refusal against a real `sallyport guard`. Each is on record exactly once and none of what was
// sent along is on disk or in the log; afterwards the file is tampered with, and `audit verify` says where.

import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { link } from '../../src/storage/chain.ts'
import type { AuditRecord, ChainedRecord, Store } from '../../src/storage/index.ts'
import { openData } from '../../src/vault/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { verifies } from '../requirements.ts'
import { ANA, connect, postForm, postJson, type SignedIn } from '../support/authorization.ts'
import { type Finished, run } from '../support/child.ts'
import { createWitness, type Witness } from '../support/gateway.ts'
import { type Guard, SALLYPORT, startGuard } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir, type TempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('T11')

const ARGUMENT = 'argument-canary-c0ffee-0d15ea5e'
const HEADER = 'header-canary-decaf-5ca1ab1e'
const DAY_AGO = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbmEiLCJleHAiOjF9.bearer-canary-feedface-8badf00d'

let folder: TempDir
let dataDir: string
let guard: Guard
let witness: Witness
let store: Store
let reader: SignedIn
let key: string
let session: string
let records: readonly ChainedRecord[]

before(async () => {
  folder = await createTempDir('t11')
  witness = createWitness(folder.path, 'notes', {
    era: 'legacy',
    name: 'notes',
    tools: [
      tool('look'),
      tool('write', { inputSchema: { type: 'object', properties: { text: { type: 'number' } } } }),
      tool('careful'),
      tool('spent'),
      tool('crash'),
    ],
    resources: [{ uri: 'memo://one', name: 'one' }],
  })
  dataDir = join(folder.path, 'data')
  guard = await startGuard({
    dataDir,
    config: {
      servers: { notes: { ...witness.entry, tools: { look: 'read', careful: 'ask' } } },
      limits: { tool: { max: 2, windowSeconds: 600 }, bodyBytes: 4096 },
      log: 'debug',
    },
  })
  await guard.user(ANA.name, ANA.password)
  key = await guard.key()
  reader = await connect({ issuer: guard.issuer, resource: guard.url }, { changes: { scope: 'tools:read' } })
  store = (await openData({ dataDir })).store
})
after(async () => {
  await store.close()
  await guard.stop()
  await folder.remove()
})

const newest = async (): Promise<number> => (await store.audit.search({ limit: 1 }))[0]?.sequence ?? 0
/** Oldest first. What some of them need beforehand, as the session that a legacy client opens, was allowed. */
const deniedSince = async (earlier: number): Promise<readonly AuditRecord[]> =>
  (await store.audit.search({ decision: ['deny'] }))
    .filter(({ sequence }) => sequence > earlier)
    .map(({ record }) => record)
    .reverse()
const secretly = { 'x-secret': HEADER, cookie: `sid=${HEADER}` }
const args = { text: ARGUMENT }

/** Each is sent once: what it is, the reason on record, and how it is done. */
const refusals: readonly (readonly [string, string, () => Promise<unknown>])[] = [
  ['no credential', 'unauthenticated', () => mcp(guard.url, { headers: secretly }).call('look', args)],
  ['a false token', 'unauthenticated', () => mcp(guard.url, { token: DAY_AGO, headers: secretly }).call('look', args)],
  ['a false Host', 'forbidden_host', () => mcp(guard.url, { token: DAY_AGO, headers: { host: 'evil.test' } }).call('look', args)],
  ['a false Origin', 'forbidden_origin', () => mcp(guard.url, { key, headers: { origin: 'http://evil.test' } }).call('look', args)],
  [
    'another path',
    'not_found',
    () => mcp(guard.url).send('POST', `/sse?token=${key}`, { authorization: `Bearer ${key}` }, JSON.stringify(args)),
  ],
  [
    'another method',
    'method_not_allowed',
    () => mcp(guard.url).send('PUT', '/mcp', { authorization: `Bearer ${key}` }, JSON.stringify(args)),
  ],
  [
    'a token’s missing scope',
    'insufficient_scope',
    () => mcp(guard.url, { token: reader.tokens.access_token, headers: secretly }).call('write', args),
  ],
  [
    'a missing scope for a resource',
    'insufficient_scope',
    () => mcp(guard.url, { token: reader.tokens.access_token }).request('resources/read', { uri: 'memo://one' }),
  ],
  ['a key’s missing scope', 'not_permitted', async () => mcp(guard.url, { key: await readerKey() }).call('write', args)],
  ['an unknown tool', 'unknown_name', () => mcp(guard.url, { key }).call('nobody', args)],
  ['an unknown method', 'unknown_method', () => mcp(guard.url, { key }).request('tools/destroy', args)],
  ['wrong arguments', 'invalid_arguments', () => mcp(guard.url, { key, headers: secretly }).call('write', args)],
  ['what a person must agree to', 'approval_required', () => mcp(guard.url, { key }).call('careful', args)],
  ['half a message', 'malformed_json', () => mcp(guard.url, { key }).post(`{"jsonrpc":"2.0","id":1,"params":{"text":"${ARGUMENT}"`)],
  ['a batch', 'malformed_message', () => mcp(guard.url, { key }).post([{ jsonrpc: '2.0', id: 1, method: 'ping', params: args }])],
  ['a text', 'unsupported_media_type', () => mcp(guard.url, { key }).post(ARGUMENT, { 'content-type': 'text/plain' })],
  ['too much', 'body_too_large', () => mcp(guard.url, { key }).call('look', { text: ARGUMENT.repeat(200) })],
  [
    'headers that say something else',
    'header_mismatch',
    () => mcp(guard.url, { key }).request('tools/call', { name: 'look', arguments: args }, { 'mcp-name': 'write' }),
  ],
  ['another version', 'unsupported_version', () => mcp(guard.url, { key, version: '2031-01-01' as never }).call('look', args)],
  [
    'a session that never was',
    'unknown_session',
    () => mcp(guard.url, { key, version: '2025-11-25' }).request('tools/list', {}, { 'mcp-session-id': HEADER }),
  ],
  ['a spent limit', 'rate_limited', () => mcp(guard.url, { key }).call('spent', args)],
  ['a server that dies', 'upstream_unavailable', () => mcp(guard.url, { key }).call('crash', args)],
  [
    'a false code',
    'invalid_grant',
    () =>
      postForm(`${guard.issuer}/token`, {
        grant_type: 'authorization_code',
        code: ARGUMENT,
        client_id: reader.clientId,
        redirect_uri: 'http://127.0.0.1:1/',
        code_verifier: 'v'.repeat(43),
      }),
  ],
  [
    'a false registration',
    'invalid_redirect_uri',
    () => postJson(`${guard.issuer}/register`, { client_name: 'x', redirect_uris: [`javascript:${ARGUMENT}`] }),
  ],
]
let keyOfReader: string | undefined
const readerKey = async (): Promise<string> => (keyOfReader ??= await guard.key(['tools:read']))

describe('T11: the record of what was refused', () => {
  it('every refusal has exactly one record, with its reason', async () => {
    await readerKey()
    const legacy = mcp(guard.url, { key, version: '2025-11-25' })
    const opened = await legacy.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    })
    session = String(opened.headers['mcp-session-id'])
    for (let spend = 0; spend < 2; spend++) await mcp(guard.url, { key }).call('spent', args)
    await until('the preparations are on record', async () => (await store.audit.search({ target: 'spent' })).length === 2)

    const begun = await newest()
    for (const [what, reason, act] of refusals) {
      const earlier = await newest()
      await act()
      await until(`a record of ${what}`, async () => (await deniedSince(earlier)).length > 0)
      const [record] = await deniedSince(earlier)
      assert.equal(record?.reason, reason, what)
      assert.equal(record?.repeated, undefined)
      assert.match(record?.id ?? '', /^dec_/)
    }
    // The trail is in the order of what happened: behind this one no second record of a refusal can still come.
    const last = await newest()
    await mcp(guard.url, { key }).request('tools/list', {})
    await until('what came after them', async () => (await newest()) > last)
    assert.deepEqual(
      (await deniedSince(begun)).map(({ reason }) => reason),
      refusals.map(([, reason]) => reason),
    )
  })
  it('what is allowed has one as well', async () => {
    const earlier = await newest()
    assert.equal((await mcp(guard.url, { token: reader.tokens.access_token }).call('look', args)).status, 200)
    await until('a record', async () => (await newest()) > earlier)
    const [{ record } = { record: undefined }, ...more] = (await store.audit.search({ limit: 10 })).filter(
      ({ sequence }) => sequence > earlier,
    )
    assert.equal(more.length, 0)
    assert.deepEqual([record?.decision, record?.reason, record?.target, record?.subject], ['allow', 'allowed', 'look', 'ana'])
    assert.ok(witness.received().includes(ARGUMENT), 'the upstream did get the argument')
  })
  it('no token, key, argument, header, password or session is in any file of the data directory or in the log, in any spelling', async () => {
    const secrets: Record<string, string> = {
      argument: ARGUMENT,
      header: HEADER,
      'false token': DAY_AGO.split('.')[2] as string,
      password: ANA.password,
      session,
      key: key.slice(-38, -6),
      token: reader.tokens.access_token.split('.')[2] as string,
      'refresh token': reader.tokens.refresh_token as string,
    }
    const places = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name))] as const)
    assert.ok(
      places.some(([name]) => name.endsWith('-audit.db-wal')),
      'the write-ahead log is looked at',
    )
    const all = [...places, ['the log', Buffer.from(guard.log())] as const]
    assert.ok(guard.log().length > 100)
    for (const [place, bytes] of all) {
      for (const [what, secret] of Object.entries(secrets)) {
        assert.ok(secret.length >= 16, what)
        const raw = Buffer.from(secret)
        for (const spelling of [
          secret,
          raw.toString('hex'),
          raw.toString('base64').replace(/=+$/, ''),
          encodeURIComponent(secret),
          JSON.stringify(secret).slice(1, -1),
        ]) {
          assert.equal(bytes.indexOf(spelling), -1, `${what} is in ${place}`)
        }
      }
    }
    // The search finds what is there.
    assert.ok(all.some(([, bytes]) => bytes.includes('invalid_arguments')))
  })
})

describe('T11: tampering', () => {
  const bodyOf = (db: DatabaseSync, sequence: number): string =>
    String(db.prepare('SELECT body FROM audit WHERE sequence = ?').get(sequence)?.['body'])
  const set = (db: DatabaseSync, sequence: number, column: 'body' | 'hash', value: string): void =>
    void db.prepare(`UPDATE audit SET ${column} = ? WHERE sequence = ?`).run(value, sequence)
  /** What somebody without the key can do to make it fit again. */
  function rechain(db: DatabaseSync): void {
    let last = '0'.repeat(64)
    for (const { sequence, body } of db.prepare('SELECT sequence, body FROM audit ORDER BY sequence').all() as {
      sequence: number
      body: string
    }[]) {
      last = link(last, body)
      set(db, sequence, 'hash', last)
      db.prepare('UPDATE head SET sequence = ?, hash = ?').run(sequence, last)
    }
  }
  /** What is done, with `n` records, and where it must be found. */
  const attacks: readonly (readonly [string, (db: DatabaseSync, n: number) => void, ((n: number) => number) | undefined])[] = [
    ['nothing', () => {}, undefined],
    [
      'a record is edited',
      (db) =>
        set(
          db,
          5,
          'body',
          bodyOf(db, 5)
            .replace('"deny"', '"allow"')
            .replace(/"at":\d/, '"at":9'),
        ),
      () => 5,
    ],
    ['one is dropped', (db) => db.exec('DELETE FROM audit WHERE sequence = 6'), () => 6],
    ['the first is dropped', (db) => db.exec('DELETE FROM audit WHERE sequence = 1'), () => 1],
    [
      'two are swapped',
      (db) => {
        const [a, b] = [bodyOf(db, 4), bodyOf(db, 7)]
        set(db, 4, 'body', b)
        set(db, 7, 'body', a)
      },
      () => 4,
    ],
    ['the tail is cut off', (db, n) => db.exec(`DELETE FROM audit WHERE sequence > ${n - 3}`), (n) => n - 2],
    [
      'one is edited and the chain made to fit',
      (db) => {
        set(db, 5, 'body', bodyOf(db, 5).replace(/"at":\d/, '"at":9'))
        rechain(db)
      },
      (n) => n,
    ],
    [
      'the tail is cut off and the chain made to fit',
      (db, n) => {
        db.exec(`DELETE FROM audit WHERE sequence > ${n - 3}`)
        rechain(db)
      },
      (n) => n - 3,
    ],
    [
      'one is added',
      (db, n) => {
        const body = bodyOf(db, n)
        const { hash } = db.prepare('SELECT hash FROM head').get() as { hash: string }
        db.prepare('INSERT INTO audit (sequence, hash, body) VALUES (?, ?, ?)').run(n + 1, link(hash, body), body)
      },
      (n) => n + 1,
    ],
    ['all of it is gone', (db) => db.exec('DELETE FROM audit'), () => 1],
  ]

  before(async () => {
    await guard.stop()
    records = await store.audit.search({ limit: 10_000 })
    await store.close()
  })
  it('audit verify names the first record that is broken and exits 8; of an untouched trail it says that it is intact', async () => {
    const n = records.length
    assert.ok(n > refusals.length)
    const verified = await Promise.all(
      attacks.map(async ([what, tamper], at): Promise<Finished> => {
        const copy = join(folder.path, `copy-${at}`)
        cpSync(dataDir, copy, { recursive: true })
        const db = new DatabaseSync(join(copy, 'sallyport-audit.db'))
        tamper(db, n)
        db.close()
        assert.ok(what)
        return run(process.execPath, [SALLYPORT, 'audit', 'verify', '--json', '--data-dir', copy])
      }),
    )
    for (const [at, [what, , where]] of attacks.entries()) {
      const { code, stdout, stderr } = verified[at] as Finished
      const state = JSON.parse(stdout)
      if (where === undefined) assert.deepEqual([code, state.intact, state.records], [0, true, n], stderr)
      else {
        assert.deepEqual([code, state.intact, state.brokenAt], [8, false, where(n)], `${what}: ${stdout}${stderr}`)
        assert.match(stderr, new RegExp(`error\\[E-CHAIN\\].* #${where(n)} `))
      }
    }
  })
})
