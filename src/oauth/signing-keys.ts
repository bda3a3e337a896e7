/**
 * The keys that sign access tokens: ES256, sealed at rest, all in one record, so that a change is one step and exactly one process
 * makes it. A key is published before it signs, and verifies until what it has signed has expired (`signing-key-times.ts`).
 *
 * Fails closed: where the record cannot be read or opened, nothing is signed and nothing verified.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { type Clock, type Log, problemOf } from '../core/index.ts'
import { type Bus, changeRecord, type Store } from '../storage/index.ts'
import type { Place, Vault } from '../vault/index.ts'
import { thumbprintOf } from './jwk.ts'
import { endOf, type KeyState, neededOf, PUBLISH_AHEAD_MS, signingOf, stateOf, successorDue, type Timed } from './signing-key-times.ts'

export interface SigningKey {
  readonly kid: string
  readonly privateJwk: JsonWebKey
  /** As published in the JWKS. */
  readonly publicJwk: JsonWebKey
  readonly publicKey: KeyObject
}

/** Times are milliseconds since the epoch. */
export interface SigningKeyInfo {
  readonly kid: string
  readonly state: KeyState
  readonly createdAt: number
  readonly signsFrom: number
  /** When it leaves the JWKS; undefined while no other follows. */
  readonly endsAt?: number | undefined
}

export interface SigningKeys {
  /** The one that signs now; made where there is none. The same object for as long as it is the same key. */
  current(): Promise<SigningKey>
  /** For a token that names it; undefined for one that is none of ours, or no longer. */
  find(kid: string): Promise<SigningKey | undefined>
  /** What the JWKS has: the next one too. */
  published(): Promise<readonly SigningKey[]>
  list(): Promise<readonly SigningKeyInfo[]>
  /**
   * Publishes the next key, which signs a quarter of an hour later; one that is published already stays the next.
   * `compromised`: it signs at once, and what all others have signed is refused from here on.
   */
  rotate(options?: { readonly compromised?: boolean | undefined }): Promise<SigningKeyInfo>
}

interface KeptKey {
  readonly kid: string
  readonly sealed: string
  readonly createdAt: number
  readonly signsFrom: number
}
interface Kept {
  readonly keys: readonly KeptKey[]
}
type Loaded = SigningKey & Pick<KeptKey, 'createdAt' | 'signsFrom'>

const generate = promisify(generateKeyPair)
const ID = 'signing-keys'
const placeOf = (kid: string): Place => ({ kind: 'secret', id: ID, field: kid })
const DAY_MS = 86_400_000
/** The bus tells of changes; this is for a store that does not hear of other processes. */
const LOOK_AGAIN_MS = 60_000
/** A kid that we do not know may be newer than what we know. Anybody can make one up. */
const LOOK_FOR_UNKNOWN_MS = 1000

export interface SigningKeysParts {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  readonly bus?: Bus | undefined
  readonly log?: Log | undefined
  /** How long a key signs; 90 unless told. */
  readonly maxAgeDays?: number | undefined
}

