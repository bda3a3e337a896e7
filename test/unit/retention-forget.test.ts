/** What is kept of somebody is told, handed out and forgotten: all of it, and nothing of anybody else's. */

import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type Entry, type Message, type Principal, principalKey, subjectOf, userInRecord } from '../../src/core/index.ts'
import { placeOfArguments } from '../../src/guards/index.ts'
import { createPersonalTokens } from '../../src/guards/personal/index.ts'
import { createStoredResults } from '../../src/guards/results/index.ts'
import { createApiKeys } from '../../src/oauth/index.ts'
import { exportOf, forget, reportOn, resumeForgetting, subjectOfKey } from '../../src/retention/index.ts'
import { isOf } from '../../src/retention/person.ts'
import { createLocalBus, type StoredRow } from '../../src/storage/index.ts'
import { createSessions } from '../../src/transports/http/session.ts'
import { createSealedParts, type Data, openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { findInFolder } from '../support/at-rest.ts'
import { keepAll, personOf } from '../support/kept-person.ts'

// No word that any encoding of something else has.
const ANA = 'canary-of-ana-5Fq8Zr2Lw9'
const RAJ = 'canary-of-raj-7Yt3Kp6Bn1'
let folder: string
let data: Data

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  data = await openData({ dataDir: folder })
})
afterEach(async () => {
  await data.store.close()
  await rm(folder, { recursive: true })
})

const rows = (): Promise<StoredRow[]> => Array.fromAsync(data.store.scan())
const kindsOf = (all: readonly StoredRow[]): string[] => [...new Set(all.map(({ kind }) => kind))].sort()
const others = async (): Promise<string[]> => (await rows()).filter(({ kind }) => kind !== 'secret').map((row) => JSON.stringify(row))

test('all that is of somebody is forgotten, in each kind of record, and nothing of anybody else', async () => {
  verifies('forgetting')
  await keepAll(data, 'raj', RAJ)
  const before = await others()
  await keepAll(data, 'ana', ANA)
  const between = kindsOf(await rows())
  const heard: string[] = []
  const bus = createLocalBus()
  bus.subscribe('credentials', (message) => heard.push(message))

  const { records, dataKeys } = await forget({ ...data, bus }, { subject: 'ana' })
  assert.equal(records, 24)
  assert.ok(dataKeys >= 6, `${dataKeys} data keys`)
  assert.deepEqual(await others(), before)
  assert.deepEqual(kindsOf(await rows()), between, 'the other one still has each')
  assert.deepEqual(heard, ['somebody was forgotten'])
  assert.deepEqual(await forget(data, { subject: 'ana' }), { records: 0, dataKeys: 0, erased: true })
})

test('not a byte of it is left in any file: not in a free page, not in the write-ahead log; audit records name who did what', async () => {
  verifies('forgetting-leaves-nothing')
  await keepAll(data, 'raj', RAJ)
  // Rows around it, so that pages split and fill.
  const noise = data.store.records('ended_session')
  for (let n = 0; n < 300; n++) await noise.putIfAbsent(`noise ${n} ${'x'.repeat(n)}`, true)
  await keepAll(data, 'somebody-whose-name-is-long', ANA)
  for (let n = 0; n < 300; n += 2) await noise.takeOnce(`noise ${n} ${'x'.repeat(n)}`)
  assert.ok(findInFolder(folder, [ANA]).length > 0, 'it can be found at all')
  await forget(data, { subject: 'somebody-whose-name-is-long' })
  assert.deepEqual(findInFolder(folder, [ANA]), [])
  assert.deepEqual(
    [...new Set(findInFolder(folder, ['somebody-whose-name-is-long']).map(({ where }) => where.replace(/-(wal|shm)$/, '')))],
    ['sallyport-audit.db'],
  )
  assert.ok(findInFolder(folder, [RAJ]).length > 0)
  assert.equal((await data.store.audit.verify()).intact, true)
})

test('a backup of the data forgets too: the keys that are there now open nothing of theirs in it', async () => {
  verifies('backups-forget')
  const { decision } = await keepAll(data, 'ana', ANA)
  await keepAll(data, 'raj', RAJ)
  await data.store.erase()
  await copyFile(join(folder, 'sallyport.db'), join(folder, 'backup'))
  await forget(data, { subject: 'ana' })
  await data.store.close()
  await copyFile(join(folder, 'backup'), join(folder, 'sallyport.db'))
  data = await openData({ dataDir: folder })
  const restored = await rows()
  const opened = async (name: string): Promise<number> => {
    let count = 0
    for (const { kind, id, value } of restored) {
      const { sealed, subject } = (value ?? {}) as { sealed?: string; subject?: string }
      if (sealed === undefined || (subject ?? name) !== name) continue
      for (const field of ['sealed', 'payload', 'arguments', 'bytes'])
        if (await data.vault.open(sealed, { kind, id, field, subject: name })) count++
    }
    return count
  }
  const kept = (await data.store.records<{ sealed: string }>('audit_arguments').get(decision))?.value
  assert.ok(kept, 'the copy has them')
  assert.equal(await data.vault.open(kept.sealed, placeOfArguments(decision, 'ana')), undefined)
  assert.equal(await opened('ana'), 0)
  assert.ok((await opened('raj')) >= 5)
  assert.equal((await data.store.audit.verify()).intact, true)
})

