/** The authorization server of a guarded server, as it comes out of the store: addresses are text while they are kept. @module */

import type { AuthorizationRequest } from '../../client/index.ts'

type Issuer = AuthorizationRequest['server']

/** `kept`: ours, since nobody else could seal it. */
export function withAddresses(kept: Issuer): Issuer {
  const url = (text: URL | undefined): URL | undefined => (text === undefined ? undefined : new URL(text))
  return {
    ...kept,
    authorizationEndpoint: url(kept.authorizationEndpoint),
    deviceAuthorizationEndpoint: url(kept.deviceAuthorizationEndpoint),
    tokenEndpoint: new URL(kept.tokenEndpoint),
    registrationEndpoint: url(kept.registrationEndpoint),
    revocationEndpoint: url(kept.revocationEndpoint),
  }
}
