/**
 * Seals, opens and computes MACs with keys derived from the master keys (HKDF-SHA256, RFC 5869), one for each use.
 *
 * Sealed: `v1.<key id>.<nonce, ciphertext and tag in base64url>`. The version, the key's id and the place are
 * associated data. Opening fails closed: undefined, whatever was wrong.
 *
 * @module
 */

import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { decrypt, encrypt } from './aead.ts'
import type { KeyRing } from './key-ring.ts'
import type { MasterKey } from './keys.ts'

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
      return `v1.${newest.id}.${encrypt(plaintext, sealingKey(newest, place), associated(newest, place))}`
    },
    open(sealed, place) {
      const [version, id, text, ...rest] = sealed.split('.')
      const key = id === undefined ? undefined : byId.get(id)
      if (version !== 'v1' || key === undefined || text === undefined || rest.length > 0) return undefined
      return decrypt(text, sealingKey(key, place), associated(key, place))
    },
    mac(purpose, data) {
      return createHmac('sha256', derive(oldest, `mac ${purpose}`))
        .update(data)
        .digest()
    },
  }
}
