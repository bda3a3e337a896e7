/**
 * The keys of payload encryption: the server's identity (Ed25519), which signs, and the keys that values are sealed to (X25519). Known in
 * memory, and read again when somebody may have changed them, so that several processes agree.
 *
 * A key is sealed to for a month and opens for a day longer; then it is destroyed, and what was sealed to it opens for nobody.
 * Fails closed: where the record cannot be read or opened, nothing is opened and nothing signed.
 *
 * @module
 */

import { type Log, problemOf } from '../../core/index.ts'
import type { Bus } from '../../storage/index.ts'
import { createKeyRecord, type KeptKey, type KeyRecordParts, type PayloadKey, type PayloadKeySet } from './key-record.ts'
import { inTime, isDue, type KeyTimes, opensUntil } from './key-times.ts'

/** Fit for a terminal. Times are milliseconds since the epoch. */
export interface PayloadKeyInfo extends KeyTimes {
  readonly kid: string
  readonly use: 'identity' | 'seals' | 'opens'
  readonly opensUntil?: number | undefined
}

export interface PayloadKeys {
  /** Made where there are none. At once, where they are known, and the same object for as long as nothing has changed. */
  current(): PayloadKeySet | Promise<PayloadKeySet>
  /** What a value was sealed to; undefined: none of ours, or no longer. */
  find(kid: string): PayloadKey | undefined | Promise<PayloadKey | undefined>
  list(): Promise<readonly PayloadKeyInfo[]>
  /** Another identity, which the one before signs for, and another key to seal to. */
  rotate(): Promise<PayloadKeyInfo>
  /** Told when what is published has changed, here or in another process. Answers how to stop. */
  onChange(listener: () => void): () => void
}

/** The bus tells of changes; this is for a store that does not hear of other processes. */
const LOOK_AGAIN_MS = 60_000
/** A kid that we do not know may be newer than what we know. Anybody can make one up. */
const LOOK_FOR_UNKNOWN_MS = 1000

export interface PayloadKeysParts extends KeyRecordParts {
  readonly bus?: Bus | undefined
  readonly log?: Log | undefined
}

export function createPayloadKeys({ store, vault, clock, bus, log }: PayloadKeysParts): PayloadKeys {
  const record = createKeyRecord({ store, vault, clock })
  const listeners = new Set<() => void>()
  let known: { readonly version: number; readonly set: PayloadKeySet } | undefined
  let knownAt = Number.NEGATIVE_INFINITY
  let loading: Promise<PayloadKeySet> | undefined
  let replacing = false
  // Counts what was heard of changes, so that what was read before one is read again before anybody is answered.
  let heard = 0

  const report = (error: unknown): void =>
    log?.('error', 'the keys that values are sealed to could not be read or replaced', { problem: problemOf(error) })
  function forget(): void {
    heard++
    knownAt = Number.NEGATIVE_INFINITY
  }
  bus?.subscribe('credentials', () => {
    forget()
    // What lists tell of is to be right before somebody asks.
    if (known && listeners.size > 0) setImmediate(() => void Promise.resolve(within(LOOK_AGAIN_MS)).catch(report))
  })

  async function load(): Promise<PayloadKeySet> {
    for (;;) {
      const before = heard
      const at = clock()
      const found = await record.read()
      if (!found) {
        await record.begin()
        continue
      }
      if (known?.version !== found.version) {
        const isFirst = known === undefined
        known = { version: found.version, set: await record.open(found.value) }
        // In its own time: whoever listens may ask for the keys.
        if (!isFirst) for (const listener of listeners) setImmediate(listener)
      }
      if (before !== heard) continue
      knownAt = at
      return known.set
    }
  }
  function within(ageMs: number): PayloadKeySet | Promise<PayloadKeySet> {
    if (known && Math.abs(clock() - knownAt) < ageMs && !loading) return known.set
    loading ??= load().finally(() => {
      loading = undefined
    })
    return loading
  }
  function told(): Promise<PayloadKeySet> {
    forget()
    bus?.publish('credentials', 'payload keys')
    return Promise.resolve(within(LOOK_AGAIN_MS))
  }

  /** Nobody waits: the old one goes on. Where it fails, the next request tries again. */
  function keepInTime(set: PayloadKeySet): PayloadKeySet {
    const now = clock()
    if (replacing || (!isDue(set.keys, now) && inTime(set.keys, now).length === set.keys.length)) return set
    replacing = true
    record
      .renew()
      .then(told)
      .catch(report)
      .finally(() => {
        replacing = false
      })
    return set
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
      const kept = (await record.read())?.value
      if (!kept) return []
      const { identity, keys } = kept
      const useOf = (key: KeptKey): PayloadKeyInfo['use'] => (key === keys.at(-1) ? 'seals' : 'opens')
      return [toInfo(identity, 'identity'), ...keys.map((key) => toInfo(key, useOf(key), opensUntil(keys, key)))]
    },
    async rotate() {
      forget()
      let { identity } = await within(LOOK_AGAIN_MS)
      // Somebody else may rotate at the same moment: then the next one is signed for by theirs.
      while (!(await record.succeed(identity))) identity = (await told()).identity
      return toInfo((await told()).identity, 'identity')
    },
    onChange(listener) {
      const own = (): void => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
}

const toInfo = ({ kid, createdAt }: KeyTimes & { readonly kid: string }, use: PayloadKeyInfo['use'], until?: number): PayloadKeyInfo => ({
  kid,
  use,
  createdAt,
  opensUntil: until,
})
