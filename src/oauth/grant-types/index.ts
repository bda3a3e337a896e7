/**
 * The grants that oidc-provider has not: token exchange (RFC 8693), and the two that a JWT of a trusted issuer opens (RFC 7523): ID-JAG
 * for an enterprise's people, workload identity for what runs on a platform. `typ` of the assertion says which.
 *
 *   /token → client → grant type → check → one-time → token
 *
 * Made once, and registered on each provider that is made. Every refusal is on record, and so is every token.
 *
 * @module
 */

import type { ClientMetadata, Provider } from 'oidc-provider'
import type { Artifacts } from '../artifacts.ts'
import type { Clients } from '../clients.ts'
import type { Grants } from '../grants.ts'
import type { Settings } from '../options.ts'
import type { Recorder } from '../recorder.ts'
import { isRefusal } from '../refusal.ts'
import type { Resources } from '../resources.ts'
import { namedScopes } from '../scopes.ts'
import type { OwnTokens } from '../token-verifier.ts'
import { type Assertion, type AssertionChecks, SKEW_SECONDS, typeOf } from './assertion.ts'
import { checkIdJag, ID_JAG_TYPE } from './id-jag.ts'
import { type Ctx, checkConfidential, extraClaimsOf, type Issue, issue, type Prepared, prepare, refuse } from './issue.ts'
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.ts'
import { JWT_BEARER, TOKEN_EXCHANGE } from './metadata.ts'
import { type GrantRefusal, invalidGrant, invalidRequest, invalidScope, unauthorizedClient } from './refusal.ts'
import { toSub, WORKLOAD_CLIENT } from './subjects.ts'
import { checkExchange, exchangeParameters } from './token-exchange.ts'
import type { Trust, TrustedIssuer } from './trusted-issuers.ts'
import { checkWorkload, nameWorkload, WORKLOAD_TTL_SECONDS, workloadClient } from './workload-identity.ts'

export interface GrantTypesParts {
  readonly settings: Settings
  readonly resources: Resources
  readonly trust: Trust
  readonly artifacts: Pick<Artifacts, 'add'>
  readonly clients: Pick<Clients, 'used'>
  readonly grants: Pick<Grants, 'save'>
  readonly tokens: Pick<OwnTokens, 'inspect'>
  readonly record: Recorder
}

export interface GrantTypes {
  register(provider: Provider): void
  /** Clients that nobody registers. */
  readonly clients: ClientMetadata[]
  /** What a token of these grants says beside what the provider writes; undefined for any other token. */
  readonly extraClaimsOf: (token: object) => Record<string, unknown> | undefined
  /** A token request without a client, where it may be without: names the one that stands for all workloads. */
  nameWorkload(params: URLSearchParams, hasAuthorization: boolean): void
  close(): void
}

/** It is remembered until it ends. */
const MAX_JTI = 256

