/** A store that ends with the process: for tests, and for servers that keep nothing. Nobody else can change it. @module */

import { type Clock, systemClock } from '../../core/index.ts'
import type { Records } from '../records.ts'
import { MAX_SCANNED_BYTES, type RecordKind, type Store } from '../store.ts'
import { createMemoryAudit } from './audit.ts'
import { createMemoryRecords, hasEnded, type Row } from './records.ts'

export interface MemoryStoreOptions {
  readonly clock?: Clock
}

export function createMemoryStore({ clock = systemClock }: MemoryStoreOptions = {}): Store {
  const kinds = new Map<RecordKind, Map<string, Row>>()
  return {
    audit: createMemoryAudit(clock),
    records<T>(kind: RecordKind): Records<T> {
      const rows = kinds.get(kind) ?? new Map<string, Row>()
      kinds.set(kind, rows)
      return createMemoryRecords<T>(rows, clock)
    },
    onForeignChange() {
      return () => {}
    },
    async *scan() {
      for (const [kind, rows] of kinds) {
        if (kind === 'data_key') continue
        for (const [id, { body, bytes, group, expiresAt }] of rows)
          yield {
            kind,
            id,
            group,
            expiresAt: expiresAt ?? undefined,
            bytes,
            value: bytes > MAX_SCANNED_BYTES ? undefined : JSON.parse(body),
          }
      }
    },
    async scrub() {},
    erase: async () => true,
    async sweep() {
      const now = clock()
      let swept = 0
      for (const rows of kinds.values()) {
        for (const [id, row] of rows) {
          if (hasEnded(row, now) && rows.delete(id)) swept++
        }
      }
      return swept
    },
    async close() {
      kinds.clear()
    },
  }
}
