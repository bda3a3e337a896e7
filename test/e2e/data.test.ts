/** What is kept of somebody, as an operator sees it, gives it out and forgets it, beside a guard that runs. */

import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { reportOn } from '../../src/retention/index.ts'
import { type Data, openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { findInFolder } from '../support/at-rest.ts'
import { createTempDir, type Finished, type Guard, mcp, startGuard, type TempDir } from '../support/index.ts'
import { until } from '../support/until.ts'

const SERVER = `
import { createInterface } from 'node:readline'
const tools = [{ name: 'note', inputSchema: { type: 'object' } }]
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line)
  if (id === undefined) return
  const result = method === 'initialize'
    ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'notes', version: '1' } }
    : method === 'tools/list' ? { tools } : { content: [{ type: 'text', text: 'done' }] }
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))
})`
const CANARY = 'canary-of-ana-5Fq8Zr2Lw9'
let guard: Guard
/** The data of the guard, opened in this process too. */
let beside: Data
let folder: TempDir
let decision: string
let url: string
const tokens = new Map<string, string>()

/** Somebody with an account and a key of their own, as the command line would make them in processes of their own. */
async function keyOf(account: string): Promise<string> {
  const made = await createAccounts({ ...beside, clock: Date.now }).create({ name: account, password: 'a password that is long enough' })
  assert.ok('account' in made)
  const scopes = ['tools:read', 'tools:execute']
  return (await createApiKeys({ ...beside, clock: Date.now }).create({ name: 'own', scopes, createdBy: account, account })).key
}
const jsonOf = ({ code, stdout, stderr }: Finished) => {
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

before(async () => {
  folder = await createTempDir('data')
  guard = await startGuard({
    config: {
      audit: { arguments: 'sealed' },
      servers: { notes: { command: process.execPath, args: ['--input-type=module', '-e', SERVER] } },
    },
  })
  url = guard.url
  beside = await openData({ dataDir: guard.dataDir })
  for (const name of ['ana', 'raj']) {
    tokens.set(name, await keyOf(name))
    const { body } = await mcp(url, { key: tokens.get(name) as string }).call('note', { text: `${CANARY} of ${name}` })
    assert.equal(body.result.content[0].text, 'done', JSON.stringify(body))
  }
  await until('the calls are on record', async () => {
    const [found] = await beside.store.audit.search({ subject: 'ana', target: 'note' })
    decision = found?.record.id as string
    return decision !== undefined
  })
})
after(async () => {
  await beside.store.close()
  await guard[Symbol.asyncDispose]()
  await folder.remove()
})

describe('sallyport data', () => {
  test('why shows arguments where that is asked for, which is on record', async () => {
    const shown = jsonOf(await guard.cli('why', decision, '--arguments', '--json'))
    assert.deepEqual(shown.arguments, { state: 'kept', value: { text: `${CANARY} of ana` } })
    const [looked] = await beside.store.audit.search({ target: decision })
    assert.equal(looked?.record.action, 'audit.arguments')
  })

  test('report tells what there is, export hands it out into a file of their own', async () => {
    const { classes } = jsonOf(await guard.cli('data', 'report', 'Ana', '--json'))
    const names = classes.map((each: { class: string }) => each.class)
    for (const name of ['accounts', 'auditArguments', 'auditRecords', 'keys']) assert.ok(names.includes(name), name)
    const out = join(folder.path, 'ana.jsonl')
    const { code } = await guard.cli('data', 'export', 'ana', '--out', out)
    assert.equal(code, 0)
    assert.equal(statSync(out).mode & 0o777, 0o600)
    const text = readFileSync(out, 'utf8')
    assert.ok(text.includes(`${CANARY} of ana`) && !text.includes('of raj') && !text.includes('argon2id'))
  })

  test('who is forgotten is refused by the guard within a second, and nothing of theirs is left; the other goes on', async () => {
    verifies('forgetting')
    verifies('forgetting-leaves-nothing')
    const open = mcp(url, { key: tokens.get('ana') as string })
    assert.equal((await open.call('note', { text: 'again' })).status, 200)
    const forgotten = jsonOf(await guard.cli('data', 'forget', 'ana', '--yes', '--json'))
    assert.equal(forgotten.subject, 'ana')
    assert.ok(forgotten.records >= 3 && forgotten.dataKeys >= 1, JSON.stringify(forgotten))
    assert.equal((await open.call('note', { text: 'more' })).status, 401)
    assert.equal((await mcp(url, { key: tokens.get('raj') as string }).call('note', { text: 'me' })).status, 200)

    assert.deepEqual(findInFolder(guard.dataDir, [`${CANARY} of ana`]), [])
    const left = await reportOn({ store: beside.store, subject: 'ana', auditRecordsMs: 1 })
    assert.deepEqual(
      left.map((each) => each.class),
      ['auditRecords'],
    )
    assert.match((await guard.cli('why', decision)).stdout, /arguments {4}shredded: somebody was forgotten/)
    assert.equal(guard.log().includes(CANARY), false)
  })

  test('audit verify says from where on the trail is kept, also while a guard writes it', async () => {
    verifies('audit-retention')
    const dropped = await beside.store.audit.drop(Date.now())
    assert.equal((await mcp(url, { key: tokens.get('raj') as string }).call('note', { text: 'after' })).status, 200)
    const { stdout } = await guard.cli('audit', 'verify')
    assert.match(stdout, new RegExp(`chain intact, #${dropped + 1}…#\\d+\n {2}#1…#${dropped} dropped by retention, last at \\d{4}-`))
  })

  test('who gets the name of a removed account later opens nothing of the first one; the audit keeps what it had', async () => {
    const place = { kind: 'stored_part', id: 'results/x/000000', field: 'bytes', subject: 'raj' }
    const sealed = await beside.vault.seal('a result', place)
    const [kept] = await beside.store.records<{ sealed: string; subject: string }>('audit_arguments').list({ group: 'user:raj' })
    assert.ok(kept)
    assert.equal((await guard.cli('user', 'remove', 'raj')).code, 0)
    assert.equal(await beside.vault.open(sealed, place), undefined)
    assert.ok(await beside.vault.open(kept.value.sealed, { kind: 'audit_arguments', id: kept.id, field: 'arguments', subject: 'raj' }))
  })
})