export function createSigningKeys({ store, vault, clock, bus, log, maxAgeDays = 90 }: SigningKeysParts): SigningKeys {
  const records = store.records<Kept>('secret')
  let loaded: readonly Loaded[] = []
  let loadedAt = Number.NEGATIVE_INFINITY
  let loading: Promise<readonly Loaded[]> | undefined
  let replacing = false
  // Counts the changes, so that what was read before one is read again before anybody is answered.
  let generation = 0
  bus?.subscribe('credentials', () => {
    generation++
    loadedAt = Number.NEGATIVE_INFINITY
  })

  async function open({ kid, sealed, createdAt, signsFrom }: KeptKey): Promise<Loaded> {
    const known = loaded.find((key) => key.kid === kid && key.signsFrom === signsFrom)
    if (known !== undefined) return known
    const opened = await vault.open(sealed, placeOf(kid))
    if (opened === undefined) throw new Error('a signing key was sealed with a data key that is gone, or elsewhere')
    return { ...toSigningKey(JSON.parse(opened.toString())), createdAt, signsFrom }
  }
  async function load(): Promise<readonly Loaded[]> {
    try {
      for (;;) {
        const before = generation
        loadedAt = clock()
        const found = (await records.get(ID))?.value ?? (await add(first))
        const keys = await Promise.all(found.keys.map(open))
        if (before === generation) return (loaded = keys)
      }
    } catch (error) {
      loadedAt = Number.NEGATIVE_INFINITY
      throw error
    }
  }
  function keysWithin(ageMs: number): Promise<readonly Loaded[]> | readonly Loaded[] {
    if (Math.abs(clock() - loadedAt) < ageMs && loading === undefined) return loaded
    loading ??= load().finally(() => {
      loading = undefined
    })
    return loading
  }

  /** Another key, where `plan` says from when on it signs, of those that there are then; undefined leaves all as it is. */
  async function add(plan: (keys: readonly KeptKey[], now: number) => number | undefined, { drop = false } = {}): Promise<Kept> {
    const { privateKey } = await generate('ec', { namedCurve: 'P-256' })
    const jwk = privateKey.export({ format: 'jwk' })
    const { kid } = toSigningKey(jwk)
    const sealed = await vault.seal(JSON.stringify(jwk), placeOf(kid))
    function next(kept: Kept | undefined): Kept | undefined {
      const now = clock()
      const keys = drop ? [] : neededOf(kept?.keys ?? [], now)
      const signsFrom = plan(keys, now)
      return signsFrom === undefined ? undefined : { keys: [...keys, { kid, sealed, createdAt: now, signsFrom }] }
    }
    const kept = (await changeRecord(records, ID, next, () => ({}))) ?? (await records.get(ID))?.value
    if (kept === undefined) throw new Error('the signing keys went away')
    loadedAt = Number.NEGATIVE_INFINITY
    bus?.publish('credentials', 'signing keys')
    return kept
  }
  function replaceAged(keys: readonly Loaded[]): void {
    const plan = (now: readonly Timed[], at: number): number | undefined => successorDue(now, at, maxAgeDays * DAY_MS)
    if (replacing || plan(keys, clock()) === undefined) return
    replacing = true
    // Nobody waits: the old one goes on until the new one's time has come. Where it fails, the next request tries again.
    add(plan)
      .then(
        () => log?.('info', 'the next signing key is published'),
        (error: unknown) => log?.('error', 'the signing key could not be replaced', { problem: problemOf(error) }),
      )
      .finally(() => {
        replacing = false
      })
  }

  return {
    async current() {
      const keys = await keysWithin(LOOK_AGAIN_MS)
      replaceAged(keys)
      return signingOf(keys, clock()) as Loaded
    },
    async find(kid) {
      const of = (keys: readonly Loaded[]) => neededOf(keys, clock()).find((key) => key.kid === kid)
      return of(await keysWithin(LOOK_AGAIN_MS)) ?? of(await keysWithin(LOOK_FOR_UNKNOWN_MS))
    },
    async published() {
      return neededOf(await keysWithin(LOOK_AGAIN_MS), clock())
    },
    async list() {
      const keys = (await records.get(ID))?.value.keys ?? []
      return neededOf(keys, clock()).map((key) => toInfo(keys, key, clock()))
    },
    async rotate({ compromised = false } = {}) {
      const { keys } = await add(compromised ? atOnce : planned, { drop: compromised })
      return toInfo(keys, keys.at(-1) as KeptKey, clock())
    },
  }
}

const first = (keys: readonly Timed[], now: number): number | undefined => (keys.length === 0 ? now : undefined)
const atOnce = (_: readonly Timed[], now: number): number => now
const planned = (keys: readonly Timed[], now: number): number | undefined =>
  keys.length === 0 ? now : keys.at(-1) === signingOf(keys, now) ? now + PUBLISH_AHEAD_MS : undefined

const toInfo = (keys: readonly KeptKey[], key: KeptKey, now: number): SigningKeyInfo => ({
  kid: key.kid,
  state: stateOf(keys, key, now),
  createdAt: key.createdAt,
  signsFrom: key.signsFrom,
  endsAt: endOf(keys, key),
})

function toSigningKey(jwk: JsonWebKey): SigningKey {
  const { crv, kty, x, y } = createPublicKey(createPrivateKey({ key: jwk, format: 'jwk' })).export({ format: 'jwk' })
  const kid = thumbprintOf({ crv, kty, x, y })
  if (kid === undefined) throw new Error('a signing key is no key')
  const shared = { kid, alg: 'ES256', use: 'sig' }
  const publicJwk = { crv, kty, x, y, ...shared } as JsonWebKey
  return { kid, privateJwk: { ...jwk, ...shared }, publicJwk, publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }) }
}
