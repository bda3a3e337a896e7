// What is in the database, counted from outside while the server runs.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Kind → rows; artifacts by their model: `oauth_artifact:RefreshToken`. */
export type Rows = Readonly<Record<string, number>>

export function countRows(dataDir: string): { readonly rows: Rows; readonly bytes: number; readonly auditRecords: number } {
  const file = join(dataDir, 'sallyport.db')
  const kinds = `CASE kind WHEN 'oauth_artifact' THEN kind || ':' || substr(id, 1, instr(id, ':') - 1) ELSE kind END`
  const rows = query<{ kind: string; rows: number }>(file, `SELECT ${kinds} AS kind, count(*) AS rows FROM records GROUP BY 1 ORDER BY 1`)
  const auditRecords = query<{ rows: number }>(join(dataDir, 'sallyport-audit.db'), 'SELECT count(*) AS rows FROM audit')[0]?.rows ?? 0
  return { rows: Object.fromEntries(rows.map(({ kind, rows: count }) => [kind, count])), bytes: statSync(file).size, auditRecords }
}

function query<T>(file: string, sql: string): T[] {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  try {
    return db.prepare(sql).all() as T[]
  } finally {
    db.close()
  }
}
