/** The audit trail in this process: the newest records only, chained as on disk. For tests and for servers that keep nothing. @module */

import type { Clock } from '../../core/index.ts'
import { limitOf, matches } from '../audit-query.ts'
import { type AuditStore, type ChainedRecord, textOf } from '../audit-store.ts'
import { type Anchor, createChainCheck, GENESIS, type Head, type Link, link } from '../chain.ts'

/** The newest. */
const MAX_RECORDS = 100_000

export function createMemoryAudit(clock: Clock): AuditStore {
  const kept: Link[] = []
  const byId = new Map<string, Link>()
  let anchor: Anchor | undefined
  let head: Head = { sequence: 0, hash: GENESIS }

  const chained = ({ sequence, hash, text }: Link): ChainedRecord => ({ sequence, record: JSON.parse(text), hash })
  function dropOldest(): void {
    // A tenth at a time: moving the array costs as much as it is long.
    if (kept.length <= MAX_RECORDS * 1.1) return
    dropFirst(kept.length - MAX_RECORDS)
  }
  function dropFirst(count: number): void {
    for (const { sequence, hash, text } of kept.splice(0, count)) {
      byId.delete(JSON.parse(text).id)
      anchor = { sequence, hash, at: clock(), problem: null }
    }
  }
  return {
    async append(records) {
      // All texts first: all or none.
      const texts = records.map(textOf)
      for (const text of texts) {
        const next: Link = { sequence: head.sequence + 1, hash: link(head.hash, text), text }
        kept.push(next)
        byId.set(JSON.parse(text).id, next)
        head = next
      }
      dropOldest()
    },
    async get(id) {
      const found = byId.get(id)
      return found && chained(found)
    },
    async search(query) {
      const limit = limitOf(query)
      const found: ChainedRecord[] = []
      // Without gaps: the place tells the index.
      const last = query.before === undefined ? kept.length : Math.min(kept.length, query.before - 1 - (anchor?.sequence ?? 0))
      for (let index = last - 1; index >= 0 && found.length < limit; index--) {
        const next = chained(kept[index] as Link)
        if (matches(next.record, query)) found.push(next)
      }
      return found
    },
    async drop(before) {
      const stays = kept.findIndex(({ text }) => JSON.parse(text).at >= before)
      const count = stays === -1 ? Math.max(kept.length - 1, 0) : stays
      dropFirst(count)
      return count
    },
    async verify(progress) {
      const check = createChainCheck(kept.length, anchor)
      for (const next of kept) {
        const broken = check.step(next)
        if (broken !== undefined) return broken
      }
      progress?.(kept.length, kept.length)
      return check.end(head.sequence === 0 ? undefined : head, true)
    },
  }
}
