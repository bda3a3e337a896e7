/** What a data key is in the store, and what it is called. @module */

import type { Records } from '../storage/index.ts'
import type { Wrapped } from './key-wrapper.ts'

export interface DataKeyRecord extends Wrapped {
  /** As a `Place` names it. */
  readonly kind: string
  readonly createdAt: number
  /** Of the root: which keys seal now. Older ones only open. */
  readonly generation?: number
  /** Of the root, while `keys rotate` is under way: the same, wrapped with the next master key. */
  readonly also?: Wrapped
}

export type DataKeyRecords = Records<DataKeyRecord>

/** The one that MACs and everything that travels are made with, and what the others are found by. */
export const ROOT_ID = 'ring'

/** A kind has no `:`, and neither has a MAC in base64url. */
export const idOf = (kind: string, generation: number, subjectMac: string | undefined): string =>
  subjectMac === undefined ? `${kind}:${generation}` : `${kind}:${generation}:${subjectMac}`

/** All of one kind, whatever their generation. */
export const isOfKind = (id: string, kind: string): boolean => id.startsWith(`${kind}:`)
