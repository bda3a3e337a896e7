/**
 * What a server says of itself, signed by its identity (Ed25519, RFC 8037): its keys, who follows it, and what it has agreed with a
 * caller. Flattened JWS (RFC 7515 §7.2.2); `typ` keeps the kinds apart.
 *
 * Fails closed: undefined for what is not exactly one of ours, by the key that it must be by.
 *
 * @module
 */

import { type KeyObject, sign, verify } from 'node:crypto'
import type { JsonObject } from '../core/index.ts'
import { isObject, parseJson } from '../protocol/index.ts'
import { parseJwk, publicJwkOf, thumbprintOf, toPublicKey } from './jwk.ts'
import type { OkpJwk, Statement } from './words.ts'

type Kind = 'keys' | 'succession' | 'agreement'

/** What a server agrees with a caller. */
export interface Agreement {
  readonly tool: string
  /** Who the server takes the caller for. */
  readonly principal: string
  /** The thumbprint of the caller's key. */
  readonly epk: string
  /** To seal to. */
  readonly key: OkpJwk
  /** Seconds since the epoch. */
  readonly iat: number
  readonly exp: number
}

const MAX_CHARACTERS = 16_384
const MAX_KEYS = 8
const bounds = { maxDepth: 8, maxItems: MAX_KEYS }
const typeOf = (kind: Kind): string => `sallyport-${kind}+jws`
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function state(kind: Kind, payload: object, identity: KeyObject): Statement {
  const jwk = publicJwkOf(identity)
  // Whoever pins a thumbprint does not have the key that a successor was named with.
  const header = { alg: 'EdDSA', typ: typeOf(kind), kid: thumbprintOf(jwk), ...(kind === 'succession' ? { jwk } : {}) }
  const signed = { protected: encode(header), payload: encode(payload) }
  const signature = sign(null, Buffer.from(`${signed.protected}.${signed.payload}`), identity)
  return { ...signed, signature: signature.toString('base64url') }
}

export const stateKeys = (keys: readonly OkpJwk[], iat: number, identity: KeyObject): Statement =>
  state('keys', { keys: keys.map((key) => ({ ...key, kid: thumbprintOf(key) })), iat }, identity)

/** `identity`: the one that goes. */
export const stateSuccession = (next: OkpJwk, iat: number, identity: KeyObject): Statement =>
  state('succession', { identity: next, iat }, identity)

export const stateAgreement = ({ key, ...agreement }: Agreement, identity: KeyObject): Statement =>
  state('agreement', { ...agreement, kid: thumbprintOf(key), key }, identity)

/** The keys to seal to. */
export function verifyKeys(statement: unknown, identity: OkpJwk): readonly OkpJwk[] | undefined {
  const list = read('keys', statement, identity)?.['keys']
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_KEYS) return undefined
  const keys = list.map((key) => parseJwk(key, 'X25519'))
  return keys.includes(undefined) ? undefined : (keys as OkpJwk[])
}

/** `tool` and `epk` are the caller's to compare: another one's agreement is signed as well. */
export function verifyAgreement(statement: unknown, identity: OkpJwk): Agreement | undefined {
  const payload = read('agreement', statement, identity)
  const key = parseJwk(payload?.['key'], 'X25519')
  if (!payload || !key) return undefined
  const { tool, principal, epk, kid, iat, exp } = payload
  if (typeof tool !== 'string' || typeof principal !== 'string' || typeof epk !== 'string' || kid !== thumbprintOf(key)) return undefined
  if (typeof iat !== 'number' || typeof exp !== 'number') return undefined
  return { tool, principal, epk, key, iat, exp }
}

/** The identity that the one with the thumbprint `from` has been succeeded by, along `statements`; `from` itself is not among them. */
export function followSuccession(from: string, statements: unknown, to: OkpJwk): boolean {
  if (!Array.isArray(statements) || statements.length > MAX_SUCCESSIONS) return false
  let current = from
  for (const statement of statements) {
    const header = headerOf(statement)
    const signer = parseJwk(header?.['jwk'], 'Ed25519')
    // Those before the one that is known.
    if (!signer || thumbprintOf(signer) !== current) continue
    const next = parseJwk(read('succession', statement, signer)?.['identity'], 'Ed25519')
    if (!next) return false
    current = thumbprintOf(next)
    if (current === thumbprintOf(to)) return true
  }
  return false
}
export const MAX_SUCCESSIONS = 16

export function parseStatement(value: unknown): Statement | undefined {
  if (!isObject(value)) return undefined
  const { protected: header, payload, signature } = value
  if (typeof header !== 'string' || typeof payload !== 'string' || typeof signature !== 'string') return undefined
  if (header.length + payload.length + signature.length > MAX_CHARACTERS) return undefined
  return { protected: header, payload, signature }
}

function headerOf(value: unknown): JsonObject | undefined {
  const statement = parseStatement(value)
  return statement && objectOf(statement.protected)
}

function read(kind: Kind, value: unknown, identity: OkpJwk): JsonObject | undefined {
  const statement = parseStatement(value)
  const header = statement && objectOf(statement.protected)
  if (!header || header['alg'] !== 'EdDSA' || header['typ'] !== typeOf(kind) || header['kid'] !== thumbprintOf(identity)) return undefined
  if (Object.keys(header).length !== (kind === 'succession' ? 4 : 3)) return undefined
  const signed = Buffer.from(`${statement.protected}.${statement.payload}`)
  const isTheirs = verify(null, signed, toPublicKey(identity), Buffer.from(statement.signature, 'base64url'))
  return isTheirs ? objectOf(statement.payload) : undefined
}

function objectOf(text: string): JsonObject | undefined {
  const parsed = parseJson(Buffer.from(text, 'base64url'), bounds)
  return parsed.allowed && isObject(parsed.value) ? parsed.value : undefined
}
