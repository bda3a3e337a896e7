/**
 * Whether what a token of ours came of still stands, for each kind of subject: the grant, every grant that it was narrowed from, the
 * clients in between, and the account or the issuer that vouches for the subject. What they may do is what they may do now.
 *
 *   no `sub_kind`        an account of this server
 *   `id-jag`, `workload` somebody whom a trusted issuer vouched for
 *   `client`             a client that acts for itself
 *
 * Fails closed: a kind that is not known here stands for nobody.
 *
 * @module
 */

import type { ScopeHierarchy } from '../core/index.ts'
import type { Accounts } from '../people/index.ts'
import type { Payload } from './artifacts.ts'
import { CLIENT_SUBJECT } from './client-tokens.ts'
import type { Clients } from './clients.ts'
import { isAssertionUse, parseSub, WORKLOAD_CLIENT } from './grant-types/subjects.ts'
import type { Trust } from './grant-types/trusted-issuers.ts'
import type { Grants } from './grants.ts'

export interface StandingParts {
  readonly issuer: string
  readonly grants: Pick<Grants, 'find'>
  readonly clients: Pick<Clients, 'exists' | 'get'>
  readonly accounts: Pick<Accounts, 'get'>
  readonly trust: Trust
  readonly hierarchy: ScopeHierarchy
}

export interface StandingClaims {
  readonly sub: string
  readonly iat: number
  readonly client_id: string
  readonly grant_id: string
  readonly sub_kind?: string | undefined
}

export interface Standing {
  /** Who vouches for the subject. */
  readonly issuer: string
  readonly subject: string
  readonly roles: readonly string[]
  readonly groups?: readonly string[] | undefined
  /** Whether the subject may still have a scope that its token names. */
  permits(scope: string): boolean
}

/** How many may act one for the other, each with a token that was narrowed from the one before (RFC 8693 §4.1). */
export const MAX_ACTORS = 4
const SKEW_SECONDS = 5

/** Undefined where something has ended. */
export type FindStanding = (claims: StandingClaims) => Promise<Standing | undefined>

export function createStanding({ issuer, grants, clients, accounts, trust, hierarchy }: StandingParts): FindStanding {
  async function grantStands(grant: Payload | undefined, clientId: unknown, sub: string): Promise<boolean> {
    if (grant === undefined || typeof clientId !== 'string') return false
    if (grant['clientId'] !== clientId || grant['accountId'] !== sub) return false
    return clientId === WORKLOAD_CLIENT || clients.exists(clientId)
  }
  /** A narrowed token ends with the one that it was narrowed from. */
  async function allStand({ grant_id, client_id, sub }: StandingClaims): Promise<boolean> {
    let id: unknown = grant_id
    let clientId: unknown = client_id
    for (let level = 0; level <= MAX_ACTORS; level++) {
      const grant = typeof id === 'string' ? await grants.find(id) : undefined
      if (!(await grantStands(grant, clientId, sub))) return false
      id = grant?.['narrowedFrom']
      if (id === undefined) return true
      clientId = grant?.['narrowedFromClient']
    }
    return false
  }
  async function findAccount({ sub, iat }: StandingClaims): Promise<Standing | undefined> {
    const account = await accounts.get(sub)
    // An account that was made after the token is somebody else's of the same name.
    if (account === undefined || Math.floor(account.since / 1000) > iat + SKEW_SECONDS) return undefined
    return { issuer, subject: sub, roles: account.roles, groups: account.groups, permits: () => true }
  }
  /** As the operator has registered it now: no more than that, whatever its token says. */
  async function findClient({ sub }: StandingClaims): Promise<Standing | undefined> {
    const { grantTypes = [], scopes = [] } = (await clients.get(sub)) ?? {}
    if (!grantTypes.includes('client_credentials')) return undefined
    return { issuer, subject: sub, roles: [], permits: (scope) => hierarchy.covers(scopes, scope) }
  }
  function findForeign({ sub, sub_kind: kind, client_id: clientId }: StandingClaims): Standing | undefined {
    const parsed = parseSub(sub)
    const allowed = parsed && isAssertionUse(kind) ? trust.allowed(parsed.issuer, kind, parsed.subject) : undefined
    if (parsed === undefined || allowed === undefined) return undefined
    if (kind === 'id-jag' && clientId === WORKLOAD_CLIENT) return undefined
    const { roles, scopes } = allowed
    return { ...parsed, roles, permits: (scope) => scopes === undefined || hierarchy.covers(scopes, scope) }
  }
  return async function findStanding(claims) {
    const [stands, subject] = await Promise.all([
      allStand(claims),
      claims.sub_kind === undefined ? findAccount(claims) : claims.sub_kind === CLIENT_SUBJECT ? findClient(claims) : findForeign(claims),
    ])
    return stands ? subject : undefined
  }
}
