/**
 * The keys of payload encryption: the server's identity (Ed25519), which signs, and the keys that values are sealed to (X25519). All in one
 * record, each sealed by the vault at its place, so that a change is one step and several processes agree.
 *
 * A key is sealed to for a month and opens for a day longer; then it is destroyed, and what was sealed to it opens for nobody.
 * Fails closed: where the record cannot be read or opened, nothing is opened and nothing signed.
 *
 * @module
 */

import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Clock, type Log, problemOf } from '../../core/index.ts'
import { MAX_SUCCESSIONS, type OkpJwk, publicJwkOf, type Statement, stateSuccession, thumbprintOf } from '../../payload/index.ts'
import { type Bus, changeRecord, type Store } from '../../storage/index.ts'
import type { Vault } from '../../vault/index.ts'
import { inTime, isDue, type KeyTimes, opensUntil } from './key-times.ts'

export interface PayloadKey extends KeyTimes {
  readonly kid: string
  readonly jwk: OkpJwk
  readonly privateKey: KeyObject
}

/** The same object for as long as nothing has changed. */
export interface PayloadKeySet {
  readonly identity: PayloadKey
  /** Oldest first: how clients come from an earlier identity to this one. */
  readonly succession: readonly Statement[]
  /** Oldest first; the last is sealed to. */
  readonly keys: readonly PayloadKey[]
}

/** Fit for a terminal. Times are milliseconds since the epoch. */
export interface PayloadKeyInfo extends KeyTimes {
  readonly kid: string
  readonly use: 'identity' | 'seals' | 'opens'
  readonly opensUntil?: number | undefined
}

export interface PayloadKeys {
  /** Made where there are none. At once, where they are known. */
  current(): PayloadKeySet | Promise<PayloadKeySet>
  /** What a value was sealed to; undefined: none of ours, or no longer. */
  find(kid: string): PayloadKey | undefined | Promise<PayloadKey | undefined>
  list(): Promise<readonly PayloadKeyInfo[]>
  /** Another identity, which the one before signs for, and another key to seal to. */
  rotate(): Promise<PayloadKeyInfo>
  /** Told when what is published has changed, here or in another process. Answers how to stop. */
  onChange(listener: () => void): () => void
}

interface KeptKey extends KeyTimes {
  readonly kid: string
  readonly sealed: string
}
interface Kept {
  readonly identity: KeptKey
  readonly succession: readonly Statement[]
  readonly keys: readonly KeptKey[]
}

const KIND = 'secret'
const ID = 'payload-keys'
/** The bus tells of changes; this is for a store that does not hear of other processes. */
const LOOK_AGAIN_MS = 60_000
/** A kid that we do not know may be newer than what we know. Anybody can make one up. */
const LOOK_FOR_UNKNOWN_MS = 1000

export interface PayloadKeysParts {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  readonly bus?: Bus | undefined
  readonly log?: Log | undefined
}

