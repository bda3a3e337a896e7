/**
 * Challenges for an authenticator to sign: random, good for a while, for one purpose, once. A challenge says by itself that it is ours,
 * so that nothing is stored for somebody who only looks at a page.
 *
 * @module
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/index.ts'
import type { Counters } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'

export interface Challenges {
  create(purpose: string): Uint8Array<ArrayBuffer>
  /** `challenge` in base64url. True once, for the purpose that it was made for. */
  use(challenge: string, purpose: string): Promise<boolean>
}

const RANDOM_BYTES = 24
const TIME_BYTES = 6
const MAC_BYTES = 32

export function createChallenges({
  keyRing,
  counters,
  clock,
  ttlMs,
}: {
  readonly keyRing: KeyRing
  readonly counters: Counters
  readonly clock: Clock
  readonly ttlMs: number
}): Challenges {
  const macOf = (begin: Uint8Array, purpose: string): Buffer =>
    keyRing.mac('passkey-challenge', JSON.stringify([Buffer.from(begin).toString('base64url'), purpose]))
  return {
    create(purpose) {
      const begin = Buffer.concat([randomBytes(RANDOM_BYTES), Buffer.alloc(TIME_BYTES)])
      begin.writeUIntBE(clock() + ttlMs, RANDOM_BYTES, TIME_BYTES)
      return new Uint8Array(Buffer.concat([begin, macOf(begin, purpose)]))
    },
    async use(challenge, purpose) {
      const bytes = Buffer.from(challenge, 'base64url')
      if (bytes.length !== RANDOM_BYTES + TIME_BYTES + MAC_BYTES) return false
      const begin = bytes.subarray(0, RANDOM_BYTES + TIME_BYTES)
      if (!timingSafeEqual(macOf(begin, purpose), bytes.subarray(begin.length))) return false
      if (begin.readUIntBE(RANDOM_BYTES, TIME_BYTES) <= clock()) return false
      return counters.takeOnce(`passkey-challenge:${begin.toString('base64url')}`, Math.ceil(ttlMs / 1000))
    },
  }
}
