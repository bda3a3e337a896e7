/**
 * The certificate that a caller has shown it holds the key of: on a TLS connection of our own, or, where an operator has
 * said so, in a field that a trusted proxy writes (RFC 9440). A field from anybody else is nobody's word: it is ignored,
 * as if there were none.
 *
 * It proves nothing of who somebody is. A client's registration says what a certificate is worth, and a token may be bound
 * to one (RFC 8705).
 *
 * @module
 */

import { hash, X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { type CertificateSource, type ClientCertificate, noCertificates, type TlsOptions } from '../../net/index.ts'
import { createIsFromProxy, type ProxyOptions } from './client-address.ts'
import { isRepeated } from './repeated.ts'

type Presenting = Parameters<CertificateSource['of']>[0]

/** For an exchange: looked up when a token asks for it, since most do not. */
export function certificateOf(request: Presenting, source: CertificateSource): (() => string | undefined) | undefined {
  return source.isOn ? () => source.of(request)?.thumbprint : undefined
}

/** A field is longer than any certificate that people use, and bounded before it is read. */
const MAX_FIELD = 16_384

export function createCertificateSource(proxy: ProxyOptions | undefined, tls: TlsOptions | undefined): CertificateSource {
  const { clientCertificate } = proxy ?? {}
  if (proxy && clientCertificate) {
    const isFromProxy = createIsFromProxy(proxy)
    const { header, verified } = clientCertificate
    const name = header.toLowerCase()
    return {
      of(request) {
        const field = request.headers[name]
        if (typeof field !== 'string' || !isFromProxy(request) || isRepeated(request.rawHeaders, name)) return undefined
        return toCertificate(parseField(field), verified)
      },
      isOn: true,
      verifies: verified,
    }
  }
  const { clientCertificates = 'off', ca } = tls ?? {}
  if (clientCertificates === 'off') return noCertificates
  // Without an authority of the operator's, Node would take any that browsers know.
  const hasAuthority = ca !== undefined
  return {
    of: ({ socket }) =>
      socket instanceof TLSSocket ? toCertificate(socket.getPeerX509Certificate(), hasAuthority && socket.authorized) : undefined,
    isOn: true,
    verifies: hasAuthority,
  }
}

function toCertificate(certificate: X509Certificate | undefined, isVerified: boolean): ClientCertificate | undefined {
  return certificate && { certificate, isVerified, thumbprint: hash('sha256', certificate.raw, 'base64url') }
}

/** As RFC 9440 §2.1 has it, `:BASE64 OF DER:`, or PEM with its lines escaped, as nginx writes it. */
function parseField(field: string): X509Certificate | undefined {
  if (field.length > MAX_FIELD) return undefined
  const [, base64] = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(field) ?? []
  try {
    if (base64 !== undefined) return new X509Certificate(Buffer.from(base64, 'base64'))
    return field.startsWith('-----BEGIN') ? new X509Certificate(decodeURIComponent(field)) : undefined
  } catch {
    return undefined
  }
}
