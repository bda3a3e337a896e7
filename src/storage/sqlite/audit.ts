/**
 * The audit trail in SQLite. A few records now and then are written at once; from the first large batch on, which only a
 * busy server has, a thread writes them. Either way an append settles when the records are on disk. Read here: a reader
 * never waits for a writer (WAL).
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../core/index.ts'
import { limitOf } from '../audit-query.ts'
import { type AuditQuery, type AuditStore, type ChainedRecord, type ChainState, textOf } from '../audit-store.ts'
import { createChainCheck, type Link } from '../chain.ts'
import { createAuditAnchor, DROP_BATCH, problemWithAnchor } from './audit-anchor.ts'
import { createAuditThread } from './audit-thread.ts'
import { createAuditWriter, isSealed, type SealedHead } from './audit-writer.ts'
import type { Flusher } from './flush.ts'
import type { Scrub } from './scrub.ts'

const columns = {
  subject: 'subject',
  clientId: 'client_id',
  action: 'action',
  target: 'target',
  hostToolUseId: 'host_tool_use_id',
} as const

interface Row {
  readonly sequence: number
  readonly hash: string
  readonly body: string
}

/** Starting the thread takes some 30 ms and 10 MB; writing so few takes less than a millisecond. */
const LARGE_BATCH = 50

export interface SqliteAuditOptions {
  readonly file: string
  readonly db: DatabaseSync
  readonly flusher: Flusher
  readonly scrub: Scrub
  readonly clock: Clock
  /** Seals the head of the chain, and its beginning. */
  readonly sealKey: Uint8Array | undefined
}

export interface SqliteAudit extends AuditStore {
  close(): Promise<void>
}

export function createSqliteAudit({ file, db, flusher, scrub, clock, sealKey }: SqliteAuditOptions): SqliteAudit {
  let closed = false
  /** Something was dropped, and is still in the log: somebody read it then. */
  let isLeft = false
  const anchors = createAuditAnchor(db, sealKey)
  const writer = createAuditWriter(db, sealKey)
  const thread = createAuditThread({ file, sealKey })
  const byId = db.prepare('SELECT sequence, hash, body FROM audit WHERE id = ?')
  const page = db.prepare(
    'SELECT sequence, hash, body AS text FROM audit WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT 1000',
  )
  const extent = db.prepare('SELECT count(*) AS records, coalesce(max(sequence), 0) AS last FROM audit')
  const readHead = db.prepare('SELECT sequence, hash, seal FROM head')

  async function walk(progress: Parameters<AuditStore['verify']>[0]): Promise<ChainState> {
    // One moment for all three: what is appended while this walks is for the next time.
    db.exec('BEGIN')
    const { records, last } = extent.get() as { records: number; last: number }
    const head = readHead.get() as unknown as SealedHead | undefined
    const anchor = anchors.read()
    db.exec('COMMIT')

    const problem = problemWithAnchor(anchor, sealKey)
    if (problem !== null) return { intact: false, records, brokenAt: anchor?.sequence ?? 1, problem }
    const check = createChainCheck(records, anchor)
    let after = 0
    for (let checked = 0; ; ) {
      const links = page.all(after, last) as unknown as Link[]
      for (const next of links) {
        const broken = check.step(next)
        if (broken !== undefined) return broken
        after = next.sequence
      }
      checked += links.length
      progress?.(checked, records)
      if (links.length === 0) return check.end(head, isSealed(head, sealKey))
      await nextTurn()
    }
  }
  const chained = ({ sequence, hash, body }: Row): ChainedRecord => ({ sequence, record: JSON.parse(body), hash })
  return {
    async append(records) {
      const texts = records.map(textOf)
      if (thread.started || texts.length >= LARGE_BATCH) return thread.append(texts)
      writer.append(texts)
      await flusher.flush()
    },
    async get(id) {
      const row = byId.get(id)
      return row && chained(row as unknown as Row)
    },
    async search(query) {
      const { where, values } = toWhere(query)
      const rows = db
        .prepare(`SELECT sequence, hash, body FROM audit${where} ORDER BY sequence DESC LIMIT ?`)
        .all(...values, limitOf(query))
      return (rows as unknown as Row[]).map(chained)
    },
    async drop(before) {
      for (let dropped = 0; ; ) {
        const gone = closed ? 0 : anchors.dropBatch(before, clock())
        dropped += gone
        isLeft ||= gone > 0
        if (gone === DROP_BATCH) await nextTurn()
        else {
          if (isLeft && !closed) isLeft = !scrub.now()
          return dropped
        }
      }
    },
    async verify(progress) {
      for (;;) {
        const from = anchors.read()?.sequence
        const state = await walk(progress)
        // Records that retention drops while this walks are missing then, and nothing is wrong.
        if (state.intact || anchors.read()?.sequence === from) return state
      }
    },
    async close() {
      closed = true
      await thread.close()
    },
  }
}

function toWhere(query: AuditQuery): { where: string; values: (string | number)[] } {
  const terms: string[] = []
  const values: (string | number)[] = []
  const add = (term: string, ...given: readonly (string | number)[]): void => {
    terms.push(term)
    values.push(...given)
  }
  // Sequence follows time but for a few records: what is left of the trail is found in the index of time alone, and read
  // in the order of the trail.
  if (query.since !== undefined)
    add('sequence >= (SELECT min(sequence) FROM audit INDEXED BY audit_by_time WHERE at >= ?) AND at >= ?', query.since, query.since)
  if (query.until !== undefined)
    add('sequence <= (SELECT max(sequence) FROM audit INDEXED BY audit_by_time WHERE at < ?) AND at < ?', query.until, query.until)
  if (query.before !== undefined) add('sequence < ?', query.before)
  if (query.decision !== undefined) {
    // Said twice, so that the index of what was not allowed can be used.
    if (!query.decision.includes('allow')) add("decision <> 'allow'")
    add(`decision IN (${query.decision.map(() => '?').join(', ')})`, ...query.decision)
  }
  for (const [field, column] of Object.entries(columns)) {
    const value = query[field as keyof typeof columns]
    if (value !== undefined) add(`${column} = ?`, value)
  }
  return { where: terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`, values }
}
