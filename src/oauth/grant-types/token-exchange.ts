/**
 * Token exchange (RFC 8693): a client that somebody called with a token of ours gets one of its own for the same person, to go on with.
 * It can only be narrower: no scope that the first has not, no audience but ours, no longer life, bound to the same key if the first is,
 * and it ends with the first one's grant.
 *
 * Pure but for the look at the token. Fails closed.
 *
 * @module
 */

import { hash, X509Certificate } from 'node:crypto'
import type { ScopeHierarchy } from '../../core/index.ts'
import { isRefusal } from '../refusal.ts'
import type { Resources } from '../resources.ts'
import { namedScopes } from '../scopes.ts'
import { MAX_ACTORS } from '../standing.ts'
import type { Inspected, OwnTokens } from '../token-verifier.ts'
import type { Issue, Prepared } from './issue.ts'
import { type GrantRefusal, invalidRequest, invalidScope, invalidTarget } from './refusal.ts'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

export const exchangeParameters: readonly string[] = [
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'actor_token',
  'actor_token_type',
  'audience',
  'resource',
  'scope',
]

export interface ExchangeParts {
  readonly tokens: Pick<OwnTokens, 'inspect'>
  readonly resources: Pick<Resources, 'canonicalize'>
  readonly hierarchy: ScopeHierarchy
  readonly accessTokenTtlSeconds: number
}

type Params = Readonly<Record<string, unknown>>

/** `now`: seconds since the epoch. */
export async function checkExchange(
  params: Params,
  clientId: string,
  prepared: Pick<Prepared, 'dPoP' | 'cert' | 'possible'>,
  { tokens, resources, hierarchy, accessTokenTtlSeconds }: ExchangeParts,
  now: number,
): Promise<Issue | GrantRefusal> {
  const problem = problemWith(params, resources)
  if (problem !== undefined) return problem
  const inspected = await tokens.inspect(String(params['subject_token']))
  // RFC 8693 §2.2.2: whatever is wrong with it, the request is.
  if (typeof inspected === 'string')
    return invalidRequest('the subject_token is no access token of this server, or it has expired or was revoked')
  const { claims } = inspected
  if (claims.exp <= now) return invalidRequest('the subject_token has expired: get a new one first')
  if (!isProven(inspected, prepared))
    return invalidRequest('the subject_token is bound to a key: only who proves to have that key with this request can narrow it')
  const scopes = narrowed(params['scope'], inspected.scopes, prepared.possible, hierarchy)
  if (isRefusal(scopes)) return scopes
  const actors = actorsOf(claims.act)
  if (actors === undefined || actors.length >= MAX_ACTORS)
    return invalidRequest(`at most ${MAX_ACTORS} clients may act one for the other: ask with the token of an earlier one`)
  return {
    sub: claims.sub,
    kind: claims.sub_kind,
    scopes: scopes.granted,
    exp: Math.min(claims.exp, now + accessTokenTtlSeconds),
    act: { sub: clientId, ...(actors.length > 0 && { act: claims.act }) },
    from: { grantId: claims.grant_id, clientId: claims.client_id },
    issuedTokenType: ACCESS_TOKEN,
    facts: { from: claims.jti, actors: [clientId, ...actors] },
  }
}

function problemWith(params: Params, { canonicalize }: Pick<Resources, 'canonicalize'>): GrantRefusal | undefined {
  const { subject_token: token, subject_token_type: type, requested_token_type: wanted = ACCESS_TOKEN, audience } = params
  if (typeof token !== 'string' || token === '') return invalidRequest('subject_token must be an access token of this server')
  if (type !== ACCESS_TOKEN && type !== JWT)
    return invalidRequest(`subject_token_type must be ${ACCESS_TOKEN}: nothing else is exchanged here`)
  if (wanted !== ACCESS_TOKEN && wanted !== JWT) return invalidRequest(`requested_token_type must be ${ACCESS_TOKEN}, or be left out`)
  if (params['actor_token'] !== undefined || params['actor_token_type'] !== undefined)
    return invalidRequest('actor_token is not supported: who acts is the client that authenticates')
  const audiences: unknown[] = audience === undefined ? [] : Array.isArray(audience) ? audience : [audience]
  if (audiences.some((each) => typeof each !== 'string' || canonicalize(each) === undefined))
    return invalidTarget('audience must be the URL of this MCP server: its tokens are for nobody else')
  return undefined
}

/** A bound token is worth nothing to whoever copied it, and must not become one that is. */
function isProven({ binding: { boundTo, certificate } }: Inspected, { dPoP, cert }: Pick<Prepared, 'dPoP' | 'cert'>): boolean {
  if (boundTo !== undefined && boundTo !== dPoP?.thumbprint) return false
  return certificate === undefined || (cert instanceof X509Certificate && certificate === hash('sha256', cert.raw, 'base64url'))
}

function narrowed(
  asked: unknown,
  has: readonly string[],
  possible: readonly string[],
  { covers }: ScopeHierarchy,
): { readonly granted: readonly string[] } | GrantRefusal {
  const named = namedScopes(asked)
  if (named.some((scope) => !covers(has, scope)))
    return invalidScope('the subject_token does not have all of these scopes: a token can only be narrowed')
  if (named.some((scope) => !possible.includes(scope))) return invalidScope('the client is not registered for all of these scopes')
  const granted = named.length > 0 ? named : has.filter((scope) => possible.includes(scope))
  return granted.length > 0 ? { granted } : invalidScope('nothing of what the subject_token may do is what this client is registered for')
}

/** From the last to the first; undefined where it is not what we write. */
function actorsOf(act: unknown): string[] | undefined {
  const actors: string[] = []
  for (let each = act; each !== undefined; ) {
    const { sub, act: before } = (each ?? {}) as { sub?: unknown; act?: unknown }
    if (typeof sub !== 'string' || actors.length > MAX_ACTORS) return undefined
    actors.push(sub)
    each = before
  }
  return actors
}