export function createPayloadKeys({ store, vault, clock, bus, log }: PayloadKeysParts): PayloadKeys {
  const records = store.records<Kept>(KIND)
  const listeners = new Set<() => void>()
  let known: { readonly version: number; readonly set: PayloadKeySet } | undefined
  let knownAt = Number.NEGATIVE_INFINITY
  let loading: Promise<PayloadKeySet> | undefined
  let replacing = false
  bus?.subscribe('credentials', () => {
    knownAt = Number.NEGATIVE_INFINITY
    // What lists tell of them is out of date from here on, and no request may come that asks.
    if (known && listeners.size > 0)
      setImmediate(
        () =>
          void Promise.resolve(within(LOOK_AGAIN_MS)).catch((error: unknown) =>
            log?.('warn', 'the keys of payload encryption could not be read', { problem: problemOf(error) }),
          ),
      )
  })

  const placeOf = (kid: string) => ({ kind: KIND, id: ID, field: kid })

  async function unseal({ kid, sealed, createdAt }: KeptKey): Promise<PayloadKey> {
    const opened = await vault.open(sealed, placeOf(kid))
    if (!opened) throw new Error('the keys of payload encryption were sealed with a key that is not there')
    const privateKey = createPrivateKey({ key: JSON.parse(opened.toString()), format: 'jwk' })
    return { kid, jwk: publicJwkOf(privateKey), privateKey, createdAt }
  }
  async function make(type: 'ed25519' | 'x25519'): Promise<{ readonly kept: KeptKey; readonly privateKey: KeyObject }> {
    const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
    const kid = thumbprintOf(publicJwkOf(privateKey))
    const sealed = await vault.seal(JSON.stringify(privateKey.export({ format: 'jwk' })), placeOf(kid))
    return { kept: { kid, sealed, createdAt: clock() }, privateKey }
  }

  /** What `next` makes of the record; undefined leaves it. Whoever is first has changed it for all. */
  async function change(next: (kept: Kept | undefined) => Kept | undefined): Promise<void> {
    const changed = await changeRecord(records, ID, next, () => ({}))
    knownAt = Number.NEGATIVE_INFINITY
    if (changed) bus?.publish('credentials', 'payload keys')
  }
  async function begin(): Promise<void> {
    const [identity, key] = [await make('ed25519'), await make('x25519')]
    await change((kept) => (kept ? undefined : { identity: identity.kept, succession: [], keys: [key.kept] }))
  }

  async function load(): Promise<PayloadKeySet> {
    const at = clock()
    let found = await records.get(ID)
    if (!found) {
      await begin()
      found = await records.get(ID)
    }
    if (!found) throw new Error('the keys of payload encryption went away')
    const before = known
    if (before?.version !== found.version) {
      const { identity, succession, keys } = found.value
      const set = { identity: await unseal(identity), succession, keys: await Promise.all(keys.map(unseal)) }
      known = { version: found.version, set }
    }
    knownAt = at
    // In its own time: whoever listens may ask for the keys.
    if (before && before !== known) for (const listener of listeners) setImmediate(listener)
    return (known as NonNullable<typeof known>).set
  }
  function within(ageMs: number): PayloadKeySet | Promise<PayloadKeySet> {
    if (known && Math.abs(clock() - knownAt) < ageMs && !loading) return known.set
    loading ??= load().finally(() => {
      loading = undefined
    })
    return loading
  }

  /** Nobody waits: the old one goes on. Where it fails, the next request tries again. */
  function keepInTime({ keys }: PayloadKeySet): PayloadKeySet {
    const now = clock()
    if (replacing || (!isDue(keys, now) && inTime(keys, now).length === keys.length)) return known?.set as PayloadKeySet
    replacing = true
    renew()
      .catch((error: unknown) => log?.('error', 'the key that values are sealed to could not be replaced', { problem: problemOf(error) }))
      .finally(() => {
        replacing = false
      })
    return known?.set as PayloadKeySet
  }
  async function renew(): Promise<void> {
    const next = await make('x25519')
    await change((kept) => {
      if (!kept) return undefined
      const now = clock()
      const keys = inTime(kept.keys, now)
      if (isDue(keys, now)) return { ...kept, keys: [...keys, next.kept] }
      return keys.length === kept.keys.length ? undefined : { ...kept, keys }
    })
    await within(0)
  }

  return {
    current() {
      const set = within(LOOK_AGAIN_MS)
      return set instanceof Promise ? set.then(keepInTime) : keepInTime(set)
    },
    find(kid) {
      const of = ({ keys }: PayloadKeySet): PayloadKey | undefined => inTime(keys, clock()).find((key) => key.kid === kid)
      const set = within(LOOK_AGAIN_MS)
      if (set instanceof Promise) return set.then(of)
      const found = of(set)
      if (found) return found
      const fresh = within(LOOK_FOR_UNKNOWN_MS)
      return fresh instanceof Promise ? fresh.then(of) : undefined
    },
    async list() {
      const kept = (await records.get(ID))?.value
      if (!kept) return []
      const { identity, keys } = kept
      return [
        toInfo(identity, 'identity'),
        ...keys.map((key) => toInfo(key, key === keys.at(-1) ? 'seals' : 'opens', opensUntil(keys, key))),
      ]
    },
    async rotate() {
      const [identity, key] = [await make('ed25519'), await make('x25519')]
      for (;;) {
        const { identity: before } = await within(0)
        // Signed before it is known whether it counts: somebody else may rotate at the same moment.
        const statement = stateSuccession(publicJwkOf(identity.privateKey), Math.floor(clock() / 1000), before.privateKey)
        let isOurs = false
        await change((kept) => {
          isOurs = kept?.identity.kid === before.kid
          if (!kept || !isOurs) return undefined
          const succession = [...kept.succession, statement].slice(-MAX_SUCCESSIONS)
          return { identity: identity.kept, succession, keys: [...inTime(kept.keys, clock()), key.kept] }
        })
        if (isOurs) break
      }
      await within(0)
      return toInfo(identity.kept, 'identity')
    },
    onChange(listener) {
      const own = (): void => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
}

const toInfo = ({ kid, createdAt }: KeptKey, use: PayloadKeyInfo['use'], until?: number): PayloadKeyInfo => ({
  kid,
  use,
  createdAt,
  opensUntil: until,
})
