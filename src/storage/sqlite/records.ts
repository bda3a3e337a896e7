/**
 * One kind of record in SQLite. Each verb is one statement, so that it is atomic between processes as well; a change is
 * answered once it is on disk.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../../core/index.ts'
import { firstVersion, pageOf, toBody, toExpiry } from '../record-options.ts'
import type { Query, RecordOptions, Records, Stored, Usage } from '../records.ts'
import type { Flusher } from './flush.ts'

export interface RecordStatements {
  readonly get: StatementSync
  readonly list: StatementSync
  readonly listGroup: StatementSync
  readonly usage: StatementSync
  readonly put: StatementSync
  readonly set: StatementSync
  readonly take: StatementSync
}

const LIVE = '(expires_at IS NULL OR expires_at > :now)'

/** Prepared once for all kinds. */
export function prepareRecords(db: DatabaseSync): RecordStatements {
  return {
    get: db.prepare(`SELECT id, version, body FROM records WHERE kind = :kind AND id = :id AND ${LIVE}`),
    list: db.prepare(`SELECT id, version, body FROM records WHERE kind = :kind AND id > :after AND ${LIVE} ORDER BY id LIMIT :limit`),
    listGroup: db.prepare(
      `SELECT id, version, body FROM records WHERE kind = :kind AND grp = :group AND id > :after AND ${LIVE} ORDER BY id LIMIT :limit`,
    ),
    // `octet_length` is told by a row's head: no value is read.
    usage: db.prepare(
      `SELECT count(*) AS count, coalesce(sum(octet_length(body)), 0) AS bytes FROM records WHERE kind = :kind AND grp = :group AND ${LIVE}`,
    ),
    put: db.prepare(
      `INSERT INTO records (kind, id, version, grp, expires_at, body) VALUES (:kind, :id, :version, :group, :expiresAt, :body)
       ON CONFLICT (kind, id) DO UPDATE
         SET version = excluded.version, grp = excluded.grp, expires_at = excluded.expires_at, body = excluded.body
         WHERE records.expires_at <= :now`,
    ),
    set: db.prepare(
      `UPDATE records SET version = version + 1, grp = :group, expires_at = :expiresAt, body = :body
       WHERE kind = :kind AND id = :id AND version = :version AND ${LIVE}`,
    ),
    take: db.prepare('DELETE FROM records WHERE kind = :kind AND id = :id RETURNING expires_at, body'),
  }
}

interface Row {
  readonly id: string
  readonly version: number
  readonly body: string
}

export function createSqliteRecords<T>(kind: string, statements: RecordStatements, flusher: Flusher, clock: Clock): Records<T> {
  const stored = ({ id, version, body }: Row): Stored<T> => ({ id, value: JSON.parse(body), version })
  const columns = (id: string, version: number, value: T, options: RecordOptions) => ({
    kind,
    id,
    version,
    group: options.group ?? null,
    expiresAt: toExpiry(options),
    body: toBody(value),
    now: clock(),
  })
  async function changed(statement: StatementSync, parameters: ReturnType<typeof columns>): Promise<boolean> {
    if (Number(statement.run(parameters).changes) === 0) return false
    await flusher.flush()
    return true
  }
  return {
    async get(id) {
      const row = statements.get.get({ kind, id, now: clock() })
      return row && stored(row as unknown as Row)
    },
    async list(query: Query = {}) {
      const page = { kind, after: query.after ?? '', limit: pageOf(query), now: clock() }
      const rows = query.group === undefined ? statements.list.all(page) : statements.listGroup.all({ ...page, group: query.group })
      return (rows as unknown as Row[]).map(stored)
    },
    async usage(group) {
      const { count, bytes } = statements.usage.get({ kind, group, now: clock() }) as unknown as Usage
      return { count, bytes }
    },
    async putIfAbsent(id, value, options = {}) {
      return changed(statements.put, columns(id, firstVersion(), value, options))
    },
    async compareAndSet(id, version, value, options = {}) {
      return changed(statements.set, columns(id, version, value, options))
    },
    async takeOnce(id) {
      // `all` and not `get`: it steps to the end, so that a commit that fails is seen before anybody is given the value.
      const [row] = statements.take.all({ kind, id }) as unknown as { expires_at: number | null; body: string }[]
      if (row === undefined) return undefined
      await flusher.flush()
      return row.expires_at !== null && row.expires_at <= clock() ? undefined : JSON.parse(row.body)
    },
  }
}
