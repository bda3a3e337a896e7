/**
 * One value under one key: AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D), as `nonce, ciphertext and tag` in base64url. What
 * the value is bound to is associated data. Opening fails closed: undefined, whatever was wrong.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

export function encrypt(plaintext: string | Uint8Array, key: KeyObject, associated: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated)
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

export function decrypt(text: string, key: KeyObject, associated: Buffer): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // One value, one spelling: base64 readers skip what they do not know.
  if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(associated)
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
  try {
    return Buffer.concat([opened, decipher.final()])
  } catch {
    return undefined
  }
}
