/** One kind of record in this process. Keeps JSON text, so that nobody shares an object with the store. @module */

import type { Clock } from '../../core/index.ts'
import { firstVersion, pageOf, toBody, toExpiry } from '../record-options.ts'
import type { Query, RecordOptions, Records, Stored } from '../records.ts'

export interface Row {
  readonly body: string
  readonly bytes: number
  readonly version: number
  readonly group: string | undefined
  readonly expiresAt: number | null
}

export function createMemoryRecords<T>(rows: Map<string, Row>, clock: Clock): Records<T> {
  const live = (id: string): Row | undefined => {
    const row = rows.get(id)
    return row !== undefined && !hasEnded(row, clock()) ? row : undefined
  }
  const stored = (id: string, row: Row): Stored<T> => ({ id, value: JSON.parse(row.body), version: row.version })
  function toRow(value: T, version: number, options: RecordOptions): Row {
    const body = toBody(value)
    return { body, bytes: Buffer.byteLength(body), version, group: options.group, expiresAt: toExpiry(options) }
  }
  return {
    async get(id) {
      const row = live(id)
      return row && stored(id, row)
    },
    async list(query: Query = {}) {
      const now = clock()
      const found = [...rows].filter(
        ([id, row]) => !hasEnded(row, now) && (query.group === undefined || row.group === query.group) && id > (query.after ?? ''),
      )
      return found
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, pageOf(query))
        .map(([id, row]) => stored(id, row))
    },
    async usage(group) {
      const now = clock()
      let [count, bytes] = [0, 0]
      for (const row of rows.values()) {
        if (row.group !== group || hasEnded(row, now)) continue
        count++
        bytes += row.bytes
      }
      return { count, bytes }
    },
    async putIfAbsent(id, value, options = {}) {
      const row = toRow(value, firstVersion(), options)
      if (live(id) !== undefined) return false
      rows.set(id, row)
      return true
    },
    async compareAndSet(id, version, value, options = {}) {
      const row = toRow(value, version + 1, options)
      if (live(id)?.version !== version) return false
      rows.set(id, row)
      return true
    },
    async takeOnce(id) {
      const row = live(id)
      rows.delete(id)
      return row && JSON.parse(row.body)
    },
  }
}

export const hasEnded = ({ expiresAt }: Row, now: number): boolean => expiresAt !== null && expiresAt <= now