test('what was begun and not ended is ended later, also where the grants are gone by then', async () => {
  verifies('forgetting-ends')
  const { grant } = await keepAll(data, 'ana', ANA)
  await keepAll(data, 'raj', RAJ)
  await data.store.records('forgetting').putIfAbsent('note', { subject: 'ana', grants: [grant] })
  await data.store.records('grant').takeOnce(grant)
  assert.equal(await resumeForgetting(data), 1)
  assert.equal(await resumeForgetting(data), 0)
  assert.deepEqual((await rows()).filter(isOf({ subject: 'ana', grants: [grant] })), [])
  assert.deepEqual(findInFolder(folder, [ANA]), [])
})

test('a class is forgotten for everybody, or for one', async () => {
  await keepAll(data, 'ana', ANA)
  await keepAll(data, 'raj', RAJ)
  const whose = async (kind: string): Promise<unknown[]> =>
    (await rows()).filter((row) => row.kind === kind).map(({ value }) => (value as { subject?: string }).subject)
  await forget(data, { subject: 'ana', class: 'auditArguments' })
  assert.deepEqual(await whose('audit_arguments'), ['raj'])
  assert.deepEqual(await whose('task'), ['ana', 'ana', 'raj', 'raj'])
  await forget(data, { class: 'tasks' })
  assert.deepEqual(await whose('task'), [])
  assert.deepEqual(await whose('audit_arguments'), ['raj'])
  assert.equal((await rows()).filter(({ kind }) => kind === 'account').length, 2)
})

test('what is kept is told without what it says', async () => {
  await keepAll(data, 'ana', ANA)
  await keepAll(data, 'raj', RAJ)
  const report = await reportOn({ store: data.store, subject: 'ana', auditRecordsMs: 1000 })
  const counts = Object.fromEntries(report.map((each) => [each.class, each.count]))
  assert.deepEqual(counts, {
    accounts: 4,
    auditArguments: 1,
    auditRecords: 1,
    connections: 1,
    contents: 5,
    crossings: 1,
    grants: 1,
    keys: 1,
    legacySessions: 1,
    links: 2,
    secrets: 1,
    sessions: 1,
    signs: 1,
    tasks: 2,
    tokens: 2,
  })
  assert.equal(report.find((each) => each.class === 'accounts')?.until, undefined)
  assert.ok((report.find((each) => each.class === 'tasks')?.until ?? 0) > Date.now())
  assert.ok(!JSON.stringify(report).includes(ANA))
  assert.deepEqual(await reportOn({ store: data.store, subject: 'nobody', auditRecordsMs: 1000 }), [])
})

test('what is exported is all of it, opened where it is data, and no way in', async () => {
  verifies('data-export')
  const { decision } = await keepAll(data, 'ana', ANA)
  await keepAll(data, 'raj', RAJ)
  const all = await Array.fromAsync(exportOf(data, 'ana'))
  const text = JSON.stringify(all)
  assert.ok(!text.includes(RAJ))
  assert.ok(!/secret canary|hash canary|refresh canary/.test(text))
  const valueOf = (kind: string) => all.filter((each) => each.kind === kind).map(({ value }) => value as Record<string, unknown>)
  assert.deepEqual(valueOf('audit_arguments')[0]?.['sealed'], { word: ANA })
  assert.deepEqual(valueOf('task')[0]?.['sealed'], { text: ANA })
  assert.equal(valueOf('personal_token')[0]?.['sealed'], ANA)
  assert.equal(valueOf('stored_part').length, 3)
  assert.ok(
    valueOf('stored_part').every(({ sealed }) => sealed === ANA.repeat(3_000)),
    'also what is longer than a scan reads',
  )
  assert.equal(valueOf('account')[0]?.['hash'], '(a secret: not exported)')
  assert.equal(valueOf('second_factor')[0]?.['seed'], '(a secret: not exported)')
  assert.equal(valueOf('oauth_artifact')[0]?.['sealed'], '(a secret: not exported)')
  assert.equal(valueOf('named_secret')[0]?.['sealed'], '(a secret: not exported)')
  assert.equal(valueOf('audit')[0]?.['id'], decision)
})

test('a key that stands for itself is somebody, with all that took its place; the person who made it is another', async () => {
  const keys = createApiKeys({ ...data, clock: Date.now })
  const { id } = await keys.create({ name: 'ci', scopes: [], createdBy: 'ana' })
  const rolled = await keys.roll(id, { overlapMs: 60_000, by: 'ana' })
  assert.ok('key' in rolled)
  await keys.create({ name: 'other', scopes: [], createdBy: 'ana' })
  const subject = subjectOfKey(`spk_${id}`)
  assert.equal(subject, subjectOf({ ...personOf(''), issuer: 'key', subject: `spk_${id}`, user: undefined }))
  await data.store.records('task').putIfAbsent('of the key', { sealed: '', subject }, { group: subject })

  await forget(data, { subject: 'ana' })
  assert.equal((await keys.list()).length, 3)
  await forget(data, { subject })
  assert.deepEqual(
    (await keys.list()).map(({ name }) => name),
    ['other'],
  )
  assert.equal(await data.store.records('task').get('of the key'), undefined)
})

