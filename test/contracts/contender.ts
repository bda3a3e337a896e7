/** A process that contends for one database with others: told what to do on stdin once all are ready, answers on stdout. */

import { createInterface } from 'node:readline'
import { createSqliteStore } from '../../src/storage/index.ts'
import { createKeyRing, openData } from '../../src/vault/index.ts'
import { auditRecords } from './audit-store.ts'

const [folder, name, rounds] = process.argv.slice(2) as [string, string, string]

// Opened by all of them at once: the files are made and migrated, and the key is made, by whoever comes first.
const keyRing = createKeyRing({ file: `${folder}/master.key`, env: {} })
const store = createSqliteStore({ file: `${folder}/test.db`, sealKey: keyRing.mac('audit head', '') })
const data = await openData({ dataDir: `${folder}/data`, env: {} })
console.log(`${keyRing.mac('same key', '').toString('hex')} ${data.keyRing.mac('same key', '').toString('hex')}`)

const tasks: Record<string, () => Promise<unknown>> = {
  seal: () => data.vault.seal(name, { kind: 'connection', id: name, field: 'f', subject: 'ana' }),
  async put() {
    const won: number[] = []
    for (let n = 0; n < Number(rounds); n++) if (await store.records('grant').putIfAbsent(`r${n}`, { by: name })) won.push(n)
    return won
  },
  async take() {
    const won: number[] = []
    for (let n = 0; n < Number(rounds); n++) if (await store.records('grant').takeOnce(`r${n}`)) won.push(n)
    return won
  },
  async append() {
    // Small batches go one way and large ones another (a thread).
    for (let n = 0; n < Number(rounds); n++)
      await store.audit.append(auditRecords(n * 3, n * 3 + 3).map((record) => ({ ...record, subject: name })))
    for (let n = 0; n < 5; n++)
      await store.audit.append(auditRecords(n * 100, n * 100 + 100).map((record) => ({ ...record, subject: name })))
    return Number(rounds) * 3 + 500
  },
  async forever() {
    console.log('appending')
    for (;;) await store.audit.append(auditRecords(0, 60))
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = tasks[line]
  if (task === undefined) break
  console.log(JSON.stringify(await task()))
}
await store.close()
await data.store.close()
