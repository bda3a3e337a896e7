/**
 * When each API key was last used, from where and with which client: so that one that nobody needs is found, and one that somebody else
 * has.
 *
 *   … release → audit → [key use]      a look into a map for each request; a write at most once a minute for each key
 *
 * Beside the call, and never in its way: where it cannot be written, the log says so and nothing is refused.
 *
 * @module
 */

import { createRedactor, type Log, problemOf } from '../core/index.ts'
import { addressGroup } from '../net/index.ts'
import { type AuditRecord, changeRecord, type Store } from '../storage/index.ts'
import { type Kept, type LastUse, recordOptionsOf } from './api-key-record.ts'

export interface ApiKeyUse {
  /** Takes every decision as it is recorded. */
  note(record: Pick<AuditRecord, 'at' | 'credential' | 'credentialId' | 'address' | 'clientName'>): void
  /** Writes what is left. */
  close(): Promise<void>
}

const EVERY_MS = 60_000
const WRITE_AFTER_MS = 500
/** How many are written in one go, and how many are remembered as written. */
const BATCH = 100
const MAX_KEYS = 10_000
const MAX_NAME = 64

export function createApiKeyUse({ store, log }: { store: Store; log: Log }): ApiKeyUse {
  const records = store.records<Kept>('api_key')
  const redactor = createRedactor()
  /** When it was last noted, the oldest first. */
  const noted = new Map<string, number>()
  const waiting = new Map<string, LastUse>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  function note({ at, credential, credentialId, address = 'unknown', clientName }: Parameters<ApiKeyUse['note']>[0]): void {
    // A record names a credential only where it was verified.
    if (credential !== 'key' || credentialId === undefined) return
    const before = noted.get(credentialId)
    if (before !== undefined && at - before < EVERY_MS) return
    noted.delete(credentialId)
    noted.set(credentialId, at)
    if (noted.size > MAX_KEYS) noted.delete(noted.keys().next().value as string)
    const client = clientName === undefined ? {} : { client: redactor.text(clientName).slice(0, MAX_NAME) }
    waiting.set(credentialId.slice('spk_'.length), { at, from: addressGroup(address), ...client })
    arm()
  }
  function arm(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      writing = writing.then(write)
    }, WRITE_AFTER_MS).unref()
  }
  async function write(): Promise<void> {
    const batch = [...waiting].slice(0, BATCH)
    for (const [id] of batch) waiting.delete(id)
    if (waiting.size > 0) arm()
    try {
      await Promise.all(batch.map(([id, use]) => changeRecord(records, id, (kept) => withUse(kept, use), recordOptionsOf)))
    } catch (error) {
      log('warn', 'the last use of API keys could not be noted', { problem: problemOf(error) })
    }
  }
  return {
    note,
    async close() {
      await writing
      while (waiting.size > 0) await write()
      clearTimeout(timer)
    },
  }
}

/** Undefined where there is nothing to write: the key is gone, or another process has just noted a use. */
const withUse = (kept: Kept | undefined, use: LastUse): Kept | undefined =>
  kept === undefined || (kept.lastUsed !== undefined && use.at - kept.lastUsed.at < EVERY_MS) ? undefined : { ...kept, lastUsed: use }