export function createGrantTypes({ settings, resources, trust, artifacts, clients, grants, tokens, record }: GrantTypesParts): GrantTypes {
  const { issuer, clock, log, hierarchy, shownScopes, accessTokenTtlSeconds, trustedIssuers } = settings
  const keys = new Map<TrustedIssuer, IssuerKeys>(trustedIssuers.map((entry) => [entry, createIssuerKeys(entry, { clock, log })]))
  const checks: AssertionChecks = { trust, keysOf: (entry) => keys.get(entry) as IssuerKeys, issuer, clock }
  const hasWorkloads = trustedIssuers.some(({ use }) => use.includes('workload'))
  const seconds = (): number => Math.floor(clock() / 1000)

  async function exchange(ctx: Ctx): Promise<void> {
    const unknown = checkConfidential(ctx)
    if (unknown) return refuse(unknown)
    const prepared = await prepare(ctx)
    if (isRefusal(prepared)) return refuse(prepared)
    const { params, client } = ctx.oidc
    const parts = { tokens, resources, hierarchy, accessTokenTtlSeconds }
    const wanted = await checkExchange(params, client.clientId, prepared, parts, seconds())
    if (isRefusal(wanted)) return refuse(wanted)
    await give(ctx, prepared, wanted)
  }
  async function takeAssertion(ctx: Ctx): Promise<void> {
    if (trustedIssuers.length === 0)
      return refuse(unauthorizedClient('no issuer is trusted here: the operator names them in trustedIssuers'))
    const { assertion } = ctx.oidc.params
    if (typeof assertion !== 'string' || assertion === '') return refuse(invalidRequest('assertion must be one signed JWT'))
    const kind = typeOf(assertion) === ID_JAG_TYPE ? 'id-jag' : 'workload'
    const checked = kind === 'id-jag' ? await idJag(ctx, assertion) : await workload(ctx, assertion)
    if (isRefusal(checked)) return refuse(checked)
    const prepared = await prepare(ctx)
    if (isRefusal(prepared)) return refuse(prepared)
    const { entry, claims } = checked
    const scopes = scopesFor(ctx, checked, prepared)
    const problem = problemWithBinding(claims['cnf'], prepared) ?? (isRefusal(scopes) ? scopes : undefined) ?? (await useUp(checked, kind))
    if (problem) return refuse(problem)
    const sub = toSub({ issuer: claims.iss, subject: claims.sub })
    const ttlSeconds = Math.min(entry.tokenTtlSeconds ?? 86_400, kind === 'workload' ? WORKLOAD_TTL_SECONDS : accessTokenTtlSeconds)
    await give(ctx, prepared, { sub, kind, scopes: scopes as readonly string[], exp: seconds() + ttlSeconds })
  }
  async function idJag(ctx: Ctx, text: string): Promise<(Assertion & { asserted?: readonly string[] | undefined }) | GrantRefusal> {
    return checkConfidential(ctx) ?? checkIdJag(text, ctx.oidc.client.clientId, checks, resources)
  }
  async function workload({ oidc: { client } }: Ctx, text: string): Promise<(Assertion & { asserted?: undefined }) | GrantRefusal> {
    if (client.clientId === WORKLOAD_CLIENT) return checkWorkload(text, checks)
    return invalidRequest(`a workload shows its assertion alone, without client authentication; an ID-JAG has the typ ${ID_JAG_TYPE}`)
  }
  /** What is asked, of what the assertion says, of what the rule allows, of what this client may have and there is. */
  function scopesFor(
    { oidc }: Ctx,
    { allowed, asserted }: Assertion & { asserted?: readonly string[] | undefined },
    { possible }: Prepared,
  ) {
    const asked = namedScopes(oidc.params.scope)
    const meant = asked.length > 0 ? asked : (asserted ?? allowed.scopes ?? shownScopes())
    const bounds = [asserted, allowed.scopes].filter((bound) => bound !== undefined)
    const granted = [...new Set(meant)].filter((one) => possible.includes(one) && bounds.every((bound) => hierarchy.covers(bound, one)))
    return granted.length > 0
      ? granted
      : invalidScope('none of these scopes is allowed by the assertion, the rule for its subject and the client')
  }
  /** The last check: what is refused before may come again. */
  async function useUp({ entry, claims }: Assertion, kind: string): Promise<GrantRefusal | undefined> {
    const { iss, jti, exp } = claims
    if (kind === 'workload' && (jti === undefined || entry.dangerouslyAllowReuse)) return undefined
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI)
      return invalidGrant(`the jti of the assertion must be text of 1 to ${MAX_JTI} characters`)
    // A NumericDate may have a fraction (RFC 7519 §2).
    const ttlSeconds = Math.ceil(exp) - seconds() + 2 * SKEW_SECONDS
    if (await artifacts.add('Assertion', JSON.stringify([iss, jti]), {}, { ttlSeconds })) return undefined
    return invalidGrant('the assertion was used before: get a new one for each request')
  }
  async function give(ctx: Ctx, prepared: Prepared, wanted: Issue): Promise<void> {
    await issue(ctx, prepared, { grants, clock, record }, wanted)
    await clients.used(ctx.oidc.client.clientId)
  }
  return {
    register(provider) {
      nameUnregistered(provider)
      provider.registerGrantType(TOKEN_EXCHANGE, exchange, exchangeParameters, ['audience', 'resource'])
      provider.registerGrantType(JWT_BEARER, takeAssertion, ['assertion', 'resource', 'scope'], ['resource'])
    },
    clients: hasWorkloads ? [workloadClient] : [],
    extraClaimsOf,
    nameWorkload(params, hasAuthorization) {
      if (hasWorkloads) nameWorkload(params, hasAuthorization)
    },
    close() {
      for (const each of keys.values()) each.close()
    },
  }
}

/** The library says `invalid_request` of a client that is not registered for a grant; RFC 6749 §5.2 has a code for it. */
function nameUnregistered(provider: Provider): void {
  const prototype = provider.Client.prototype as unknown as { grantTypeAllowed(type: string): boolean }
  const isAllowed = prototype.grantTypeAllowed
  prototype.grantTypeAllowed = function grantTypeAllowed(type) {
    if (isAllowed.call(this, type)) return true
    if (type !== TOKEN_EXCHANGE && type !== JWT_BEARER) return false
    return refuse(
      unauthorizedClient('the client is not registered for this grant: an operator makes one that is with `sallyport client create`'),
    )
  }
}

/** An assertion for the holder of one key (RFC 7800) makes a token for it. */
function problemWithBinding(cnf: unknown, { dPoP }: Prepared): GrantRefusal | undefined {
  if (cnf === undefined) return undefined
  const { jkt, ...others } = (cnf ?? {}) as Record<string, unknown>
  if (typeof jkt === 'string' && Object.keys(others).length === 0 && jkt === dPoP?.thumbprint) return undefined
  return invalidGrant('the assertion is bound to a key: prove to have it with a DPoP proof of that key')
}
