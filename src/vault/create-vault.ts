/**
 * The vault over its data keys. Sealed: `v2.<data key>.<nonce, ciphertext and tag in base64url>`; AES-256-GCM with a random 96-bit
 * nonce, with the version, the data key's id and the whole place as associated data. Opening fails closed: undefined, whatever was
 * wrong with the value; it throws where a data key cannot be had, since the value may be as good as ever.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { DataKeys } from './data-keys.ts'
import type { Place, Vault } from './vault.ts'

const VERSION = 'v2'
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function createVault(keys: DataKeys): Vault {
  return {
    async seal(plaintext, place) {
      const { id, key } = await keys.current(place.kind, place.subject)
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(associated(id, place))
      const parts = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]
      return `${VERSION}.${id}.${Buffer.concat(parts).toString('base64url')}`
    },
    async open(sealed, place) {
      const [version, id, text, ...rest] = sealed.split('.')
      if (version !== VERSION || id === undefined || text === undefined || rest.length > 0) return undefined
      const bytes = Buffer.from(text, 'base64url')
      // One value, one spelling: base64 readers skip what they do not know.
      if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined
      const key = await keys.find(id)
      if (key === undefined) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(associated(id, place))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
      try {
        return Buffer.concat([opened, decipher.final()])
      } catch {
        return undefined
      }
    },
    shred: (what) => keys.destroy(what),
  }
}

/** JSON: no two places are written the same. */
const associated = (keyId: string, { kind, id, field, subject }: Place): Buffer =>
  Buffer.from(JSON.stringify([VERSION, keyId, kind, id, field, subject ?? null]))
