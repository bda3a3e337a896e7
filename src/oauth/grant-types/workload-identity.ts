/**
 * Workload identity (SEP-1933, RFC 7523 §2.1): what runs on a platform shows the platform's word for what it is, and needs no secret of
 * ours and no registration. A rule of the operator says which `sub` may do what.
 *
 * The provider wants a client for every request: here it is one for all (`WORKLOAD_CLIENT`), which is told by the assertion alone and
 * can do nothing else. An id that the workload sends along proves nothing and is not looked at.
 *
 * Fails closed.
 *
 * @module
 */

import type { ClientMetadata } from 'oidc-provider'
import { isRefusal } from '../refusal.ts'
import type { Assertion, AssertionChecks } from './assertion.ts'
import { checkAssertion, SKEW_SECONDS, typeOf } from './assertion.ts'
import { ID_JAG_TYPE } from './id-jag.ts'
import { JWT_BEARER } from './metadata.ts'
import { type GrantRefusal, invalidGrant } from './refusal.ts'
import { WORKLOAD_CLIENT } from './subjects.ts'

/** Kubernetes writes no typ, GitHub Actions JWT, SPIFFE JWT or JOSE. An ID-JAG or an access token of the issuer is none of these. */
const types = [undefined, 'jwt', 'jose']
const MAX_SECONDS = 86_400
/** Whether it comes a second time cannot be told, so that it is good for about as long as a request takes. */
const MAX_AGE_WITHOUT_JTI_SECONDS = 300
/** Nobody watches it: what leaks is soon worth nothing. */
export const WORKLOAD_TTL_SECONDS = 900

export const workloadClient: ClientMetadata = {
  client_id: WORKLOAD_CLIENT,
  client_name: 'Workload',
  token_endpoint_auth_method: 'none',
  grant_types: [JWT_BEARER],
  response_types: [],
  redirect_uris: [],
}

export async function checkWorkload(text: string, checks: AssertionChecks): Promise<Assertion | GrantRefusal> {
  const checked = await checkAssertion(text, { use: 'workload', types, requiredClaims: [], maxSeconds: MAX_SECONDS }, checks)
  if (isRefusal(checked) || checked.claims.jti !== undefined || checked.entry.dangerouslyAllowReuse) return checked
  if (checks.clock() / 1000 - checked.claims.iat <= MAX_AGE_WITHOUT_JTI_SECONDS + SKEW_SECONDS) return checked
  return invalidGrant(`an assertion without a jti is good for ${MAX_AGE_WITHOUT_JTI_SECONDS} seconds after its iat: get a new one`)
}

/** Before the provider looks for a client: names the one of all workloads where the request is one's. `hasAuthorization`: that header is there. */
export function nameWorkload(params: URLSearchParams, hasAuthorization: boolean): void {
  const authenticates = hasAuthorization || params.has('client_secret') || params.has('client_assertion')
  const isWorkload = params.get('grant_type') === JWT_BEARER && typeOf(params.get('assertion') ?? '') !== ID_JAG_TYPE
  if (isWorkload && !authenticates) params.set('client_id', WORKLOAD_CLIENT)
}
