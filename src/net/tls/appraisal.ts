/**
 * What is weak or soon over in a chain of certificates. Pure: certificates and the time in, problems out, each with a word for what it is.
 *
 * @module
 */

import type { X509Certificate } from 'node:crypto'

export type Weakness =
  | { readonly kind: 'ended' | 'ends_soon'; readonly name: string; readonly days: number }
  | { readonly kind: 'weak_key'; readonly name: string; readonly found: string }
  | { readonly kind: 'weak_signature'; readonly name: string; readonly found: string }

const DAY_MS = 24 * 3_600_000
/** Whoever renews by hand needs a while; programs renew a third of the time before the end. */
export const SOON_DAYS = 21
/** NIST SP 800-131A: less than 112 bits of security is not to be used. */
const MIN_RSA_BITS = 2048
const MIN_EC_BITS: Readonly<Record<string, number>> = { prime192v1: 192, secp192k1: 192, secp160r1: 160, secp160k1: 160 }

export function appraise(chain: readonly X509Certificate[], now: number): Weakness[] {
  return chain.flatMap((certificate) => {
    const name = nameOf(certificate)
    const found: Weakness[] = []
    const days = Math.floor((certificate.validToDate.getTime() - now) / DAY_MS)
    if (days < SOON_DAYS) found.push({ kind: days < 0 ? 'ended' : 'ends_soon', name, days })
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey
    const { modulusLength, namedCurve } = details ?? {}
    if (modulusLength !== undefined && modulusLength < MIN_RSA_BITS)
      found.push({ kind: 'weak_key', name, found: `${type} ${modulusLength}` })
    if (namedCurve !== undefined && namedCurve in MIN_EC_BITS) found.push({ kind: 'weak_key', name, found: namedCurve })
    const { signatureAlgorithm } = certificate
    // A root is believed for being there, and not for what it says of itself.
    const isRoot = certificate.issuer === certificate.subject
    if (!isRoot && signatureAlgorithm !== undefined && /sha-?1(?!\d)|md[245]/i.test(signatureAlgorithm))
      found.push({ kind: 'weak_signature', name, found: signatureAlgorithm })
    return found
  })
}

/** `CN=…` as a person reads it, bounded: it is the other side's word. */
export function nameOf({ subject, subjectAltName }: X509Certificate): string {
  const [, common] = /(?:^|\n)CN=([^\n]*)/.exec(subject ?? '') ?? []
  return (common ?? subjectAltName ?? 'a certificate without a name').slice(0, 100)
}
