/**
 * The keys that the issuer publishes (RFC 7517 §5), kept so that a token costs no request. A key that nobody has seen is looked for
 * once, and not again within half a minute, whatever callers present. Where the issuer does not answer, the keys that were known count for an
 * hour after they were last published, and then none does.
 *
 *   fresh (10 min) ─▶ asked for again ─▶ the old ones for an hour at most ─▶ unavailable
 *
 * Fails closed: private, symmetric, weak or otherwise odd keys are left out, and without any there is nobody to believe.
 *
 * @module
 */

import { createPublicKey } from 'node:crypto'
import type { JSONWebKeySet, JWK, JWTVerifyGetKey } from 'jose'
import type { Clock, JsonObject, Log } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Ask } from './ask.ts'

export interface Keys {
  /** Undefined: none are known, and the issuer cannot be asked. */
  current(): Promise<JWTVerifyGetKey | undefined>
  /** Those of now, for a token of a key that is not among the current ones. Undefined: nothing newer is to be had. */
  newer(): Promise<JWTVerifyGetKey | undefined>
}

const FRESH_MS = 600_000
const STALE_MS = 3_600_000
const UNKNOWN_KEY_MS = 30_000
const RETRY_MS = 10_000
const MAX_KEYS = 100
const MIN_RSA_BITS = 2048

export interface KeysParts {
  /** Where they are; undefined where nobody can say now. */
  readonly locate: () => Promise<string | undefined>
  readonly ask: Ask
  readonly algorithms: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

interface Known {
  readonly find: JWTVerifyGetKey
  readonly fetchedAt: number
}

export function createKeys({ locate, ask, algorithms, clock, log }: KeysParts): Keys {
  let known: Known | undefined
  let attemptAt = Number.NEGATIVE_INFINITY
  let asking: Promise<boolean> | undefined

  async function load(): Promise<boolean> {
    attemptAt = clock()
    const [jose, url] = await Promise.all([import('jose'), locate()])
    const asked = url === undefined ? { problem: 'nobody says where they are' } : await ask(url)
    const keys = 'document' in asked ? usable(asked.document, algorithms) : asked.problem
    if (typeof keys === 'string') {
      if (keys !== 'closed') log('warn', 'the keys of the issuer could not be read', { problem: keys })
      return false
    }
    if (keys.length === 0) log('warn', 'the issuer publishes no key that could be used')
    known = { find: jose.createLocalJWKSet({ keys } as JSONWebKeySet), fetchedAt: clock() }
    return true
  }
  /** False: nothing new came of it. However many ask at once, the issuer is asked once. */
  function refresh(): Promise<boolean> {
    asking ??= load().finally(() => {
      asking = undefined
    })
    return asking
  }
  const since = (at: number): number => clock() - at

  return {
    async current() {
      const isFresh = known !== undefined && since(known.fetchedAt) < FRESH_MS
      if (!isFresh && (asking || since(attemptAt) >= RETRY_MS)) await refresh()
      return known !== undefined && since(known.fetchedAt) < STALE_MS ? known.find : undefined
    },
    async newer() {
      if (!asking && since(attemptAt) < UNKNOWN_KEY_MS) return undefined
      return (await refresh()) ? known?.find : undefined
    },
  }
}

/** What of a published set may verify, without what a key need not say; or what is wrong with the set. */
function usable({ keys }: JsonObject, algorithms: readonly string[]): JWK[] | string {
  if (!Array.isArray(keys)) return 'no list of keys'
  if (keys.length > MAX_KEYS) return `more than ${MAX_KEYS} keys`
  return keys.flatMap((key) => {
    const clean = isObject(key) && isFit(key, algorithms) ? stripped(key) : undefined
    return clean && isStrong(clean) ? [clean] : []
  })
}

function isFit({ kty, use, key_ops: operations, alg, kid, d }: JsonObject, algorithms: readonly string[]): boolean {
  // A private key that was published by mistake is everybody's.
  if (d !== undefined) return false
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return false
  if (use !== undefined && use !== 'sig') return false
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false
  if (kid !== undefined && typeof kid !== 'string') return false
  return alg === undefined || algorithms.includes(alg as string)
}

function stripped({ kty, crv, x, y, n, e, kid, alg }: JsonObject): JWK {
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e, kid, alg }).filter(([, value]) => typeof value === 'string')) as JWK
}

function isStrong(key: JWK): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: key as never, format: 'jwk' })
    return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS
  } catch {
    return false
  }
}
