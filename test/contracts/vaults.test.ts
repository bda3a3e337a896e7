import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVaultTransit } from '../../examples/kms/vault.ts'
import { createMemoryVault, type KeyWrapper, openData } from '../../src/vault/index.ts'
import { startTransit } from '../fixtures/kms/transit.ts'
import { describeVault, type VaultUnderTest } from './vault.ts'

interface Over {
  readonly env?: (dir: string) => Record<string, string>
  readonly kms?: KeyWrapper
  readonly end?: () => Promise<void>
}

async function overFolder({ env = () => ({}), kms, end }: Over): Promise<VaultUnderTest> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-'))
  const options = { dataDir, env: env(dataDir), kms }
  const [one, other] = [await openData(options), await openData(options)]
  return {
    vault: one.vault,
    other: other.vault,
    async end() {
      await Promise.all([one.store.close(), other.store.close()])
      await end?.()
      rmSync(dataDir, { recursive: true })
    },
  }
}

describeVault('in memory', async () => {
  const vault = createMemoryVault()
  return { vault, other: vault, end: async () => {} }
})

describeVault('on disk, under a key file', () => overFolder({}))

describeVault('on disk, under a passphrase', () =>
  overFolder({
    env(dir) {
      const file = join(dir, 'passphrase')
      writeFileSync(file, 'correct horse battery staple\n', { mode: 0o600 })
      return { SALLYPORT_MASTER_PASSPHRASE_FILE: file }
    },
  }),
)

describeVault('on disk, under a key management service', async () => {
  const { address, token, close } = await startTransit()
  return overFolder({ kms: createVaultTransit({ address, token }), end: close })
})
