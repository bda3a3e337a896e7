/** The seam for what is kept: a set of small stores over one connection. @module */

import type { AuditStore } from './audit-store.ts'
import type { Records } from './records.ts'

/** Every kind of record there is. `docs/storage-schema.md` documents each. */
export type RecordKind =
  | 'browser_session'
  | 'passkey'
  | 'second_factor'
  | 'connection'
  | 'connection_attempt'
  | 'upstream_client'
  | 'named_secret'
  | 'account'
  | 'identity'
  | 'provider_crossing'
  | 'api_key'
  | 'client'
  | 'client_document'
  | 'grant'
  | 'oauth_artifact'
  | 'one_time_link'
  | 'secret'
  | 'ended_session'
  | 'session_setting'
  | 'task'
  | 'kept_resource'
  | 'stored_result'
  | 'statistic'
  | 'inventory'
  | 'stored_part'
  | 'personal_token'
  | 'data_key'
  | 'audit_arguments'
  | 'forgetting'

/** A record as it lies there, whatever it is. */
export interface StoredRow {
  readonly kind: RecordKind
  readonly id: string
  readonly group: string | undefined
  readonly expiresAt: number | undefined
  /** Of its value as JSON. */
  readonly bytes: number
  /** Undefined where it is larger than 64 KiB: what is that large is found by its group, or by what it belongs to. */
  readonly value: unknown
}

export const MAX_SCANNED_BYTES = 65_536

export interface Store {
  records<T>(kind: RecordKind): Records<T>
  readonly audit: AuditStore
  /** Tells when another process has changed something (the CLI beside a running server). Answers how to stop listening. */
  onForeignChange(listener: () => void): () => void
  /** Everything but data keys, also what has expired and was not swept yet. */
  scan(): AsyncGenerator<StoredRow>
  /**
   * Makes data keys that were removed or replaced unreadable in the files too, where there are files. Resolves once that is so.
   *
   * @throws where others read or write for so long that it cannot be done.
   */
  scrub(): Promise<void>
  /** The same of all that was removed. False: a file is too large to be written anew, and fragments may be left in it. */
  erase(): Promise<boolean>
  /** Removes what has expired, in small batches; answers how many. */
  sweep(): Promise<number>
  close(): Promise<void>
}
