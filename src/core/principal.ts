/** Who is calling, once a credential has been verified. @module */

/** Frozen, and the same object for every request of one verified credential: what is derived from it can be cached on it. */
export interface Principal {
  /** Who vouches for `subject`: an issuer's URL, `key` for API keys, or `local` for the person at this machine's stdio. */
  readonly issuer: string
  readonly subject: string
  /**
   * What a configuration calls it (`users`): an account, a client that acts for itself, or `ISSUER#SUBJECT` for whom another issuer
   * vouches. Of a person's own key: their account. Undefined for any other key and for whoever is at this machine: no such list means
   * them, whatever they are called.
   */
  readonly user?: string | undefined
  readonly clientId: string
  /** A token can be stepped up to a further scope; a key, the local user and whoever has none cannot. */
  readonly credential: 'token' | 'key' | 'local' | 'none'
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  /** Of an account that is in some: a team, a department. For rules alone; what a tool asks for is a role. */
  readonly groups?: readonly string[] | undefined
  /** Of a gateway: the servers that the credential is for. Undefined: all of them. */
  readonly servers?: readonly string[] | undefined
  /** Which credential it was, fit for a log: a key's id, a token's `jti`. Never the credential itself. */
  readonly credentialId: string
}

const keys = new WeakMap<Principal, string>()

/** One string for one principal's identity. JSON keeps the parts apart: `["a:b","c"]` is never `["a","b:c"]`. */
export function principalKey(principal: Principal): string {
  let key = keys.get(principal)
  if (key === undefined) keys.set(principal, (key = JSON.stringify([principal.issuer, principal.subject])))
  return key
}

/** What its records say of it, where that is not the `subject`: whom another issuer vouches for is not our account of that name. */
export const userInRecord = ({ user, subject }: Principal): string | undefined => (user === subject ? undefined : user)

/** Whose data it is that is kept for this caller: what a vault seals it for, and what can be reported, exported and forgotten. */
export const subjectOf = (principal: Principal): string => principal.user ?? principalKey(principal)
