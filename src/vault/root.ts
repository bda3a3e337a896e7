/**
 * The root: the data key that MACs and all that travels are made with, and that says which people's keys are whose. It is opened
 * before anything else is, and whether the master key is the right one shows by it.
 *
 *   is the master key here? → is it the root of these records? → the ring
 *
 * Refuses (ConfigError) a master key that is not here, records whose key file is gone or another's, and what an earlier version wrote:
 * nothing is opened by half.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, ConfigError, problemOf } from '../core/index.ts'
import type { Store } from '../storage/index.ts'
import { type DataKeyRecords, ROOT_ID } from './data-key-record.ts'
import type { KeyRing } from './key-ring.ts'
import type { KeyWrapper, Wrapped } from './key-wrapper.ts'
import { toMasterKey } from './keys.ts'
import { createRing } from './ring.ts'

const ROOT_BYTES = 32
/** In the records, so that they are not served with the keys of others. */
const MARK_ID = 'vault'
interface Mark {
  readonly root?: string
  /** There were records before there were data keys. */
  readonly before?: boolean
}

export interface RootParts {
  readonly records: DataKeyRecords
  readonly wrapper: KeyWrapper
  /** Where the master key comes from, for messages. */
  readonly source: string
  readonly dir: string
  readonly clock: Clock
}

/** @throws {ConfigError} where the master key is not here. */
export async function openRoot({ records, wrapper, source, dir, clock }: RootParts): Promise<KeyRing> {
  for (;;) {
    const found = await records.get(ROOT_ID)
    if (found === undefined) {
      const wrapped = await wrapper.wrap(randomBytes(ROOT_BYTES), ROOT_ID)
      await records.putIfAbsent(ROOT_ID, { ...wrapped, kind: 'ring', createdAt: clock(), generation: 1 })
      continue
    }
    const { value } = found
    const bytes = await unwrap(value)
    // While a rotation is under way, other data keys are wrapped with the next key already.
    if (value.also !== undefined) await unwrap(value.also)
    return createRing([toMasterKey(Buffer.from(bytes))])
  }

  async function unwrap({ keyId, wrapped }: Wrapped): Promise<Uint8Array> {
    let bytes: Uint8Array | undefined
    try {
      bytes = await wrapper.unwrap(keyId, wrapped, ROOT_ID)
    } catch (error) {
      throw new ConfigError([
        `${source}: the key management service does not open what is in ${dir} (${withCause(error)}). See that it answers, and that this program may ask it.`,
      ])
    }
    if (bytes?.length === ROOT_BYTES) return bytes
    const passphrase = existsSync(join(dir, 'passphrase.json'))
      ? ' Where it is made of a passphrase, as passphrase.json says, set SALLYPORT_MASTER_PASSPHRASE_FILE.'
      : ''
    throw new ConfigError([
      `${source}: the data in ${dir} is sealed under the master key ${keyId}, which is not there.${passphrase} Put that key back from your copy of it; without it, what was sealed is lost, and only a new data directory helps.`,
    ])
  }
}

/** `fetch failed` says nothing without what made it fail. */
function withCause(error: unknown): string {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as NodeJS.ErrnoException
  return problemOf(error) + (typeof code === 'string' ? `: ${code}` : '')
}

/** Changes nothing but a version: other processes that have the records open hear that something has changed. */
export async function touchRecords(store: Store): Promise<void> {
  const marks = store.records<Mark>('secret')
  const mark = await marks.get(MARK_ID)
  if (mark !== undefined) await marks.compareAndSet(MARK_ID, mark.version, mark.value)
}

/** @throws {ConfigError} where the records belong to other keys. */
export async function checkRecords(store: Store, keyRing: KeyRing, dir: string): Promise<void> {
  const marks = store.records<Mark>('secret')
  const root = keyRing.mac('root', '').toString('base64url').slice(0, 22)
  await marks.putIfAbsent(MARK_ID, { root })
  const mark = (await marks.get(MARK_ID))?.value
  if (mark?.before === true)
    throw new ConfigError([
      `${dir}: sallyport.db was written by a version of Sallyport that had no data keys. Use another data directory, or go on with that version.`,
    ])
  if (mark?.root !== root)
    throw new ConfigError([
      `${dir}: sallyport-keys.db does not have the keys of what is in sallyport.db. Put back the newest copy of sallyport-keys.db, which you keep apart from other backups.`,
    ])
}
