/**
 * `spk_<8: id>_<32: secret><6: CRC-32>`: told apart from everything else by a scanner, and from a typing error before
 * the store is asked. The checksum is no protection, the secret is: 32 base62 characters are 190 bits.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { createId } from '../core/index.ts'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const pattern = /^(spk_([0-9A-Za-z]{8})_[0-9A-Za-z]{32})([0-9A-Za-z]{6})$/

/** For secret scanners: finds a key in any text. What it finds is one where the last six characters fit. */
export const API_KEY_PATTERN = '\\bspk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}\\b'

export function generateKey(): { id: string; key: string } {
  const id = createId('', 8)
  const body = `spk_${id}_${randomBase62(32)}`
  return { id, key: body + checksum(body) }
}

/** The id in a well-formed key. */
export function parseKey(key: string): { id: string } | undefined {
  const [, body, id, check] = pattern.exec(key) ?? []
  return body !== undefined && id !== undefined && checksum(body) === check ? { id } : undefined
}

function checksum(text: string): string {
  let rest = crc32(text)
  let out = ''
  for (let place = 0; place < 6; place++) {
    out = digits[rest % 62] + out
    rest = Math.floor(rest / 62)
  }
  return out
}

function randomBase62(length: number): string {
  let out = ''
  while (out.length < length) {
    // Bytes from 248 on are thrown away: 256 is no multiple of 62, and the first digits would come up more often.
    for (const byte of randomBytes(length)) if (byte < 248 && out.length < length) out += digits[byte % 62]
  }
  return out
}
