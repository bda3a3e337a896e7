/**
 * One TLS handshake with a server, to look at what it offers: which version, and which certificates. Nothing is sent over it. It is verified
 * as any other connection is; what is wrong comes back as the code that a caller would be refused with.
 *
 * Answers with a value, whatever the other side does, within a time.
 *
 * @module
 */

import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'

export interface HandshakeOptions {
  readonly host: string
  readonly port: number
  /** This version and no other; what would be spoken unless told. */
  readonly version?: SecureVersion | undefined
  /** Certificate authorities in PEM; Node's own where it is absent. */
  readonly ca?: readonly string[] | undefined
  readonly timeoutMs?: number | undefined
}

export type Handshake =
  /** The server's own first, then each that signed the one before. */
  | { readonly done: true; readonly version: string; readonly chain: readonly X509Certificate[] }
  | { readonly done: false; readonly code: string }

const TIMEOUT_MS = 5_000
const MAX_CHAIN = 10
/** What no caller speaks any more (RFC 8996): that a server still does can be seen only by offering it. */
const OLD: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1']

export function shakeHands({ host, port, version, ca, timeoutMs = TIMEOUT_MS }: HandshakeOptions): Promise<Handshake> {
  const bare = host.replace(/^\[|\]$/g, '')
  return new Promise((resolve) => {
    const end = (outcome: Handshake): void => {
      clearTimeout(timer)
      resolve(outcome)
      socket?.destroy()
    }
    const timer = setTimeout(() => end({ done: false, code: 'ETIMEDOUT' }), timeoutMs)
    let socket: TLSSocket | undefined
    try {
      socket = connect({
        host: bare,
        port,
        rejectUnauthorized: true,
        ALPNProtocols: ['http/1.1'],
        ...(isIP(bare) === 0 && { servername: bare }),
        ...(ca && { ca: [...ca] }),
        ...(version && { minVersion: version, maxVersion: version }),
        ...(version && OLD.includes(version) && { ciphers: 'DEFAULT:@SECLEVEL=0' }),
      })
      socket.once('secureConnect', function secured(this: TLSSocket) {
        end({ done: true, version: this.getProtocol() ?? '', chain: chainOf(this) })
      })
      socket.on('error', (error: NodeJS.ErrnoException) => end({ done: false, code: codeOf(error) }))
    } catch (error) {
      // A version that this Node was built without.
      end({ done: false, code: codeOf(error as NodeJS.ErrnoException) })
    }
  })
}

/** Node has no code for what OpenSSL finds too weak; OpenSSL's own words for it are few. */
function codeOf({ code = 'unknown', message }: NodeJS.ErrnoException): string {
  if (code !== 'UNSPECIFIED') return code
  if (/certificate key too weak/.test(message)) return 'KEY_TOO_SMALL'
  return /signature digest algorithm too weak/.test(message) ? 'MD_TOO_WEAK' : code
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = []
  let next = socket.getPeerCertificate(true)
  while (next?.raw && chain.length < MAX_CHAIN) {
    chain.push(new X509Certificate(next.raw))
    // A root says that it has signed itself.
    if (next.issuerCertificate === next) break
    next = next.issuerCertificate
  }
  return chain
}

/** Whether the version was agreed on, and only the certificate was not believed. */
export const isCertificateProblem = (code: string): boolean =>
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT_|KEY_TOO_SMALL|MD_TOO_WEAK|UNSPECIFIED)/.test(
    code,
  )
