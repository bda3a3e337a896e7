/**
 * The last steps of every grant here: what the request proves beside its assertion (DPoP, certificate, resource), then the token, bound
 * to that, under a grant of its own so that it can be ended like any other. Never a refresh token.
 *
 *   proof and resource → (the caller's one-time value) → proof used up → grant → token → answer
 *
 * @module
 */

import type { X509Certificate } from 'node:crypto'
import { errors, type ResourceServerInstance, type TokenEndpointGrantContext } from 'oidc-provider'
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  type DPoPValidationResult,
  resolveRequestedResources,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import { type Clock, createId } from '../../core/index.ts'
import type { Grants } from '../grants.ts'
import type { Recorder } from '../recorder.ts'
import { type GrantRefusal, invalidTarget, unauthorizedClient } from './refusal.ts'
import { parseSub } from './subjects.ts'

export type Ctx = TokenEndpointGrantContext<Record<string, unknown>>

export interface Prepared {
  readonly dPoP: DPoPValidationResult | undefined
  readonly cert: string | X509Certificate | undefined
  readonly resourceServer: ResourceServerInstance
  /** What this client may be given here at all. */
  readonly possible: readonly string[]
}

export interface Issue {
  readonly sub: string
  /** Undefined: an account. */
  readonly kind: string | undefined
  readonly scopes: readonly string[]
  /** Seconds since the epoch. */
  readonly exp: number
  readonly act?: object | undefined
  /** The grant that this one is narrowed from, and ends with. */
  readonly from?: { readonly grantId: string; readonly clientId: string } | undefined
  /** RFC 8693 §2.2.1. */
  readonly issuedTokenType?: string | undefined
  /** What is put on record beside. */
  readonly facts?: Readonly<Record<string, string | readonly string[]>> | undefined
}

export interface IssueParts {
  readonly grants: Pick<Grants, 'save'>
  readonly clock: Clock
  readonly record: Recorder
}

/** Claims that only we write, by the token that they are for. */
const claimsOfTokens = new WeakMap<object, Record<string, unknown>>()
export const extraClaimsOf = (token: object): Record<string, unknown> | undefined => claimsOfTokens.get(token)

/** A grant outlives its token by the clocks' difference. */
const GRANT_MARGIN_SECONDS = 600

export async function prepare(ctx: Ctx): Promise<Prepared | GrantRefusal> {
  const { provider } = ctx.oidc
  const dPoP = await validateDpop(provider, ctx)
  checkDpopRequired(provider, ctx, dPoP)
  const cert = checkMtlsCert(provider, ctx)
  const [resourceServer, ...others] = await resolveRequestedResources(provider, ctx)
  if (resourceServer === undefined || others.length > 0) return invalidTarget('resource must be the URL of this MCP server, and no other')
  const possible = [...(resourceServer as unknown as { scopes: Set<string> }).scopes]
  return { dPoP, cert, resourceServer, possible }
}

export async function issue(ctx: Ctx, { dPoP, cert, resourceServer }: Prepared, parts: IssueParts, wanted: Issue): Promise<void> {
  const { grants, clock, record } = parts
  const { provider, client, params } = ctx.oidc
  const { sub, kind, scopes, exp, act, from, issuedTokenType, facts } = wanted
  await checkDpopReplay(provider, ctx, dPoP, client.clientId)
  const iat = Math.floor(clock() / 1000)
  const scope = scopes.join(' ')
  const grantId = createId('gr_', 26)
  const about = { accountId: sub, clientId: client.clientId, iat, exp: exp + GRANT_MARGIN_SECONDS, jti: grantId, kind: 'Grant' }
  const narrowed = from && { narrowedFrom: from.grantId, narrowedFromClient: from.clientId }
  const resources = { [resourceServer.identifier()]: scope }
  await grants.save(grantId, { ...about, ...narrowed, resources }, exp - iat + GRANT_MARGIN_SECONDS)

  const token = new provider.AccessToken({ client, accountId: sub, grantId, gty: params.grant_type, scope, iat, exp, resourceServer })
  if (cert !== undefined) token.setThumbprint('x5t', cert as X509Certificate)
  if (dPoP !== undefined) token.setThumbprint('jkt', dPoP.thumbprint)
  claimsOfTokens.set(token, { grant_id: grantId, ...(kind !== undefined && { sub_kind: kind }), ...(act !== undefined && { act }) })
  ctx.oidc.entity('AccessToken', token)
  const accessToken = await token.save()
  const answer = { accessToken, tokenType: token.tokenType, expiresIn: exp - iat, scope }
  ctx.body = { ...buildTokenResponse(provider, answer), ...(issuedTokenType !== undefined && { issued_token_type: issuedTokenType }) }
  const on = { clientId: client.clientId, clientName: client.clientName, target: resourceServer.identifier() }
  // As the calls that follow are recorded: who vouches, and for whom.
  const foreign = parseSub(sub)
  const whom = foreign ? { ...foreign, user: sub } : { subject: sub }
  record(ctx.req, {
    decision: 'allow',
    reason: 'allowed',
    action: 'token',
    ...on,
    ...whom,
    facts: { grant_type: params.grant_type, grant: grantId, granted: scopes, ...facts },
  })
}

/** What is refused goes to the client as it is, and on record by the provider's event. */
export const refuse = ({ error, description }: GrantRefusal): never => {
  throw new errors.CustomOIDCProviderError(error, description)
}

/** Whose word counts must be known: a public client is whoever says its id. */
export function checkConfidential({ oidc: { client } }: Ctx): GrantRefusal | undefined {
  if (client.clientAuthMethod !== 'none') return undefined
  return unauthorizedClient('this grant is for clients that authenticate: register it with a secret, a key or a certificate')
}
