/**
 * The hash chain that makes the audit trail tamper-evident: each record's hash covers the hash before it, and the
 * head (how many, and the last hash) is kept apart and sealed, so that a cut at the end shows too. Where retention has dropped
 * the oldest records, an anchor (the last of those) stands in their place, sealed as well: the chain begins there.
 *
 * Anybody can recompute it: SHA-256, in hex, of the previous hash, a newline and the record's JSON text. What it does
 * not show: the whole trail and its head put back to an earlier state (only an anchor elsewhere could).
 *
 * @module
 */

import { createHmac, hash } from 'node:crypto'
import type { ChainState } from './audit-store.ts'

/** What the first record is chained to. */
export const GENESIS: string = '0'.repeat(64)

export const link = (previous: string, text: string): string => hash('sha256', `${previous}\n${text}`)

export interface Head {
  readonly sequence: number
  readonly hash: string
}

/** What only who has the key can put beside a head. */
export const sealOf = ({ sequence, hash }: Head, key: Uint8Array): string =>
  createHmac('sha256', key).update(`${sequence} ${hash}`).digest('base64url')

export interface Link extends Head {
  readonly text: string
}

/** The last record that was dropped. */
export interface Anchor extends Head {
  /** When it was. Milliseconds since the epoch. */
  readonly at: number
  /** The first thing that was wrong with what was dropped, so that dropping hides nothing. */
  readonly problem: string | null
}

/** Another text than a head's can be, so that neither passes for the other. */
export const sealOfAnchor = ({ sequence, hash, at, problem }: Anchor, key: Uint8Array): string =>
  createHmac('sha256', key)
    .update(`anchor ${JSON.stringify([sequence, hash, at, problem])}`)
    .digest('base64url')

type Broken = Extract<ChainState, { intact: false }>

export interface ChainCheck {
  /** Takes the next record in order of sequence; answers the first thing that is wrong with it. */
  step(next: Link): Broken | undefined
  /** After the last one. `sealed`: whether the head carries the seal it should. */
  end(head: Head | undefined, sealed: boolean): ChainState
}

/** @param anchor what comes before the first record that is stepped through, where older ones were dropped. */
export function createChainCheck(records: number, anchor?: Anchor): ChainCheck {
  const dropped = anchor && { dropped: { through: anchor.sequence, at: anchor.at } }
  let last: Head = anchor ?? { sequence: 0, hash: GENESIS }
  const broken = (brokenAt: number, problem: string): Broken => ({ intact: false, records, brokenAt, problem })
  return {
    step(next) {
      const expected = last.sequence + 1
      if (next.sequence !== expected)
        return broken(expected, `record ${expected} is missing, or the trail was broken before ${next.sequence} was written`)
      if (next.hash !== link(last.hash, next.text)) return broken(expected, `record ${expected} is not what was written, or not where`)
      last = next
      return undefined
    },
    end(head, sealed) {
      const count = last.sequence
      if (anchor !== undefined && last === anchor)
        return broken(count + 1, `every record after ${count} is missing: the newest is never dropped`)
      if (head === undefined)
        return count === 0 ? { intact: true, records, head: GENESIS } : broken(count, 'the head of the chain is missing')
      if (head.sequence > count) return broken(count + 1, `records ${count + 1} to ${head.sequence} are missing from the end`)
      if (head.sequence < count) return broken(head.sequence + 1, `records ${head.sequence + 1} to ${count} are not part of the trail`)
      if (head.hash !== last.hash) return broken(count, 'the last record is not the one that the head names')
      if (!sealed) return broken(count, 'the head is not sealed with this key: the trail was rewritten, or the key exchanged')
      return { intact: true, records, head: head.hash, ...dropped }
    },
  }
}
