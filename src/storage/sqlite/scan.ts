/** All records of all kinds, one after the other, for what is done to all that is there: reports, forgetting. @module */

import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { MAX_SCANNED_BYTES, type RecordKind, type StoredRow } from '../store.ts'

const PAGE = 500

interface Row {
  readonly kind: RecordKind
  readonly id: string
  readonly grp: string | null
  readonly expiresAt: number | null
  readonly bytes: number
  readonly body: string | null
}

/** In pages, so that nobody waits; of what changes meanwhile, it is open what is seen. */
export function createScan(db: DatabaseSync): () => AsyncGenerator<StoredRow> {
  const page = db.prepare(
    `SELECT kind, id, grp, expires_at AS expiresAt, octet_length(body) AS bytes,
       CASE WHEN octet_length(body) <= ${MAX_SCANNED_BYTES} THEN body END AS body
     FROM records WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ${PAGE}`,
  )
  return async function* scan() {
    for (let after: readonly [string, string] = ['', '']; ; await nextTurn()) {
      const rows = page.all(...after) as unknown as Row[]
      for (const { kind, id, grp, expiresAt, bytes, body } of rows)
        yield {
          kind,
          id,
          group: grp ?? undefined,
          expiresAt: expiresAt ?? undefined,
          bytes,
          value: body === null ? undefined : JSON.parse(body),
        }
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = [last.kind, last.id]
    }
  }
}
