/**
 * What a client may be given, whoever allows it: what an operator registered it for, of what there is. And what it means
 * where it acts for itself and names nothing (RFC 6749 §4.4.2): all of that.
 *
 * Asked for each request, once the client is known. Fails closed: nothing left is refused, since a token without a scope
 * would only be refused later, and elsewhere.
 *
 * @module
 */

import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { ScopeHierarchy } from '../core/index.ts'
import type { Clients } from './clients.ts'
import { namedScopes } from './scopes.ts'

export interface ClientScopesParts {
  readonly clients: Pick<Clients, 'get'>
  readonly hierarchy: Pick<ScopeHierarchy, 'covers'>
}

export type Narrow = (scopes: readonly string[]) => readonly string[]

/** Takes out what the client was not registered for. One that registered itself asks a person for each. */
export async function narrowingFor(parts: ClientScopesParts, { clientId }: Pick<Client, 'clientId'>): Promise<Narrow> {
  return narrowTo((await parts.clients.get(clientId))?.scopes, parts)
}

function narrowTo(registered: readonly string[] | undefined, { hierarchy }: ClientScopesParts): Narrow {
  return registered === undefined ? (scopes) => scopes : (scopes) => scopes.filter((scope) => hierarchy.covers(registered, scope))
}

/** Which of the `known` scopes a token for the client may have; for one that acts for itself, the parameter says then which it gets. */
export async function scopesForToken(
  parts: ClientScopesParts,
  { oidc }: KoaContextWithOIDC,
  { clientId }: Pick<Client, 'clientId'>,
  known: readonly string[],
): Promise<readonly string[]> {
  const registered = (await parts.clients.get(clientId))?.scopes
  const possible = narrowTo(registered, parts)(known)
  const { params } = oidc
  if (params?.['grant_type'] !== 'client_credentials') return possible
  const named = namedScopes(params['scope'])
  // Nobody stands behind it but the operator, who has to have said what it may do.
  const granted = registered === undefined ? [] : (named.length === 0 ? registered : named).filter((scope) => possible.includes(scope))
  if (granted.length === 0) throw new errors.InvalidScope('the client is registered for none of these scopes', named.join(' '))
  params['scope'] = [...new Set(granted)].join(' ')
  return possible
}
