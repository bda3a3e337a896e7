/**
 * The vault over its data keys. Sealed: `v2.<data key>.<nonce, ciphertext and tag in base64url>`; the version, the data key's id
 * and the whole place are associated data. Opening fails closed: undefined, whatever was wrong with the value; it throws where a data key
 * cannot be had, since the value may be as good as ever.
 *
 * @module
 */

import { decrypt, encrypt } from './aead.ts'
import type { DataKeys } from './data-keys.ts'
import type { Place, Vault } from './vault.ts'

const VERSION = 'v2'

export function createVault(keys: DataKeys): Vault {
  return {
    async seal(plaintext, place) {
      const { id, key } = await keys.current(place.kind, place.subject)
      return `${VERSION}.${id}.${encrypt(plaintext, key, associated(id, place))}`
    },
    async open(sealed, place) {
      const [version, id, text, ...rest] = sealed.split('.')
      if (version !== VERSION || id === undefined || text === undefined || rest.length > 0) return undefined
      const key = await keys.find(id)
      return key && decrypt(text, key, associated(id, place))
    },
    shred: (what) => keys.destroy(what),
  }
}

/** JSON: no two places are written the same. */
const associated = (keyId: string, { kind, id, field, subject }: Place): Buffer =>
  Buffer.from(JSON.stringify([VERSION, keyId, kind, id, field, subject ?? null]))
