/**
 * From what a provider says of somebody to who they are here: whether they are let in, what their account is called where it is new,
 * and their roles and groups. Pure.
 *
 * Who somebody is, is the issuer and its subject (OpenID Connect Core §5.7); an e-mail address changes hands. It counts only where the
 * provider has verified it, and only for whether somebody is let in and what a new account is called. Fails closed: what is missing, or
 * of another type, lets nobody in and gives nothing.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import type { ProvidedAccount } from '../provided.ts'
import { claimAt, fits, isWanted } from './claims.ts'
import type { AllowOptions, SignInProvider } from './options.ts'

/** `sentence`: for the record; it says which rule, and nothing that the provider said. */
export interface NotLetIn {
  readonly sentence: string
}

const MAX_SUBJECT = 255
const MAX_NAMES = 64
export const GOOGLE = 'https://accounts.google.com'

export function toProvided(provider: SignInProvider, claims: JsonObject): ProvidedAccount | NotLetIn {
  const { issuer, allow, dangerouslyAllowAnyone = false, roles: rules = [] } = provider
  const subject = claims['sub']
  if (!isSubject(subject, MAX_SUBJECT)) return { sentence: 'the provider does not say who it is in a way that can be kept' }
  const email = verifiedEmail(issuer, claims)
  const problem = allow === undefined ? (dangerouslyAllowAnyone ? undefined : 'no rule lets anybody in') : problemWith(allow, claims, email)
  if (problem !== undefined) return { sentence: problem }
  const given = rules.filter((rule) => fits(rule, claims))
  const all = (lists: (readonly string[] | undefined)[]): string[] => [...new Set(lists.flatMap((list) => list ?? []))].slice(0, MAX_NAMES)
  return {
    identity: { provider: issuer, subject },
    preferredName: nameFor(provider, claims, email),
    roles: all(given.map(({ roles }) => roles)),
    groups: all(given.map(({ groups }) => groups)),
  }
}

/** The claims that are needed of somebody: where one of them is missing, the provider can be asked further. */
export function neededClaims({ allow = {}, roles = [], nameClaim }: SignInProvider): string[] {
  const byEmail = allow.emailDomains !== undefined || allow.emails !== undefined || nameClaim === undefined
  const named = [
    ...Object.keys(allow.claims ?? {}),
    ...roles.flatMap(({ claim }) => claim ?? []),
    ...(nameClaim === undefined ? [] : [nameClaim]),
  ]
  return [...new Set([...(byEmail ? ['email', 'email_verified'] : []), ...named])]
}

export const lacks = (claims: JsonObject, needed: readonly string[]): boolean => needed.some((name) => claimAt(claims, name) === undefined)

function problemWith(
  { emailDomains, emails, claims: wanted = {} }: AllowOptions,
  claims: JsonObject,
  email: string | undefined,
): string | undefined {
  for (const [name, value] of Object.entries(wanted)) {
    if (!isWanted(claims, name, value)) return `the claim ${name} is not what allow.claims wants`
  }
  if (emailDomains === undefined && emails === undefined) return undefined
  if (email === undefined) return 'the provider names no e-mail address that it has verified'
  const isIn = emails?.includes(email) === true || emailDomains?.includes(email.slice(email.lastIndexOf('@') + 1)) === true
  return isIn ? undefined : 'the e-mail address is not among allow.emails and allow.emailDomains'
}

/** In small letters. Some write the flag as a text (Amazon Cognito, Apple). */
function verifiedEmail(issuer: string, { email, email_verified: flag, hd }: JsonObject): string | undefined {
  if (typeof email !== 'string' || (flag !== true && flag !== 'true')) return undefined
  if (!/^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/.test(email) || email.length > 254) return undefined
  const address = email.toLowerCase()
  // Google verifies an address of another house once, when the account is made, and says that it does not speak for it afterwards.
  if (issuer === GOOGLE && !address.endsWith('@gmail.com') && typeof hd !== 'string') return undefined
  return address
}

/** One line that can be shown, and kept as it is: two subjects are never taken for one. */
export const isSubject = (value: unknown, mostCharacters: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= mostCharacters && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value)

/** As it is said, or not at all: what would have to be changed, or looks like a name that was given for want of another, could be somebody else's. */
function nameFor({ nameClaim = 'email' }: SignInProvider, claims: JsonObject, email: string | undefined): string | undefined {
  const said = nameClaim === 'email' ? email : claimAt(claims, nameClaim)
  if (typeof said !== 'string' || !/^[\w.@+-]{1,64}$/.test(said)) return undefined
  return /-(?:[0-9a-f]{6}|[0-9a-f]{12})$/i.test(said) ? undefined : said
}
