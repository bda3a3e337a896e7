/** The audit trail in SQLite: appended by the writer, read here. A reader never waits for a writer (WAL). @module */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DatabaseSync } from 'node:sqlite'
import { limitOf } from '../audit-query.ts'
import type { AuditQuery, AuditStore, ChainedRecord } from '../audit-store.ts'
import { createChainCheck, type Link } from '../chain.ts'
import { createAuditWriter, isSealed, type SealedHead, type Sign } from './audit-writer.ts'
import type { Flusher } from './flush.ts'

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

export function createSqliteAudit(db: DatabaseSync, flusher: Flusher, sign: Sign | undefined): AuditStore {
  const writer = createAuditWriter(db, sign)
  const byId = db.prepare('SELECT sequence, hash, body FROM audit WHERE id = ?')
  const page = db.prepare(
    'SELECT sequence, hash, body AS text FROM audit WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT 1000',
  )
  const extent = db.prepare('SELECT count(*) AS records, coalesce(max(sequence), 0) AS last FROM audit')
  const readHead = db.prepare('SELECT sequence, hash, seal FROM head')

  const chained = ({ sequence, hash, body }: Row): ChainedRecord => ({ sequence, record: JSON.parse(body), hash })
  return {
    async append(records) {
      writer.append(records.map((record) => JSON.stringify(record)))
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
    async verify(progress) {
      // One moment for both: what is appended while this walks is for the next time.
      db.exec('BEGIN')
      const { records, last } = extent.get() as { records: number; last: number }
      const head = readHead.get() as unknown as SealedHead | undefined
      db.exec('COMMIT')

      const check = createChainCheck(records)
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
        if (links.length === 0) return check.end(head, isSealed(head, sign))
        await nextTurn()
      }
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
  if (query.since !== undefined) add('at >= ?', query.since)
  if (query.until !== undefined) add('at < ?', query.until)
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
