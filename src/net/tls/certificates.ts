/**
 * The certificates of `tls: 'local'`: an authority of this machine's own, which somebody has to trust once, and the
 * certificate of localhost under it. The authority may vouch for this machine's loopback names and for nothing else (RFC 5280
 * §4.2.1.10): whoever steals its key can pretend to be localhost, not to be a bank.
 *
 * @module
 */

import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import type * as X509 from '@peculiar/x509'
import { loadX509 } from './x509.ts'

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

export interface Period {
  readonly from: number
  readonly days: number
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 3_600_000
/** A clock that is a little behind must not find the certificate of the future. */
const SKEW_MS = 3_600_000
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const NAME_CONSTRAINTS = '2.5.29.30'
/** As octets, with the mask that a constraint takes (RFC 5280 §4.2.1.10). */
const IPV4 = [127, 0, 0, 1]
const IPV6 = [...Array(15).fill(0), 1] as number[]

export async function createAuthority(name: string, period: Period): Promise<KeyPair> {
  const x509 = loadX509()
  const keys = await generateKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(period),
    name,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.Extension(NAME_CONSTRAINTS, true, nameConstraints()),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return toKeyPair(cert, keys)
}

/** For localhost, 127.0.0.1 and ::1. */
export async function createLocalCertificate(authority: KeyPair, period: Period): Promise<KeyPair> {
  const x509 = loadX509()
  const keys = await generateKeys()
  const issuer = new x509.X509Certificate(authority.cert)
  const pkcs8 = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' })
  const cert = await x509.X509CertificateGenerator.create({
    ...validity(period),
    subject: 'CN=localhost',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), ALGORITHM, false, ['sign']),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return toKeyPair(cert, keys)
}

/** Whether it can be used for so much longer, and, where there is an authority, was signed by it. */
export function isGoodUntil({ cert, key }: KeyPair, at: number, authority?: KeyPair): boolean {
  const parsed = new X509Certificate(cert)
  if (!parsed.checkPrivateKey(createPrivateKey(key)) || parsed.validToDate.getTime() < at) return false
  return authority === undefined || parsed.verify(new X509Certificate(authority.cert).publicKey)
}

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

function validity({ from, days }: Period): { serialNumber: string; notBefore: Date; notAfter: Date } {
  // Positive, and never twice (RFC 5280 §4.1.2.2).
  const serialNumber = `40${randomBytes(15).toString('hex')}`
  return { serialNumber, notBefore: new Date(from - SKEW_MS), notAfter: new Date(from + days * DAY_MS) }
}

async function toKeyPair(cert: X509.X509Certificate, { privateKey }: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')
  return {
    cert: `${cert.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${(pkcs8.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`,
  }
}

/** What may be signed: `permittedSubtrees` in DER, since the library has no class for them. */
function nameConstraints(): Uint8Array<ArrayBuffer> {
  const dns = (name: string) => der(0x30, der(0x82, [...Buffer.from(name)]))
  const ip = (address: number[]) => der(0x30, der(0x87, [...address, ...address.map(() => 0xff)]))
  return Uint8Array.from(der(0x30, der(0xa0, [...dns('localhost'), ...ip(IPV4), ...ip(IPV6)])))
}

/** Short lengths only: all that is written here. */
const der = (tag: number, content: number[]): number[] => [tag, content.length, ...content]
