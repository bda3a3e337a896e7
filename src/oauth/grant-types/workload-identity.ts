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
import type { Assertion, AssertionChecks } from './assertion.ts'
import { checkAssertion, typeOf } from './assertion.ts'
import { ID_JAG_TYPE } from './id-jag.ts'
import { JWT_BEARER } from './metadata.ts'
import type { Refusal } from './refusal.ts'
import { WORKLOAD_CLIENT } from './subjects.ts'

/** Kubernetes writes no typ, GitHub Actions JWT, SPIFFE JWT or JOSE. An ID-JAG or an access token of the issuer is none of these. */
const types = [undefined, 'jwt', 'jose']
const MAX_SECONDS = 86_400
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

export const checkWorkload = (text: string, checks: AssertionChecks): Promise<Assertion | Refusal> =>
  checkAssertion(text, { use: 'workload', types, requiredClaims: [], maxSeconds: MAX_SECONDS }, checks)

/** Before the provider looks for a client: names the one of all workloads where the request is one's. `hasAuthorization`: that header is there. */
export function nameWorkload(params: URLSearchParams, hasAuthorization: boolean): void {
  const authenticates = hasAuthorization || params.has('client_secret') || params.has('client_assertion')
  const isWorkload = params.get('grant_type') === JWT_BEARER && typeOf(params.get('assertion') ?? '') !== ID_JAG_TYPE
  if (isWorkload && !authenticates) params.set('client_id', WORKLOAD_CLIENT)
}
