/** Reads and writes the text form of master keys: one a line, newest first, `#` for comments. @module */

import { createHash, randomBytes } from 'node:crypto'

export interface MasterKey {
  /** Derived from the key, says nothing of it: names in a sealed value which key opens it. */
  readonly id: string
  readonly bytes: Buffer
}

const KEY_BYTES = 32
// Base64 with or without padding, in either alphabet, of exactly 32 bytes; or hex.
const base64 = /^[\w+/-]{43}=?$/
const hex = /^[0-9a-f]{64}$/i

/** Undefined where any of it is not a key: what is there is never guessed at, and never shown. */
export function parseKeys(text: string): readonly MasterKey[] | undefined {
  const words = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => line.split(/[\s,]+/).filter(Boolean))
  const keys = words.map(parseKey)
  if (keys.length === 0 || keys.includes(undefined)) return undefined
  return keys as MasterKey[]
}

function parseKey(word: string): MasterKey | undefined {
  const bytes = hex.test(word) ? Buffer.from(word, 'hex') : base64.test(word) ? Buffer.from(word, 'base64') : undefined
  return bytes?.length === KEY_BYTES ? toMasterKey(bytes) : undefined
}

export function createMasterKey(): MasterKey {
  return toMasterKey(randomBytes(KEY_BYTES))
}

export const formatKey = ({ bytes }: MasterKey): string => bytes.toString('base64url')

// The master key has full entropy, so that a hash of it gives nothing away; the label keeps it apart from any other use.
export const toMasterKey = (bytes: Buffer): MasterKey => ({
  id: createHash('sha256').update('sallyport key id\n').update(bytes).digest('base64url').slice(0, 8),
  bytes,
})
