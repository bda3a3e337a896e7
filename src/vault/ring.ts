/**
 * Seals, opens and computes MACs with keys derived from the master keys (HKDF-SHA256, RFC 5869), one for each use.
 *
 * Sealed: `v1.<key id>.<nonce, ciphertext and tag in base64url>`. AES-256-GCM with a random 96-bit nonce; the version, the
 * key's id and the place are associated data. Opening fails closed: undefined, whatever was wrong.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import type { KeyRing } from './key-ring.ts'
import type { MasterKey } from './keys.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Purposes are named by our code and are few; the bound is for the day that this is not true. */
const MAX_DERIVED = 1_000

/**
 * @param keys newest first. The first seals, all open. MACs are made with the last, the oldest: they are compared with
 * stored ones, which cannot be made anew without what they were made from.
 */
export function createRing(keys: readonly [MasterKey, ...MasterKey[]]): KeyRing {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const newest = keys[0]
  const oldest = keys[keys.length - 1] as MasterKey
  // As `KeyObject`s: to make one of the bytes for each value costs five times what the value itself does.
  const derived = new Map<string, KeyObject>()

  function derive(key: MasterKey, purpose: string): KeyObject {
    const name = `${key.id} ${purpose}`
    let found = derived.get(name)
    if (found === undefined) {
      found = createSecretKey(new Uint8Array(hkdfSync('sha256', key.bytes, 'sallyport', purpose, 32)))
      if (derived.size >= MAX_DERIVED) derived.clear()
      derived.set(name, found)
    }
    return found
  }
  // A key for each first part of a place: random nonces are safe for 2^32 values under one key (NIST SP 800-38D §8.3).
  const sealingKey = (key: MasterKey, place: string): KeyObject => derive(key, `seal ${place.split('/', 1)[0]}`)
  const associated = (key: MasterKey, place: string): Buffer => Buffer.from(`v1 ${key.id} ${place}`)

  return {
    seal(plaintext, place) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealingKey(newest, place), nonce)
      cipher.setAAD(associated(newest, place))
      const parts = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]
      return `v1.${newest.id}.${Buffer.concat(parts).toString('base64url')}`
    },
    open(sealed, place) {
      const [version, id, text, ...rest] = sealed.split('.')
      const key = id === undefined ? undefined : byId.get(id)
      if (version !== 'v1' || key === undefined || text === undefined || rest.length > 0) return undefined
      const bytes = Buffer.from(text, 'base64url')
      // One value, one spelling: base64 readers skip what they do not know.
      if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined
      const decipher = createDecipheriv('aes-256-gcm', sealingKey(key, place), bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(associated(key, place))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
      try {
        return Buffer.concat([opened, decipher.final()])
      } catch {
        return undefined
      }
    },
    mac(purpose, data) {
      return createHmac('sha256', derive(oldest, `mac ${purpose}`))
        .update(data)
        .digest()
    },
  }
}