test('somebody of the same name elsewhere is somebody else', async () => {
  const rowOf = (given: Partial<StoredRow>): StoredRow => ({
    kind: 'task',
    id: 'x',
    group: undefined,
    expiresAt: undefined,
    bytes: 1,
    value: {},
    ...given,
  })
  const isAnas = isOf({ subject: 'ana', grants: ['g'] })
  for (const given of [
    { group: 'account:anastasia' },
    { group: 'account:https://idp.example#ana' },
    { group: JSON.stringify(['local', 'ana']) },
    { group: JSON.stringify(['http://localhost:7777', 'anastasia']) },
    { group: 'bulk anastasia' },
    { group: 'grant:other' },
    { kind: 'api_key', group: 'ana', value: { createdBy: 'ana', name: 'ana' } },
    { kind: 'client', value: { createdBy: 'ana', metadata: { client_name: 'ana' } } },
    { kind: 'account', id: 'anna', value: { name: 'ana' } },
    { value: { subject: 'https://idp.example#ana' } },
    { value: 'ana' },
    { value: undefined },
  ] as const)
    assert.equal(isAnas(rowOf(given as Partial<StoredRow>)), false, JSON.stringify(given))
})

test('who is called what a group of others is called, and whom another issuer calls the same, is somebody else: neither forgotten, told nor handed out with them', async () => {
  const owners: readonly Principal[] = [
    { ...personOf('ana'), issuer: 'https://idp.example', user: 'https://idp.example#ana' },
    { ...personOf('ana'), issuer: 'local', user: undefined },
    ...['resources ana', 'results ana', 'bulk ana', 'account:ana', 'user:ana', 'grant:g', 'ana ', '["local","ana"]x'].map((name) => ({
      ...personOf(name),
      issuer: 'https://external.example',
    })),
  ]
  for (const principal of owners) await keepWhatCallsLeave(principal)
  const before = await others()
  const ana = personOf('ana')
  await keepWhatCallsLeave(ana)
  const grants = data.store.records('grant')
  await grants.putIfAbsent('g', { payload: {} }, { group: 'account:ana' })

  for (const principal of [...owners, ana]) {
    const who = subjectOf(principal)
    const exported = await Array.fromAsync(exportOf(data, who))
    assert.deepEqual(
      exported.filter(({ kind }) => kind !== 'grant').map(({ kind }) => kind),
      ['kept_resource', 'personal_token', 'session_setting', 'stored_part', 'stored_result', 'task', 'audit'],
      who,
    )
    assert.ok(!JSON.stringify(exported).includes('cannot be opened'), who)
  }
  await forget(data, { subject: 'ana' })
  assert.deepEqual(await others(), before)
  for (const principal of owners) await forget(data, { subject: subjectOf(principal) })
  assert.deepEqual(await others(), [])
})

/** In each kind of record that is made for whoever calls, without an account. */
async function keepWhatCallsLeave(principal: Principal): Promise<void> {
  const { store, vault, keyRing } = data
  const [subject, expiresAt] = [subjectOf(principal), Date.now() + 3_600_000]
  const clock = Date.now
  const parts = createSealedParts({ store, vault })
  const mayUse = () => true
  const bounds = { keepSeconds: 60, storedBytes: 1_000, stored: 10 }
  const entry = { name: 'read' } as Entry
  await createStoredResults({ store, vault, parts, clock, mayUse, ...bounds }).keep({ text: 'result' }, 'text/plain', entry, principal)
  const tokens = createPersonalTokens({ store, vault, keyRing, clock })
  await tokens.keep(new Map([[tokens.signOf('email', 'a@b.example', subject), 'a@b.example']]), subject)
  const seal = async (kind: string, id: string) => ({ subject, sealed: await vault.seal('{}', { kind, id, field: 'sealed', subject }) })
  const owner = principalKey(principal)
  await store.records('task').putIfAbsent(`t ${subject}`, await seal('task', `t ${subject}`), { group: owner, expiresAt })
  const resource = `r ${subject}`
  await store
    .records('kept_resource')
    .putIfAbsent(resource, await seal('kept_resource', resource), { group: `resources ${subject}`, expiresAt })
  const sessions = createSessions({ keyRing, store, bus: createLocalBus(), clock })
  const id = sessions.begin(principal, { version: '2025-11-25', capabilities: {}, client: undefined } as unknown as Message)
  const session = await sessions.resume(id, principal)
  assert.ok(await session?.watch('test://a'))
  const { issuer, subject: name } = principal
  const about = { decision: 'allow', reason: 'allowed', action: 'tools/call', transport: 'http', durationMs: 1 } as const
  const user = userInRecord(principal)
  await store.audit.append([{ ...about, id: `dec_${subject}`, at: Date.now(), subject: name, issuer, ...(user && { user }) }])
}
