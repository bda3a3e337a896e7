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

let timed = { at: Number.NaN, text: '' }

/**
 * `dec_`, the time in nine characters and seven random ones. Decisions made one after the other have ids that are near one
 * another, so that the index over a long audit trail grows at its end: random ids would write a whole page for each.
 */
export function createDecisionId(at: number): string {
  if (at !== timed.at) {
    let text = ''
    for (let rest = at, digit = 0; digit < 9; digit++, rest = Math.floor(rest / 32)) text = (alphabet[rest % 32] as string) + text
    timed = { at, text: `dec_${text}` }
  }
  return createId(timed.text, 7)
}
