/** `sallyport why`: what has become of the arguments of a call is told as it is. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { why } from '../../src/cli/commands/why.ts'
import { createRedactor } from '../../src/core/index.ts'
import { createAuditArguments, type KeptArguments } from '../../src/guards/index.ts'
import { type Data, openData } from '../../src/vault/index.ts'
import { auditRecord } from '../contracts/audit-store.ts'
import { verifies } from '../requirements.ts'
import { createTempDir, type TempDir } from '../support/paths.ts'

let folder: TempDir
let data: Data

before(async () => {
  folder = await createTempDir('why')
  data = await openData({ dataDir: folder.path })
})
after(async () => {
  await data.store.close()
  await folder.remove()
})

/** What it prints with `--json`. */
async function told(n: number): Promise<unknown> {
  const write = process.stdout.write
  let text = ''
  process.stdout.write = ((chunk: string) => {
    text += chunk
    return true
  }) as typeof write
  try {
    await why(`dec_${n}`, { json: true, dataDir: folder.path, arguments: true })
  } finally {
    process.stdout.write = write
  }
  return JSON.parse(text).arguments
}

test('arguments are shown while they are there and what was recorded; else it is said why not', async () => {
  verifies('audit-arguments')
  const records = data.store.records<KeptArguments>('audit_arguments')
  const at = Date.now()
  async function keep(n: number, subject: string, keepMs = 60_000): Promise<void> {
    const kept = createAuditArguments({ ...data, redactor: createRedactor(), keep: true, keepMs })
    await data.store.audit.append([auditRecord(n, { at, subject, ...(await kept.keep(`dec_${n}`, at, { subject, text: `{"n":${n}}` })) })])
  }
  await keep(1, 'ana')
  await keep(2, 'ana', 1)
  await keep(3, 'raj')
  await keep(4, 'ana')
  await keep(5, 'ana')
  await data.store.audit.append([auditRecord(6)])
  await data.vault.shred({ kind: 'audit_arguments', subject: 'raj' })
  await records.takeOnce('dec_4')
  // Somebody puts the arguments of one call in the place of another's.
  const [one, five] = [await records.get('dec_1'), await records.get('dec_5')]
  assert.ok(one && five && (await records.compareAndSet('dec_5', five.version, one.value)))

  assert.deepEqual(await told(1), { state: 'kept', value: { n: 1 } })
  assert.deepEqual(await told(2), { state: 'expired' })
  assert.deepEqual(await told(3), { state: 'shredded: somebody was forgotten' })
  assert.deepEqual(await told(4), { state: 'shredded: somebody was forgotten' })
  assert.deepEqual(await told(5), { state: 'not what was recorded: they were exchanged' })
  assert.deepEqual(await told(6), { state: 'not kept' })
  const looked = await data.store.audit.search({ action: 'audit.arguments' })
  assert.deepEqual(
    looked.map(({ record }) => record.target),
    ['dec_1'],
  )
})
