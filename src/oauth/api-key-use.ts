/** When each API key was last used, from where and with which client. How it is written down: `last-uses.ts`. @module */

import { createRedactor, type Log } from '../core/index.ts'
import { addressGroup } from '../net/index.ts'
import { type AuditRecord, changeRecord, type Store } from '../storage/index.ts'
import { type Kept, type LastUse, recordOptionsOf } from './api-key-record.ts'
import { createLastUses, USED_EVERY_MS } from './last-uses.ts'

export interface ApiKeyUse {
  /** Takes every decision as it is recorded. */
  note(record: Pick<AuditRecord, 'at' | 'credential' | 'credentialId' | 'address' | 'clientName'>): void
  /** Writes what is left. */
  close(): Promise<void>
}

const MAX_NAME = 64

export function createApiKeyUse({ store, log }: { store: Store; log: Log }): ApiKeyUse {
  const records = store.records<Kept>('api_key')
  const redactor = createRedactor()
  const uses = createLastUses({
    what: 'API keys',
    write: (credentialId, use) => changeRecord(records, credentialId.slice('spk_'.length), (kept) => withUse(kept, use), recordOptionsOf),
    log,
  })
  return {
    note({ at, credential, credentialId, address = 'unknown', clientName }) {
      // A record names a credential only where it was verified.
      if (credential !== 'key' || credentialId === undefined || !uses.isDue(credentialId, at)) return
      const client = clientName === undefined ? {} : { client: redactor.text(clientName).slice(0, MAX_NAME) }
      uses.note(credentialId, { at, from: addressGroup(address), ...client })
    },
    close: uses.close,
  }
}

/** Undefined where there is nothing to write: the key is gone, or another process has just noted a use. */
const withUse = (kept: Kept | undefined, use: LastUse): Kept | undefined =>
  kept === undefined || (kept.lastUsed !== undefined && use.at - kept.lastUsed.at < USED_EVERY_MS) ? undefined : { ...kept, lastUsed: use }
