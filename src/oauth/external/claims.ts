/**
 * From the claims of a token, or of what introspection says of it, to the principal that it stands for. Pure.
 *
 * Issuers differ in where they say scopes, roles and the client; the defaults below are the documented places of RFC 9068, Keycloak, Entra,
 * Auth0 and Okta. Fails closed: what is not where it should be, or of another type, grants nothing, and a token of nobody is refused.
 *
 * @module
 */

import { isScope, type JsonObject, type Principal } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { ClaimNames, ClaimsOptions } from './options.ts'

/** Only the first place that is there counts, so that another one cannot add to it. */
const defaults = {
  scopes: ['scope', 'scp'],
  roles: ['roles', 'realm_access.roles', 'groups'],
  client: ['client_id', 'azp', 'cid', 'appid'],
} as const

const MAX_SCOPES = 256
const MAX_ROLES = 1_000
const name = /^[^\p{Cc}\p{Cf}]{1,512}$/u

export interface Origin {
  readonly issuer: string
  readonly claims: ClaimsOptions | undefined
  /** What a token without an id of its own is called in records. */
  readonly fallbackId: string
  /** What the issuer says of it now, where it was asked: what that does not grant is not granted. */
  readonly now?: JsonObject | undefined
}

/** Undefined: it does not say whose it is. */
export function toPrincipal(token: JsonObject, { issuer, claims = {}, fallbackId, now = token }: Origin): Principal | undefined {
  const clientId = wordsAt(token, claims.client, defaults.client)[0] ?? ''
  // RFC 9068 §2.2: where no person is involved, the client is the subject; introspection may leave it out (RFC 7662 §2.2).
  const { sub = clientId } = token
  if (typeof sub !== 'string' || !name.test(sub) || (clientId !== '' && !name.test(clientId))) return undefined
  const { jti, uti } = token
  const granted = (read: (said: JsonObject) => string[]): string[] => {
    const still = new Set(read(now))
    return read(token).filter((each) => still.has(each))
  }
  const id = [jti, uti].find((each) => typeof each === 'string' && /^[\x21-\x7e]{1,128}$/.test(each))
  return Object.freeze({
    issuer,
    subject: sub,
    user: sub,
    clientId,
    credential: 'token' as const,
    scopes: Object.freeze(
      granted((said) => listAt(said, claims.scopes, defaults.scopes))
        .filter(isScope)
        .slice(0, MAX_SCOPES),
    ),
    roles: Object.freeze(
      granted((said) => wordsAt(said, claims.roles, defaults.roles))
        .filter((role) => name.test(role))
        .slice(0, MAX_ROLES),
    ),
    credentialId: (id as string | undefined) ?? fallbackId,
  })
}

/** Scopes are words in one text (RFC 6749 §3.3) or a list. */
const listAt = (token: JsonObject, named: ClaimNames | undefined, places: readonly string[]): string[] => [
  ...new Set(wordsAt(token, named, places).flatMap((text) => text.split(' ').filter((word) => word !== ''))),
]

/** What an operator names counts all together; of the default places the first that is there. */
function wordsAt(token: JsonObject, named: ClaimNames | undefined, places: readonly string[]): string[] {
  if (named !== undefined) return [named].flat().flatMap((place) => toWords(valueAt(token, place)))
  return toWords(places.map((place) => valueAt(token, place)).find((value) => value !== undefined))
}

function toWords(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** By its whole name first: names that are URLs have dots in them. */
function valueAt(token: JsonObject, place: string): unknown {
  if (Object.hasOwn(token, place)) return token[place]
  return place.split('.').reduce<unknown>((value, part) => (isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined), token)
}
