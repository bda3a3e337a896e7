/** Data keys that end with the process: for tests, and for servers that keep nothing. @module */

import { createKeyRingOf, createKeyText } from './create-key-ring.ts'
import type { KeyRing } from './key-ring.ts'
import type { Place, Vault } from './vault.ts'

export function createMemoryVault(): Vault {
  const keys = new Map<string, { readonly ring: KeyRing; readonly kind: string; readonly subject: string | undefined }>()
  const nameOf = ({ kind, subject }: Place): string => JSON.stringify([kind, subject ?? null])
  const textOf = ({ kind, id, field, subject }: Place): string => JSON.stringify([kind, id, field, subject ?? null])

  return {
    async seal(plaintext, place) {
      const name = nameOf(place)
      let key = keys.get(name)
      if (!key) keys.set(name, (key = { ring: createKeyRingOf(createKeyText(), 'memory'), kind: place.kind, subject: place.subject }))
      return key.ring.seal(plaintext, textOf(place))
    },
    async open(sealed, place) {
      return keys.get(nameOf(place))?.ring.open(sealed, textOf(place))
    },
    async shred({ kind, subject }) {
      let shredded = 0
      for (const [name, key] of keys) {
        if ((kind !== undefined && key.kind !== kind) || (subject !== undefined && key.subject !== subject)) continue
        keys.delete(name)
        shredded++
      }
      return shredded
    },
  }
}
