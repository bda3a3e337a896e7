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
  | 'stored_part'
  | 'data_key'
  | 'audit_arguments'
  | 'forgetting'

export interface Store {
  records<T>(kind: RecordKind): Records<T>
  readonly audit: AuditStore
  /** Tells when another process has changed something (the CLI beside a running server). Answers how to stop listening. */
  onForeignChange(listener: () => void): () => void
  /**
   * Makes data keys that were removed or replaced unreadable in the files too, where there are files. Resolves once that is so.
   *
   * @throws where others read for so long that it cannot be done.
   */
  scrub(): Promise<void>
  /** Removes what has expired, in small batches; answers how many. */
  sweep(): Promise<number>
  close(): Promise<void>
}
