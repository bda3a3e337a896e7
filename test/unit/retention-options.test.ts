/** How long data is kept is said in one table, in words that a document repeats, and what an operator may set of it is checked. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, silentLog, toSeconds } from '../../src/core/index.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { classes, classOf } from '../../src/retention/classes.ts'
import { createSweeper, toRetention } from '../../src/retention/index.ts'
import { MCPServer, tool } from '../../src/server/index.ts'
import { createMemoryStore, type RecordKind } from '../../src/storage/index.ts'
import { createMemoryVault } from '../../src/vault/index.ts'
import { auditRecords } from '../contracts/audit-store.ts'
import { verifies } from '../requirements.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

const DAY_MS = 86_400_000
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

test('every kind of record has a class, and one alone', () => {
  const union = /export type RecordKind =([^\n]*(?:\n\s+\|[^\n]*)*)/.exec(read('src/storage/store.ts'))?.[1] ?? ''
  const kinds = [...union.matchAll(/'(\w+)'/g)].map(([, kind]) => kind as RecordKind)
  assert.ok(kinds.length > 20)
  for (const kind of kinds) {
    const of = Object.entries(classes).filter(([, { kept }]) => kept.includes(kind))
    assert.deepEqual(
      of.map(([name]) => name),
      [classOf(kind)],
      kind,
    )
  }
})

test('docs/retention.md has every class with its lifetime, and no other', () => {
  const page = read('docs/retention.md')
  const table = [...page.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$/gm)]
  const shown = Object.entries(classes).map(([name, { what, lifetime, kept, option }]) => [
    name,
    what,
    lifetime,
    option === undefined ? 'no' : `\`${option}\``,
    kept.map((kind) => `\`${kind}\``).join(', '),
  ])
  assert.deepEqual(
    table.map((row) => row.slice(1)),
    shown,
  )
  const schema = read('docs/storage-schema.md')
  for (const { kept } of Object.values(classes))
    for (const kind of kept) assert.match(schema, kind === 'audit' ? /^## The audit trail$/m : new RegExp(`^### \`${kind}\`$`, 'm'), kind)
})

test('what may be set has bounds, and everything wrong with it is told at once', () => {
  const problemsOf = (options: object): readonly string[] => {
    try {
      new MCPServer({ log: false, ...options })
      return []
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.problems
    }
  }
  assert.deepEqual(problemsOf({ retention: { auditRecords: '90d', auditArguments: '12h' }, audit: { arguments: 'sealed' } }), [])
  assert.deepEqual(problemsOf({ retention: { auditRecords: '3 days', auditArguments: '401d' }, audit: { arguments: 'plain' } }), [
    'MCPServer.retention.auditRecords: must be a span of time from 30d to 3650d: a number and s, m, h, d or w',
    'MCPServer.retention.auditArguments: must be a span of time from 1h to 400d: a number and s, m, h, d or w',
    'MCPServer.audit.arguments: expected one of "none"|"sealed"',
  ])
  assert.match(problemsOf({ retention: { auditRecords: '29d' } }).join(), /from 30d/)
  assert.match(problemsOf({ retention: { auditRecords: '60d', auditArguments: '90d' } }).join(), /is longer than the records are kept: 60d/)
  assert.match(problemsOf({ retention: { auditRecord: '60d' } }).join(), /auditRecords/)
  const badTool = tool({ name: 'a', audit: { arguments: 'yes' as 'none' }, execute: () => 'x' })
  assert.match(problemsOf({ tools: [badTool] }).join(), /audit\.arguments/)
})

test('a file says the same, for all tools and for some', async () => {
  await using folder = await createTempDir('retention')
  writeFileSync(
    join(folder.path, 'sallyport.yaml'),
    `retention: { auditRecords: 60d, auditArguments: 7d }
audit: { arguments: sealed }
servers:
  notes:
    command: serve
    audit: { "read_*": none }
`,
  )
  const config = loadConfig({ cwd: folder.path, env: {} })
  assert.deepEqual(toRetention(config.retention), { auditRecordsMs: 60 * DAY_MS, auditArgumentsMs: 7 * DAY_MS })
  assert.deepEqual(config.audit, { arguments: 'sealed' })
  assert.deepEqual(config.servers[0]?.audit, [{ glob: 'read_*', keepsArguments: false, where: 'sallyport.yaml:6' }])
})

test('the sweeper drops audit records after their time, and what has expired', async () => {
  verifies('audit-retention')
  let now = 500 * DAY_MS
  const clock = (): number => now
  const store = createMemoryStore({ clock })
  await store.audit.append(auditRecords(0, 3).map((record, n) => ({ ...record, at: now + n * DAY_MS })))
  await store.records('ended_session').putIfAbsent('a', true, { expiresAt: now + 1 })
  const sweeper = createSweeper({ store, vault: createMemoryVault(), retention: toRetention(), clock, log: silentLog })
  now += 401.5 * DAY_MS
  await sweeper.sweep()
  const state = await store.audit.verify()
  assert.ok(state.intact)
  assert.deepEqual([state.records, state.dropped], [1, { through: 2, at: now }])
  assert.equal((await Array.fromAsync(store.scan())).length, 0)
  sweeper.close()
})

test('a span of time is a number and a unit, up to ten years', () => {
  assert.deepEqual(['30s', '15m', '24h', '90d', '2w', '3650d'].map(toSeconds), [30, 900, 86_400, 7_776_000, 1_209_600, 315_360_000])
  for (const wrong of ['', '0d', '3651d', '1y', '-1d', '1.5h', ' 1d', '1d ', '٣d', '9999999999s'])
    assert.equal(toSeconds(wrong), undefined, wrong)
})

test('the lifetimes of the table are those of the code', () => {
  const places: readonly (readonly [keyof typeof classes, lifetime: RegExp, file: string, code: RegExp])[] = [
    ['sessions', /^12h$/, 'people/sessions.ts', /TTL_MS = 12 \* 3_600_000/],
    ['links', /^10m, 3d, 1h$/, 'people/one-time-links.ts', /owner: 10, invitation: 3 \* 24 \* 60, password: 60 /],
    ['keys', /30d/, 'oauth/api-key-record.ts', /AFTERLIFE_MS = 30 \* DAY_MS/],
    ['tokens', /code 60s/, 'oauth/provider.ts', /CODE_TTL_SECONDS = 60$/m],
    ['tokens', /session 12h/, 'oauth/provider.ts', /SESSION_TTL_SECONDS = 12 \* 3600/],
    ['registrations', /^1h /, 'oauth/clients.ts', /UNUSED_TTL_MS = 3_600_000/],
    ['registrations', /366d/, 'oauth/clients.ts', /KEPT_TTL_MS = 366 \* 86_400_000/],
    ['registrations', /90d for a document/, 'oauth/cimd-copies.ts', /USED_TTL_MS = 90 \* 86_400_000/],
    ['crossings', /^10m$/, 'oauth/sign-in/provider-crossings.ts', /TTL_SECONDS = 600$/m],
    ['connections', /^180d/, 'gateway/credentials/kept-tokens.ts', /UNUSED_MS = 180 \* 86_400_000/],
    ['secrets', /366d/, 'vault/secrets.ts', /UNUSED_MS = 366 \* 86_400_000/],
    ['upstreamClients', /^366d$/, 'gateway/credentials/upstream-client.ts', /KEPT_MS = 366 \* 86_400_000/],
    ['legacySessions', /^14d$/, 'transports/http/session.ts', /LIFETIME_MS = 14 \* 24 \* 3_600_000/],
    ['tasks', /^1m /, 'guards/tasks/task-store.ts', /GRACE_MS = 60_000/],
    ['contents', /^1h,/, 'guards/results/options.ts', /keepSeconds \?\? 3_600/],
    ['statistics', /^400d$/, 'guards/results/statistics.ts', /KEPT_DAYS = 400$/m],
    ['signs', /^30d/, 'guards/personal/tokens.ts', /KEEP_DAYS = 30$/m],
    ['signingKeys', /^25h/, 'oauth/signing-key-times.ts', /VERIFIES_FOR_MS = 25 \* 60 \* MINUTE_MS/],
  ]
  for (const [name, lifetime, file, code] of places) {
    assert.match(classes[name].lifetime, lifetime, name)
    assert.match(read(`src/${file}`), code, `${name}: ${file}`)
  }
})

test('what was to be forgotten when a process ended is forgotten by the sweeper of the next one', async () => {
  verifies('forgetting-ends')
  const store = createMemoryStore()
  await store.records('account').putIfAbsent('ana', {})
  await store.records('account').putIfAbsent('raj', {})
  await store.records('forgetting').putIfAbsent('note', { subject: 'ana', grants: [] })
  const sweeper = createSweeper({ store, vault: createMemoryVault(), retention: toRetention(), clock: Date.now, log: silentLog })
  await sweeper.sweep()
  sweeper.close()
  assert.deepEqual(
    (await Array.fromAsync(store.scan())).map(({ id }) => id),
    ['raj'],
  )
})
