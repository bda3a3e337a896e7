/** `sallyport data`: who is meant, and what is not done without being asked for. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { exportData, forgetData, reportData } from '../../src/cli/commands/data.ts'
import { CliError } from '../../src/cli/errors.ts'
import { createRedactor } from '../../src/core/index.ts'
import { createAuditArguments } from '../../src/guards/index.ts'
import { createApiKeys } from '../../src/oauth/index.ts'
import type { KeptAccount } from '../../src/people/account.ts'
import { type Data, openData } from '../../src/vault/index.ts'
import { SALLYPORT } from '../support/guard.ts'
import { createTempDir, type TempDir } from '../support/paths.ts'

let folder: TempDir
let dataDir: string
let data: Data

before(async () => {
  folder = await createTempDir('data')
  dataDir = join(folder.path, 'data')
  data = await openData({ dataDir })
  const account: KeptAccount = { name: 'olga', roles: [], owner: true, since: 1 }
  await data.store.records('account').putIfAbsent('olga', account, { group: 'owner' })
})
after(async () => {
  await data.store.close()
  await folder.remove()
})

async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    assert.ok(error instanceof CliError)
    return `${error.code} ${error.message}; ${error.fix}`
  }
}
const rows = async (): Promise<number> => (await Array.fromAsync(data.store.scan())).length

test('nothing is forgotten that nobody has asked for, or agreed to', async () => {
  const before = await rows()
  const forgetting = (named: string | undefined, given: object = { yes: true }) => problemOf(forgetData(named, { dataDir, ...given }))
  assert.match(await forgetting(undefined), /^E-USAGE whom or what to forget must be said/)
  assert.match(await forgetting('ana', {}), /^E-USAGE there is nobody to ask; add --yes/)
  assert.match(await forgetting('Olga'), /^E-USAGE olga set this server up; with --owner/)
  assert.match(await forgetting('olga', { yes: true, class: 'accounts' }), /^E-USAGE olga set this server up/)
  for (const name of ['accounts', 'auditRecords', 'signingKeys', 'dataKeys', 'constructor'])
    assert.match(await forgetting(undefined, { yes: true, class: name }), /^E-USAGE --class cannot be \w+ for everybody; one of sessions, /)
  for (const name of ['auditRecords', 'dataKeys', 'forgettings', 'x\u001b[31m'])
    assert.match(await forgetting('ana', { yes: true, class: name }), /^E-USAGE --class cannot be [^\u001b]+; one of accounts, /)
  assert.equal(await rows(), before)
})

test('a key that is a person’s names the person; one that stands for itself is somebody', async () => {
  const keys = createApiKeys({ ...data, clock: Date.now })
  const own = await keys.create({ name: 'own', scopes: [], createdBy: 'ana', account: 'ana' })
  assert.match(await problemOf(reportData(`spk_${own.id}`, { dataDir })), /^E-USAGE spk_\w+ is a key of ana; name the person/)
  const other = await keys.create({ name: 'ci', scopes: [], createdBy: 'ana' })
  assert.equal(await problemOf(forgetData(`spk_${other.id}`, { dataDir, yes: true })), 'none')
  assert.deepEqual(
    (await keys.list()).map(({ name }) => name),
    ['own'],
  )
})

test('a file that is there is not written over', async () => {
  const out = join(folder.path, 'there')
  writeFileSync(out, 'mine')
  assert.match(await problemOf(exportData('olga', { dataDir, out })), /^E-EXISTS .*there is there already/)
})

test('what is handed out and what is forgotten is on record before it is, also where the command is killed', async () => {
  const kept = createAuditArguments({ ...data, redactor: createRedactor(), keep: true, keepMs: 3_600_000 })
  // More than a pipe holds.
  for (let n = 0; n < 20; n++)
    await kept.keep(`dec_${n}`, Date.now(), { subject: 'eve', text: JSON.stringify({ word: 'x'.repeat(16_000) }) })
  const child = spawn(process.execPath, [SALLYPORT, 'data', 'export', 'eve', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'readable')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal((await data.store.audit.search({ action: 'data.export', target: 'eve' })).length, 1)

  const notes = data.store.records('forgetting')
  const stop = data.store.onForeignChange(() => void look())
  const found: number[] = []
  const look = async (): Promise<void> => {
    if ((await notes.list()).length > 0) found.push((await data.store.audit.search({ action: 'data.forget', target: 'eve' })).length)
  }
  await forgetData('eve', { dataDir, yes: true })
  stop()
  assert.deepEqual([...new Set(found)], [1])
})
