/**
 * Writes down what a person allowed, as one grant: what of it came is bound by it in scope and in time, and ends with it.
 *
 * @module
 */

import type { Provider } from 'oidc-provider'
import type { Clients } from '../clients.ts'
import { type Lasting, secondsOf } from '../grant-time.ts'
import type { OpenInteraction } from '../interaction.ts'
import type { Settings } from '../options.ts'
import type { Resources } from '../resources.ts'
import { namedScopes, OFFLINE_ACCESS } from '../scopes.ts'

export interface GrantingParts {
  readonly provider: Provider
  readonly settings: Pick<Settings, 'keyRing' | 'accessTokenTtlSeconds'>
  readonly resources: Resources
  readonly clients: Pick<Clients, 'keep'>
}

export interface Allowed {
  readonly granted: readonly string[]
  readonly refused: readonly string[]
  /** Without meaning for a client that gets no refresh token: its one token says how long. */
  readonly lasts: Lasting
}

/** Answers the grant's id. */
export type Grant = (opened: OpenInteraction, accountId: string, allowed: Allowed) => Promise<string>

/** A grant outlives the one token that comes of it by the clocks' difference. */
const MARGIN_SECONDS = 600

export function createGranting({ provider, settings, resources, clients }: GrantingParts): Grant {
  const { keyRing, accessTokenTtlSeconds } = settings
  return async ({ interaction, clientId, renews }, accountId, { granted, refused, lasts }) => {
    // First kept, then granted: a client that ended in between has no grant.
    await clients.keep(clientId)
    const grant = new provider.Grant({ accountId, clientId })
    // A form that is sent twice is one answer: both write the same grant.
    grant.jti = keyRing.mac('grant', interaction.uid).toString('base64url')
    const ttlSeconds = renews ? secondsOf[lasts] : accessTokenTtlSeconds + MARGIN_SECONDS
    ;(grant as unknown as { expiresIn: number }).expiresIn = ttlSeconds
    grant.addResourceScope(resources.canonical, [...granted])
    if (refused.length > 0) grant.rejectResourceScope(resources.canonical, [...refused])
    if (namedScopes(interaction.params['scope']).includes(OFFLINE_ACCESS)) grant.addOIDCScope(OFFLINE_ACCESS)
    return grant.save()
  }
}
