/**
 * Extends the audit chain in SQLite: a batch in one transaction, the head with it.
 *
 * Where the head does not stand as it should (records cut off or added behind our back, a seal that is not ours), the
 * trail goes on, since a gateway that stops recording helps nobody, but one number is left out: that gap cannot be
 * mended, and `verify` names it for ever.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { GENESIS, type Head, link, sealOf } from '../chain.ts'

export interface SealedHead extends Head {
  readonly seal: string | null
}

export interface AuditWriter {
  /** All or none, in order. */
  append(texts: readonly string[]): void
}

export function createAuditWriter(db: DatabaseSync, sealKey: Uint8Array | undefined): AuditWriter {
  const insert = db.prepare('INSERT INTO audit (sequence, hash, body) VALUES (?, ?, ?)')
  const readHead = db.prepare('SELECT sequence, hash, seal FROM head')
  const readLast = db.prepare('SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1')
  const writeHead = db.prepare('INSERT OR REPLACE INTO head (only_one, sequence, hash, seal) VALUES (1, ?, ?, ?)')
  /** The head as we left it: while it is that one, nobody else has been here. */
  let own: SealedHead | undefined

  function start(): Head {
    const head = readHead.get() as unknown as SealedHead | undefined
    if (own !== undefined && head?.sequence === own.sequence && head.hash === own.hash && head.seal === own.seal) return head
    const last = readLast.get() as unknown as Head | undefined
    if (head === undefined && last === undefined && own === undefined) return { sequence: 0, hash: GENESIS }
    if (head !== undefined && last?.sequence === head.sequence && last.hash === head.hash && isSealed(head, sealKey)) return head
    const reached = Math.max(head?.sequence ?? 0, last?.sequence ?? 0, own?.sequence ?? 0)
    return { sequence: reached + 1, hash: last?.hash ?? GENESIS }
  }
  return {
    append(texts) {
      if (texts.length === 0) return
      db.exec('BEGIN IMMEDIATE')
      try {
        let { sequence, hash } = start()
        for (const text of texts) {
          hash = link(hash, text)
          insert.run(++sequence, hash, text)
        }
        const seal = sealKey === undefined ? null : sealOf({ sequence, hash }, sealKey)
        writeHead.run(sequence, hash, seal)
        db.exec('COMMIT')
        own = { sequence, hash, seal }
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    },
  }
}

/** Without a key nothing can be said about the seal. */
export const isSealed = (head: SealedHead | undefined, sealKey: Uint8Array | undefined): boolean =>
  head === undefined || sealKey === undefined || head.seal === sealOf(head, sealKey)
