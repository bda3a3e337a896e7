/** Ids that nobody can guess and everybody can read out. @module */

import { randomFillSync } from 'node:crypto'

// Crockford's base32: no i, l, o, u, so that an id survives being read aloud.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const pool = Buffer.alloc(4096)
let used = pool.length

/** `prefix` and `length` characters of 5 random bits each, from a pool: one id costs no system call. */
export function createId(prefix: string, length = 12): string {
  if (used + length > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  let id = prefix
  for (const end = used + length; used < end; used++) id += alphabet[(pool[used] as number) & 31]
  return id
}
