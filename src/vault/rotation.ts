/**
 * How the master key is replaced, by where it comes from: our own file gets another key, a passphrase is replaced by another, and what
 * the operator keeps elsewhere has to have the new one already.
 *
 * @module
 */

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '../core/index.ts'
import type { Data } from './data-dir.ts'
import { type DataKeyRecord, ROOT_ID } from './data-key-record.ts'
import type { Keys } from './key-file.ts'
import { formatKey } from './keys.ts'
import { createLocalWrapper } from './local-wrapper.ts'
import { passphraseOf } from './passphrase.ts'
import { addPassphrase, settlePassphrase } from './passphrase-keys.ts'
import { touchRecords } from './root.ts'
import { type Rotated, rotateMaster } from './rotate.ts'
import { lockRotation } from './rotation-lock.ts'

export interface RotationOptions {
  /** A file with the passphrase that there is to be from now on. */
  readonly newPassphraseFile?: string | undefined
  /**
   * Seals anew what is sealed with the master key itself: the client's sign-ins. Before the old key is taken out. `keys`: the new one
   * and the old ones, as SALLYPORT_MASTER_KEY has them, where the environment does not name the new one yet.
   */
  readonly reseal?: ((keys?: string) => Promise<unknown>) | undefined
  readonly progress?: ((done: number, all: number) => void) | undefined
}

export interface Rotation extends Rotated {
  /** What is left for the operator to do, where something is. */
  readonly left?: string | undefined
}

/** Changes are looked for five times a second (storage/sqlite/foreign-changes.ts). */
const HEARD_MS = 1_000

type Rotating = Pick<Data, 'store' | 'dir' | 'master' | 'scrubKeys'>

/** @throws {ConfigError} where there is no new key to go over to, and where somebody else is at it. */
export async function rotateKeys(data: Rotating, options: RotationOptions = {}): Promise<Rotation> {
  const release = lockRotation(data.dir)
  try {
    return await rotateAlone(data, options)
  } finally {
    release()
  }
}

async function rotateAlone(
  { store, dir, master, scrubKeys }: Rotating,
  { newPassphraseFile, reseal = async () => {}, progress }: RotationOptions,
): Promise<Rotation> {
  const records = store.records<DataKeyRecord>('data_key')
  const parts = { records, scrub: scrubKeys, progress }
  const rootKeyId = (await records.get(ROOT_ID))?.value.keyId
  const { keys, wrapper, source } = master

  if (newPassphraseFile !== undefined) {
    const file = join(dir, 'passphrase.json')
    if (keys === undefined) throw new ConfigError([`${source}: a key management service wraps the keys here. Start without it first.`])
    const before = keys.now()
    const added = addPassphrase(file, passphraseOf(newPassphraseFile), before)
    const both: Keys = [added, ...before]
    const rotated = await rotateMaster({
      ...parts,
      wrapper: createLocalWrapper(() => both),
      async settle(keyId) {
        await reseal(both.map(formatKey).join(','))
        // A server that had nothing to do meanwhile has not looked: once the old one is out, it cannot learn the new one any more.
        await touchRecords(store)
        await delay(HEARD_MS)
        settlePassphrase(file, keyId)
      },
    })
    const old = keys.own === undefined ? '' : ' Nothing needs master.key any more: remove it, and its copies.'
    return { ...rotated, left: `Start what uses this data with the new passphrase from now on (SALLYPORT_MASTER_PASSPHRASE_FILE).${old}` }
  }

  const own = keys?.own
  if (own !== undefined) {
    // Two keys, and the root with the newest: the last run was killed before it took the old one out.
    const isUnfinished = own.count() > 1 && (await isAtNewest())
    if (!isUnfinished) own.add()
    return rotateMaster({
      ...parts,
      wrapper,
      async settle(keyId) {
        await reseal()
        own.settle(keyId)
      },
    })
  }

  if (!(await isBegun()))
    throw new ConfigError([
      keys?.isPassphrase
        ? `${source}: say which passphrase is next: sallyport keys rotate --new-passphrase-file FILE`
        : keys === undefined
          ? `${source}: the service wraps with the key that all is wrapped with already. Give it a new one there, and run this again.`
          : `${source}: there is no newer key than the one that all is wrapped with. Put a new one first (openssl rand -base64 32 makes one), before those that are there, start what uses this data with both, and run this again.`,
    ])
  const rotated = await rotateMaster({ ...parts, wrapper, settle: async () => void (await reseal()) })
  const goes = keys === undefined ? 'The older keys can be ended at the service' : `Take the older keys out of ${source}`
  return { ...rotated, left: `${goes}: nothing needs them any more.` }

  async function isAtNewest(): Promise<boolean> {
    const root = (await records.get(ROOT_ID))?.value
    const newest = await wrapper.current()
    return root?.also === undefined ? root?.keyId === newest : root.also.keyId === newest
  }
  /** There is another key to go over to, or an older run went only part of the way. */
  async function isBegun(): Promise<boolean> {
    return rootKeyId !== (await wrapper.current()) || (await records.get(ROOT_ID))?.value.also !== undefined
  }
}
