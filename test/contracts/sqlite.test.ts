import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteStore } from '../../src/storage/index.ts'
import { describeAuditStore } from './audit-store.ts'
import { describeStore } from './store.ts'

async function openTwice(clock: () => number = Date.now) {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  const options = { file: join(folder, 'test.db'), clock, sealKey: new Uint8Array(32).fill(7) }
  const store = createSqliteStore(options)
  const other = createSqliteStore(options)
  return {
    store,
    other,
    end: async () => {
      await Promise.all([store.close(), other.close()])
      await rm(folder, { recursive: true })
    },
  }
}

describeStore('SQLite', openTwice)

describeAuditStore('SQLite', async () => {
  const { store, other, end } = await openTwice()
  return { audit: store.audit, other: other.audit, end }
})
