/** The stores that come with the client: in memory, and sealed files. That of the keychain: token-keychain.test.ts. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileTokenStore } from '../../src/client/store/file-store.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { describeTokenStore } from './token-store.ts'

describeTokenStore('memory', async (clock) => {
  const store = createMemoryTokenStore({ clock })
  return { store, other: store, end: async () => {} }
})

describeTokenStore('file', async (clock) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-'))
  const open = () => createFileTokenStore({ dataDir, env: {}, clock })
  return { store: open(), other: open(), end: () => rm(dataDir, { recursive: true }) }
})
