/** An authority of the test's own, and certificates under it: real ones, made on the spot. */

import { webcrypto } from 'node:crypto'
import { loadX509 } from '../../src/net/tls/x509.ts'

export interface Pem {
  readonly cert: string
  readonly key: string
}

export interface TestAuthority {
  /** The authority's own certificate: what clients trust. */
  readonly cert: string
  /** For a server of these names; a client where there are none, or where that is said. */
  issue(names?: readonly string[], over?: { readonly days?: number; readonly isClient?: boolean }): Promise<Pem>
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 3_600_000
const generate = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

export async function createTestAuthority(name = 'test authority'): Promise<TestAuthority> {
  const x509 = loadX509()
  const keys = await generate()
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    cert: own.toString('pem'),
    async issue(names = [], { days = 10, isClient = names.length === 0 } = {}) {
      const mine = await generate()
      const cert = await x509.X509CertificateGenerator.create({
        subject: `CN=${names[0] ?? 'a client'}`,
        issuer: own.subject,
        notBefore: new Date(Date.now() - 20 * DAY_MS),
        notAfter: new Date(Date.now() + days * DAY_MS),
        publicKey: mine.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.ExtendedKeyUsageExtension([isClient ? '1.3.6.1.5.5.7.3.2' : '1.3.6.1.5.5.7.3.1']),
          ...(names.length > 0
            ? [
                new x509.SubjectAlternativeNameExtension(
                  names.map((value) => ({ type: /^[\d.:]+$/.test(value) ? ('ip' as const) : ('dns' as const), value })),
                ),
              ]
            : []),
        ],
      })
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', mine.privateKey)).toString('base64')
      return { cert: cert.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` }
    },
  }
}
