/**
 * The one record in which the keys of payload encryption are, each sealed by the vault at its place: a change is one step, and whoever is
 * first has changed it for all.
 *
 * Fails closed: keys that cannot be opened are an error, and none are made in their place.
 *
 * @module
 */

import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Clock } from '../../core/index.ts'
import { MAX_SUCCESSIONS, type OkpJwk, publicJwkOf, type Statement, stateSuccession, thumbprintOf } from '../../payload/index.ts'
import { changeRecord, type Store } from '../../storage/index.ts'
import type { Place, Vault } from '../../vault/index.ts'
import { inTime, isDue, type KeyTimes } from './key-times.ts'

export interface PayloadKey extends KeyTimes {
  readonly kid: string
  readonly jwk: OkpJwk
  readonly privateKey: KeyObject
}

export interface PayloadKeySet {
  readonly identity: PayloadKey
  /** Oldest first: how clients come from an earlier identity to this one. */
  readonly succession: readonly Statement[]
  /** Oldest first; the last is sealed to. */
  readonly keys: readonly PayloadKey[]
}

export interface KeptKey extends KeyTimes {
  readonly kid: string
  readonly sealed: string
}
export interface Kept {
  readonly identity: KeptKey
  readonly succession: readonly Statement[]
  readonly keys: readonly KeptKey[]
}

export interface KeyRecord {
  /** Undefined: there are none yet. */
  read(): Promise<{ readonly version: number; readonly value: Kept } | undefined>
  open(kept: Kept): Promise<PayloadKeySet>
  /** The first ones, where there are none. */
  begin(): Promise<void>
  /** Another key to seal to where it is time for one; those whose time is over are gone. */
  renew(): Promise<void>
  /** Another identity in the place of this one, which signs for it, and another key. False: somebody else was faster. */
  succeed(identity: PayloadKey): Promise<boolean>
}

const KIND = 'secret'
const ID = 'payload-keys'
const placeOf = (kid: string): Place => ({ kind: KIND, id: ID, field: kid })

export interface KeyRecordParts {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
}

export function createKeyRecord({ store, vault, clock }: KeyRecordParts): KeyRecord {
  const records = store.records<Kept>(KIND)

  async function unseal({ kid, sealed, createdAt }: KeptKey): Promise<PayloadKey> {
    const opened = await vault.open(sealed, placeOf(kid))
    if (!opened) throw new Error('the keys of payload encryption were sealed with a key that is not there')
    const privateKey = createPrivateKey({ key: JSON.parse(opened.toString()), format: 'jwk' })
    return { kid, jwk: publicJwkOf(privateKey), privateKey, createdAt }
  }
  async function make(type: 'ed25519' | 'x25519'): Promise<{ readonly kept: KeptKey; readonly jwk: OkpJwk }> {
    const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
    const jwk = publicJwkOf(privateKey)
    const kid = thumbprintOf(jwk)
    const sealed = await vault.seal(JSON.stringify(privateKey.export({ format: 'jwk' })), placeOf(kid))
    return { kept: { kid, sealed, createdAt: clock() }, jwk }
  }
  const change = (next: (kept: Kept | undefined) => Kept | undefined): Promise<Kept | undefined> =>
    changeRecord(records, ID, next, () => ({}))

  return {
    read: () => records.get(ID),
    async open({ identity, succession, keys }) {
      return { identity: await unseal(identity), succession, keys: await Promise.all(keys.map(unseal)) }
    },
    async begin() {
      const [identity, key] = [await make('ed25519'), await make('x25519')]
      await change((kept) => (kept ? undefined : { identity: identity.kept, succession: [], keys: [key.kept] }))
    },
    async renew() {
      const next = await make('x25519')
      await change((kept) => {
        if (!kept) return undefined
        const now = clock()
        const keys = inTime(kept.keys, now)
        if (isDue(keys, now)) return { ...kept, keys: [...keys, next.kept] }
        return keys.length === kept.keys.length ? undefined : { ...kept, keys }
      })
    },
    async succeed(before) {
      const [identity, key] = [await make('ed25519'), await make('x25519')]
      const statement = stateSuccession(identity.jwk, Math.floor(clock() / 1000), before.privateKey)
      const changed = await change((kept) => {
        if (kept?.identity.kid !== before.kid) return undefined
        const succession = [...kept.succession, statement].slice(-MAX_SUCCESSIONS)
        return { identity: identity.kept, succession, keys: [...inTime(kept.keys, clock()), key.kept] }
      })
      return changed !== undefined
    },
  }
}
