/**
 * Drops the oldest audit records: a batch in one transaction, and with it the anchor that the chain then begins at.
 *
 * Each batch is checked against the chain before it goes. What is wrong with it is no reason to keep what should be gone, nor to
 * forget it: the first problem stays in the anchor, under its seal, and `verify` names it for ever.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { type Anchor, createChainCheck, type Link, sealOfAnchor } from '../chain.ts'

export interface KeptAnchor extends Anchor {
  readonly seal: string | null
}

export interface AuditAnchor {
  read(): KeptAnchor | undefined
  /** The next batch of what is older than `before`; answers how many that were. */
  dropBatch(before: number, now: number): number
}

/** Some milliseconds: nobody who writes waits for longer. */
export const DROP_BATCH = 500

const FORGED = 'the beginning of the trail is not sealed with this key: records were removed, or the key exchanged'

export function createAuditAnchor(db: DatabaseSync, sealKey: Uint8Array | undefined): AuditAnchor {
  const readAnchor = db.prepare('SELECT sequence, hash, at, problem, seal FROM anchor')
  // In the order of the trail, not of time: what was stored late holds up those after it, which are hardly younger.
  const readOldest = db.prepare(
    `SELECT sequence, hash, body AS text, at FROM audit
     WHERE sequence < (SELECT max(sequence) FROM audit) ORDER BY sequence LIMIT ${DROP_BATCH}`,
  )
  const remove = db.prepare('DELETE FROM audit WHERE sequence <= ?')
  const write = db.prepare('INSERT OR REPLACE INTO anchor (only_one, sequence, hash, at, problem, seal) VALUES (1, ?, ?, ?, ?, ?)')
  const read = (): KeptAnchor | undefined => readAnchor.get() as unknown as KeptAnchor | undefined

  return {
    read,
    dropBatch(before, now) {
      db.exec('BEGIN IMMEDIATE')
      try {
        const oldest = readOldest.all() as unknown as (Link & { readonly at: number })[]
        const stays = oldest.findIndex(({ at }) => at >= before)
        const going = stays === -1 ? oldest : oldest.slice(0, stays)
        const last = going.at(-1)
        if (last !== undefined) {
          const found = read()
          const problem = problemWithAnchor(found, sealKey) ?? problemIn(going, found)
          const anchor: Anchor = { sequence: last.sequence, hash: last.hash, at: now, problem }
          remove.run(anchor.sequence)
          write.run(anchor.sequence, anchor.hash, now, problem, sealKey === undefined ? null : sealOfAnchor(anchor, sealKey))
        }
        db.exec('COMMIT')
        return going.length
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    },
  }
}

/** Without a key nothing can be said about the seal. */
export function problemWithAnchor(anchor: KeptAnchor | undefined, sealKey: Uint8Array | undefined): string | null {
  if (anchor === undefined) return null
  return sealKey !== undefined && anchor.seal !== sealOfAnchor(anchor, sealKey) ? FORGED : anchor.problem
}

function problemIn(links: readonly Link[], anchor: Anchor | undefined): string | null {
  const check = createChainCheck(links.length, anchor)
  for (const next of links) {
    const broken = check.step(next)
    if (broken !== undefined && !broken.intact) return `${broken.problem}; it was dropped since`
  }
  return null
}
