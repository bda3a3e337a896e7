/**
 * The seam for the certificates of clients: which one a request came with. It proves nothing of who somebody is: a client's
 * registration says what a certificate is worth, and a token may be bound to one (RFC 8705).
 *
 * @module
 */

import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export interface ClientCertificate {
  readonly certificate: X509Certificate
  /** Whether an authority that the operator named has signed it, and its time has not ended. */
  readonly isVerified: boolean
  /** Base64url of the SHA-256 of its DER: what a token is bound to (RFC 8705 §3.1). */
  readonly thumbprint: string
}

export interface CertificateSource {
  of(request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket'>): ClientCertificate | undefined
  /** Whether one can come at all. */
  readonly isOn: boolean
  /** Whether anybody has looked who signed it. */
  readonly verifies: boolean
}

export const noCertificates: CertificateSource = { of: () => undefined, isOn: false, verifies: false }
