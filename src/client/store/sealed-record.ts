/**
 * A record as it is on disk: its name and its value, sealed with AES-256-GCM for the place that its name gives. In another record's
 * file it does not open. The file is called by a hash, so that the folder names no server.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { KeyRing } from '../../vault/index.ts'
import { MAX_NAME, MAX_VALUE_BYTES } from './token-store.ts'

export interface OpenRecord {
  readonly name: string
  readonly value: string
}

/** The name of a record's file, which is its place too. */
export const hashOf = (name: string): string => createHash('sha256').update('sallyport client record\n').update(name).digest('hex')
export const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

// A name has no end of line. `v1.KEY ID.` and base64 of nonce, text and tag.
export const MAX_SEALED_BYTES: number = 12 + Math.ceil(((MAX_NAME + 1 + MAX_VALUE_BYTES + 28) * 4) / 3)

export const sealRecord = (ring: KeyRing, { name, value }: OpenRecord): string => ring.seal(`${name}\n${value}`, placeOf(hashOf(name)))

/** Undefined for what was sealed with a key that is gone, moved here from elsewhere, or changed. */
export function openRecord(ring: KeyRing, hash: string, sealed: string): OpenRecord | undefined {
  const text = ring.open(sealed, placeOf(hash))?.toString()
  const end = text?.indexOf('\n') ?? -1
  return text === undefined || end === -1 ? undefined : { name: text.slice(0, end), value: text.slice(end + 1) }
}

// The first part has a key of its own (vault/ring.ts).
const placeOf = (hash: string): string => `client_record/${hash}`
