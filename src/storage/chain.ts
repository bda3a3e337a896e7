/**
 * The hash chain that makes the audit trail tamper-evident: each record's hash covers the hash before it, and the
 * head (how many, and the last hash) is kept apart and sealed, so that a cut at the end shows too.
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

type Broken = Extract<ChainState, { intact: false }>

export interface ChainCheck {
  /** Takes the next record in order of sequence; answers the first thing that is wrong with it. */
  step(next: Link): Broken | undefined
  /** After the last one. `sealed`: whether the head carries the seal it should. */
  end(head: Head | undefined, sealed: boolean): ChainState
}

/** @param last what comes before the first record that is stepped through, where older ones were dropped. */
export function createChainCheck(records: number, last: Head = { sequence: 0, hash: GENESIS }): ChainCheck {
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
      if (head === undefined)
        return count === 0 ? { intact: true, records, head: GENESIS } : broken(count, 'the head of the chain is missing')
      if (head.sequence > count) return broken(count + 1, `records ${count + 1} to ${head.sequence} are missing from the end`)
      if (head.sequence < count) return broken(head.sequence + 1, `records ${head.sequence + 1} to ${count} are not part of the trail`)
      if (head.hash !== last.hash) return broken(count, 'the last record is not the one that the head names')
      if (!sealed) return broken(count, 'the head is not sealed with this key: the trail was rewritten, or the key exchanged')
      return { intact: true, records, head: head.hash }
    },
  }
}
