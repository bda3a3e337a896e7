/**
 * Clients that prove who they are with a certificate (RFC 8705), for the library: which certificate came, whether an
 * authority of the operator's has signed it, and whether it is the one that the client was registered with. Where it came
 * from is the transport's matter (`CertificateSource`). Fails closed: no certificate, no client.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Configuration } from 'oidc-provider'
import type { CertificateSource } from '../net/index.ts'
import { isCertificateOf, type NameKind } from './mtls-names.ts'

type Mtls = NonNullable<NonNullable<Configuration['features']>['mTLS']>

/** For `features.mTLS`. */
export function mtlsFeature({ of, isOn, verifies }: CertificateSource): Mtls {
  if (!isOn) return { enabled: false }
  const presented = ({ req }: { readonly req: IncomingMessage }) => of(req)
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: verifies,
    getCertificate: (ctx) => presented(ctx)?.certificate,
    certificateAuthorized: (ctx) => presented(ctx)?.isVerified === true,
    certificateSubjectMatches(ctx, kind, expected) {
      const found = presented(ctx)
      return found !== undefined && isCertificateOf(found.certificate, kind as NameKind, expected)
    },
  }
}
