/**
 * A sealing key in the platform's keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service (GNOME Keyring,
 * KWallet, KeePassXC) on Linux. Keychains bound what an item may hold (2.5 KB on Windows) and have no lock, so that they hold the
 * key and the records stay sealed files.
 *
 * There is no way round: without the package or a keychain it is a ConfigError. On Linux the package would take the kernel's keyring
 * where there is no Secret Service, which forgets the key when the machine starts anew: that is refused.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ConfigError } from '../../core/index.ts'
import { createKeyRingOf, createKeyText, type KeyRing } from '../../vault/index.ts'
import { takeFileLock } from './file-lock.ts'
import type { SealingKeys } from './sealing-keys.ts'

/** What is used of the package. Null where there is no such item. */
interface Item {
  getPassword(): Promise<string | null | undefined>
  setPassword(value: string): Promise<void>
}
interface Keyring {
  readonly AsyncEntry: new (service: string, account: string, options: object) => Item
}

const SERVICE = 'sallyport'
const LOCK_WAIT_MS = 60_000
/** As many as are surely small enough for an item: interrupted rotations leave one each. */
const MAX_KEYS = 16

export function createKeychainKeys(dir: string): SealingKeys {
  const { AsyncEntry } = loadPackage()
  const account = `client ${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`
  let item: Item | undefined

  async function ask<T>(what: (item: Item) => Promise<T>): Promise<T> {
    try {
      item ??= new AsyncEntry(SERVICE, account, { linux: { store: 'secret-service' } })
      return await what(item)
    } catch {
      // What it says is not passed on: it may have anything in it.
      throw new ConfigError([
        `tokenStore "keychain": the keychain of this machine does not answer, or is locked. ${fixOf(process.platform)}`,
      ])
    }
  }
  const read = async (): Promise<string | undefined> => (await ask((kept) => kept.getPassword())) ?? undefined
  const write = (text: string): Promise<void> => ask((kept) => kept.setPassword(text))

  async function make(): Promise<string> {
    // Two that start at once end with one key.
    const lock = await takeFileLock(join(dir, 'key.lock'), LOCK_WAIT_MS)
    try {
      const found = await read()
      if (found !== undefined) return found
      const made = createKeyText()
      await write(made)
      return made
    } finally {
      lock.release()
    }
  }
  const toRing = (text: string): KeyRing => createKeyRingOf(text, `the item ${SERVICE} (${account}) of the keychain`)

  return {
    load: async () => toRing((await read()) ?? (await make())),
    async add() {
      const kept = ((await read()) ?? (await make())).split('\n')
      if (kept.length < MAX_KEYS) await write([createKeyText(), ...kept].join('\n'))
    },
    async settle() {
      const [newest] = ((await read()) ?? '').split('\n')
      if (newest) await write(newest)
    },
  }
}

function loadPackage(): Keyring {
  try {
    return createRequire(import.meta.url)('@napi-rs/keyring') as Keyring
  } catch (error) {
    throw new ConfigError([
      (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND'
        ? 'tokenStore "keychain" needs a package that is not installed. Run: npm install @napi-rs/keyring, or use "file".'
        : 'tokenStore "keychain": @napi-rs/keyring does not load on this platform. Install it anew with its optional dependencies, or use "file".',
    ])
  }
}

function fixOf(platform: NodeJS.Platform): string {
  if (platform !== 'linux') return 'Unlock it, or use "file".'
  return 'It takes a Secret Service on the session bus (GNOME Keyring, KWallet, KeePassXC): start and unlock one, or use "file".'
}
