/** An authority of the test's own, and certificates under it: real ones, made on the spot. */

import { webcrypto } from 'node:crypto'
import type * as X509 from '@peculiar/x509'
import { loadX509 } from '../../src/net/tls/x509.ts'

export interface Pem {
  readonly cert: string
  readonly key: string
}

export interface Issuing {
  readonly days?: number
  readonly isClient?: boolean
  /** Of RSA with so many bits, and not on P-256. */
  readonly rsaBits?: number
}

export interface TestAuthority {
  /** The authority's own certificate: what clients trust. */
  readonly cert: string
  /** For a server of these names; a client where there are none, or where that is said. */
  issue(names?: readonly string[], over?: Issuing): Promise<Pem>
  /** One below it, which whoever shows a certificate of it must show too. */
  intermediate(): Promise<TestAuthority>
}

export interface AuthorityOptions {
  /** What it signs with, where it is RSA; ECDSA with SHA-256 unless told. */
  readonly rsaHash?: 'SHA-1' | 'SHA-256'
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const rsa = (modulusLength: number, hash: string) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash,
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength,
})
type Algorithm = typeof ECDSA | ReturnType<typeof rsa>
const DAY_MS = 24 * 3_600_000
const generate = (algorithm: Algorithm) =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

export async function createTestAuthority(name = 'test authority', { rsaHash }: AuthorityOptions = {}): Promise<TestAuthority> {
  const x509 = loadX509()
  const signingAlgorithm = rsaHash === undefined ? ECDSA : rsa(2048, rsaHash)
  const keys = await generate(signingAlgorithm)
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    keys,
    signingAlgorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return toAuthority(own, keys, signingAlgorithm)
}

function toAuthority(own: X509.X509Certificate, keys: webcrypto.CryptoKeyPair, signingAlgorithm: Algorithm): TestAuthority {
  const x509 = loadX509()
  const signed = { issuer: own.subject, signingKey: keys.privateKey, signingAlgorithm }
  return {
    cert: own.toString('pem'),
    async issue(names = [], { days = 10, isClient = names.length === 0, rsaBits } = {}) {
      const mine = await generate(rsaBits === undefined ? ECDSA : rsa(rsaBits, 'SHA-256'))
      const cert = await x509.X509CertificateGenerator.create({
        ...signed,
        subject: `CN=${names[0] ?? 'a client'}`,
        notBefore: new Date(Date.now() - 20 * DAY_MS),
        notAfter: new Date(Date.now() + days * DAY_MS),
        publicKey: mine.publicKey,
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
    async intermediate() {
      const mine = await generate(ECDSA)
      const cert = await x509.X509CertificateGenerator.create({
        ...signed,
        subject: `${own.subject} below`,
        notAfter: new Date(Date.now() + 30 * DAY_MS),
        publicKey: mine.publicKey,
        extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
      })
      return toAuthority(cert, mine, ECDSA)
    },
  }
}
