/**
 * The key that a program authenticates with in place of a secret: as it was given, a private JWK or PKCS#8 in PEM, and which algorithms
 * it can sign with. Pure. What is wrong with it is a sentence in which nothing of it stands.
 *
 * @module
 */

import { createPrivateKey, type KeyObject } from 'node:crypto'

/** A private key as JSON (RFC 7517). `kid` and `alg` in it are honoured. */
export type PrivateJwk = Readonly<Record<string, unknown>>

export interface ClientKey {
  readonly key: KeyObject
  /** The one to use first. */
  readonly algorithms: readonly string[]
  readonly kid: string | undefined
}

/** By the curve, as OpenSSL and as JOSE call it. */
const ofCurve: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }
/** RS256 first: what a server that lists nothing takes. */
const ofRsa = ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512']
const LEAST_RSA_BITS = 2048
const MAX_PEM = 16_384

/** @returns what is wrong with it, where it is none. `alg`: the only algorithm to use; with RSA there is a choice. */
export function parseClientKey(given: string | PrivateJwk, alg?: string): ClientKey | string {
  const key = typeof given === 'string' ? parsePem(given) : parseJwk(given)
  if (typeof key === 'string') return key
  const able = algorithmsOf(key)
  if (typeof able === 'string') return able
  const said = alg ?? (typeof given === 'object' ? given['alg'] : undefined)
  if (said !== undefined && !able.includes(said as string)) return `is a key for ${able.join(', ')}, which is not what alg says`
  const kid = typeof given === 'object' ? given['kid'] : undefined
  return { key, algorithms: said === undefined ? able : [said as string], kid: typeof kid === 'string' ? kid : undefined }
}

function parsePem(text: string): KeyObject | string {
  if (text.length > MAX_PEM) return 'is too long for a key'
  if (/-----BEGIN (?:RSA |EC )PRIVATE KEY-----/.test(text)) return 'is not PKCS#8: convert it with `openssl pkcs8 -topk8 -nocrypt`'
  if (text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) return 'is encrypted: decrypt it before it is given'
  if (/-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----/.test(text)) return 'is public: give the private key'
  if (!text.includes('-----BEGIN PRIVATE KEY-----'))
    return 'must be the text of a private key in PEM (PKCS#8), not a path, or a private JWK'
  return attempt(() => createPrivateKey({ key: text, format: 'pem' }))
}

function parseJwk(jwk: PrivateJwk): KeyObject | string {
  if (jwk['kty'] === 'oct') return 'is a shared secret: give a private key, whose public part the authorization server has'
  if (typeof jwk['d'] !== 'string') return 'is public: give the private key'
  return attempt(() => createPrivateKey({ key: { ...jwk }, format: 'jwk' }))
}

/** What OpenSSL says may hold a part of the key. */
function attempt(make: () => KeyObject): KeyObject | string {
  try {
    return make()
  } catch {
    return 'cannot be read as a private key'
  }
}

function algorithmsOf({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): readonly string[] | string {
  if (type === 'rsa') {
    const isLong = (details.modulusLength ?? 0) >= LEAST_RSA_BITS
    return isLong ? ofRsa : `is an RSA key of less than ${LEAST_RSA_BITS} bits`
  }
  if (type === 'ed25519') return ['EdDSA', 'Ed25519']
  const alg = type === 'ec' ? ofCurve[details.namedCurve ?? ''] : undefined
  return alg === undefined ? 'is of a kind that signs nothing here: use EC (P-256, P-384, P-521), Ed25519 or RSA' : [alg]
}
