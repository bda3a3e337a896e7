/**
 * Enterprise-managed authorization (SEP-990): an identity provider says with an ID-JAG that one of its people may use this server through
 * one client, and nobody is asked again. The person is a principal of that issuer: an account here with the same name is somebody else.
 *
 * Fails closed. draft-ietf-oauth-identity-assertion-authz-grant; ext-auth enterprise-managed-authorization §4.3, §5.1.
 *
 * @module
 */

import { isRefusal } from '../refusal.ts'
import type { Resources } from '../resources.ts'
import { namedScopes } from '../scopes.ts'
import type { Assertion, AssertionChecks } from './assertion.ts'
import { checkAssertion } from './assertion.ts'
import { type GrantRefusal, invalidGrant, invalidRequest, invalidTarget } from './refusal.ts'

export const ID_JAG_TYPE = 'oauth-id-jag+jwt'
/** They are made for one request to us; real ones are good for five minutes. */
const MAX_SECONDS = 3600

/** `clientId`: the client that has authenticated. */
export async function checkIdJag(
  text: string,
  clientId: string,
  checks: AssertionChecks,
  resources: Pick<Resources, 'canonicalize'>,
): Promise<(Assertion & { readonly asserted: readonly string[] | undefined }) | GrantRefusal> {
  const requiredClaims = ['jti', 'client_id', 'resource']
  const checked = await checkAssertion(text, { use: 'id-jag', types: [ID_JAG_TYPE], requiredClaims, maxSeconds: MAX_SECONDS }, checks)
  if (isRefusal(checked)) return checked
  const { client_id: named, resource, scope, authorization_details: details } = checked.claims
  if (named !== clientId)
    return invalidGrant('the client_id of the ID-JAG is not the client that authenticated: the identity provider must know its id here')
  if (typeof resource !== 'string' || resources.canonicalize(resource) === undefined)
    return invalidTarget('the resource of the ID-JAG must be the URL of this MCP server, as its protected resource metadata writes it')
  // What limits it in a way that is not understood here would be dropped.
  if (details !== undefined) return invalidRequest('authorization_details are not supported here: say it with scope')
  if (scope !== undefined && typeof scope !== 'string') return invalidGrant('the scope of the ID-JAG must be text, with spaces in between')
  return { ...checked, asserted: scope === undefined ? undefined : namedScopes(scope) }
}
