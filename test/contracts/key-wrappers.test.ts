import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAwsKms } from '../../examples/kms/aws.ts'
import { createGoogleKms } from '../../examples/kms/gcp.ts'
import { createVaultTransit } from '../../examples/kms/vault.ts'
import { addMasterKey, createKeyText } from '../../src/vault/index.ts'
import { createMaster } from '../../src/vault/master.ts'
import { createMasterKeys } from '../../src/vault/master-keys.ts'
import { passphraseOf } from '../../src/vault/passphrase.ts'
import { addPassphrase } from '../../src/vault/passphrase-keys.ts'
import { createCloud } from '../fixtures/kms/cloud.ts'
import { startTransit } from '../fixtures/kms/transit.ts'
import { describeKeyWrapper, type WrapperUnderTest } from './key-wrapper.ts'

const PASSPHRASE = { SALLYPORT_MASTER_PASSPHRASE: 'correct horse battery staple' }
const folder = (): string => mkdtempSync(join(tmpdir(), 'sallyport-'))
const wrapperOf = async (dir: string, env: Record<string, string>) => (await createMaster({ dir, env })).wrapper

async function overFolders(envOf: (dir: string) => Record<string, string>, renew?: (dir: string) => void): Promise<WrapperUnderTest> {
  const [dir, strange] = [folder(), folder()]
  const [env, strangers] = [envOf(dir), envOf(strange)]
  return {
    wrapper: await wrapperOf(dir, env),
    other: await wrapperOf(dir, env),
    stranger: await wrapperOf(strange, strangers),
    renew: renew && (async () => renew(dir)),
    end: async () => {
      for (const each of [dir, strange]) rmSync(each, { recursive: true })
    },
  }
}

describeKeyWrapper('our own file', () =>
  overFolders(
    () => ({}),
    (dir) => addMasterKey({ file: join(dir, 'master.key'), env: {} }),
  ),
)

describeKeyWrapper('keys of the environment', () => overFolders(() => ({ SALLYPORT_MASTER_KEY: `${createKeyText()},${createKeyText()}` })))

describeKeyWrapper('a passphrase', () =>
  overFolders(
    () => PASSPHRASE,
    (dir) => {
      const next = join(dir, 'next')
      writeFileSync(next, 'incorrect horse battery staple\n', { mode: 0o600 })
      // What `keys rotate --new-passphrase-file` does first; both processes here know the old one alone.
      const { now } = createMasterKeys({ file: join(dir, 'master.key'), env: PASSPHRASE })
      addPassphrase(join(dir, 'passphrase.json'), passphraseOf(next), now())
    },
  ),
)

describeKeyWrapper('a module that the operator names', async () => {
  const dir = folder()
  const write = (name: string): string => {
    const file = join(dir, name)
    writeFileSync(
      file,
      `import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
       const key = createHash('sha256').update(${JSON.stringify(name)}).digest()
       const keyId = ${JSON.stringify(name)}
       export default async () => ({
         current: () => keyId,
         wrap(plain, context) {
           const nonce = randomBytes(12)
           const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
           return { keyId, wrapped: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url') }
         },
         unwrap(id, wrapped, context) {
           const bytes = Buffer.from(wrapped, 'base64url')
           try {
             const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(Buffer.from(context))
             decipher.setAuthTag(bytes.subarray(-16))
             return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
           } catch {
             return undefined
           }
         },
       })`,
      { mode: 0o600 },
    )
    return file
  }
  const env = { SALLYPORT_KMS: write('ours.mjs') }
  return {
    wrapper: await wrapperOf(dir, env),
    other: await wrapperOf(dir, env),
    stranger: await wrapperOf(dir, { SALLYPORT_KMS: write('theirs.mjs') }),
    end: async () => rmSync(dir, { recursive: true }),
  }
})

describeKeyWrapper('the example for Vault', async () => {
  const transit = await startTransit()
  const { address, token, rotate, close } = transit
  return {
    wrapper: createVaultTransit({ address, token }),
    other: createVaultTransit({ address, token }),
    stranger: createVaultTransit({ address, token, key: 'another' }),
    renew: async () => rotate('sallyport'),
    end: close,
  }
})

describeKeyWrapper('the example for AWS', async () => {
  const cloud = createCloud()
  return {
    wrapper: createAwsKms(cloud.aws(), 'ours'),
    other: createAwsKms(cloud.aws(), 'ours'),
    stranger: createAwsKms(createCloud().aws(), 'theirs'),
  }
})

describeKeyWrapper('the example for Google Cloud', async () => {
  const cloud = createCloud()
  const name = 'projects/p/locations/l/keyRings/r/cryptoKeys/ours'
  return {
    wrapper: createGoogleKms(cloud.google(), name),
    other: createGoogleKms(cloud.google(), name),
    stranger: createGoogleKms(createCloud().google(), name),
    renew: async () => cloud.rotate(name),
  }
})
