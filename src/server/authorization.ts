/** Who issues the tokens of a service: our own authorization server, or somebody else's where an operator says so. @module */

import { type AuthorizationServer, createAuthorizationServer, createExternalAuthorization } from '../oauth/index.ts'
import type { createAddressOf, createCertificateSource } from '../transports/index.ts'
import type { Engine } from './engine.ts'
import type { Foundation } from './foundation.ts'
import type { Site } from './listen.ts'
import type { ServiceOptions } from './service.ts'

export interface AuthorizationParts {
  readonly options: ServiceOptions
  readonly engine: Engine
  readonly base: Foundation
  readonly addressOf: ReturnType<typeof createAddressOf>
  readonly certificates: ReturnType<typeof createCertificateSource>
  readonly requireDpopNonce: boolean
}

export function createAuthorization(
  site: Site,
  { options, engine, base, addressOf, certificates, requireDpopNonce }: AuthorizationParts,
): AuthorizationServer {
  const { data, log } = options
  const { store, bus, counters, clock } = base
  const { issuer, ...rest } = options.auth ?? {}
  if (issuer !== undefined) {
    const { shownScopes } = engine.catalogue
    return createExternalAuthorization({ options: { ...rest, issuer }, resources: site.resources, shownScopes, clock, log })
  }
  return createAuthorizationServer({
    ...site,
    scopes: engine.catalogue.scopes,
    shownScopes: engine.catalogue.shownScopes,
    hierarchy: options.hierarchy,
    offers: ({ user, ...to }) =>
      engine.catalogue.offers({ ...to, issuer: site.issuer, subject: user, user, credential: 'token', credentialId: '' }),
    requireDpopNonce,
    trustedIssuers: options.auth?.trustedIssuers,
    signIn: options.auth?.signIn,
    localAccounts: options.auth?.localAccounts,
    signingKeyDays: options.auth?.signingKeyDays,
    connections: options.connections,
    cimd: options.cimd,
    store,
    keyRing: data.keyRing,
    vault: data.vault,
    bus,
    counters,
    clock,
    log,
    audit: engine.record,
    addressOf,
    certificates,
  })
}
