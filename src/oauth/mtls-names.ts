/**
 * Whether a certificate bears the name that a client was registered with (RFC 8705 §2.1.2). Pure. What cannot be read for
 * certain is another name.
 *
 * @module
 */

import type { X509Certificate } from 'node:crypto'
import { BlockList, isIP } from 'node:net'

export type NameKind =
  | 'tls_client_auth_subject_dn'
  | 'tls_client_auth_san_dns'
  | 'tls_client_auth_san_uri'
  | 'tls_client_auth_san_ip'
  | 'tls_client_auth_san_email'

export function isCertificateOf(certificate: X509Certificate, kind: NameKind, expected: string): boolean {
  const names = (label: string) => alternativeNames(certificate.subjectAltName).filter(([type]) => type === label)
  switch (kind) {
    case 'tls_client_auth_subject_dn': {
      const [given, wanted] = [subjectOf(certificate.subject), parseDn(expected)]
      return given !== undefined && wanted !== undefined && JSON.stringify(given) === JSON.stringify(wanted)
    }
    case 'tls_client_auth_san_dns':
      return names('DNS').some(([, value]) => value.toLowerCase() === expected.toLowerCase())
    case 'tls_client_auth_san_uri':
      return names('URI').some(([, value]) => value === expected)
    case 'tls_client_auth_san_email':
      return names('email').some(([, value]) => value === expected)
    case 'tls_client_auth_san_ip':
      return names('IP Address').some(([, value]) => isSameAddress(value, expected))
    default:
      return false
  }
}

type Attribute = readonly [type: string, value: string]

/** As Node writes it: an attribute a line, the outermost first. RFC 4514 begins with the innermost. */
function subjectOf(subject: string | undefined): readonly Attribute[] | undefined {
  const attributes: Attribute[] = []
  for (const line of (subject ?? '').split('\n').reverse()) {
    const at = line.indexOf('=')
    // Several attributes in one place, and characters that Node has escaped, are not read here.
    if (at < 1 || line.includes(' + ') || line.includes('\\')) return undefined
    attributes.push([line.slice(0, at).toUpperCase(), line.slice(at + 1)])
  }
  return attributes
}

/** `CN=reports,O=Example Ltd\, London`: RFC 4514 §2, with one attribute in each place. */
export function parseDn(text: string): readonly Attribute[] | undefined {
  const attributes: Attribute[] = []
  for (const part of text.split(/(?<!\\),/)) {
    const [, type, escaped] = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*(.*?)\s*$/s.exec(part) ?? []
    if (type === undefined || escaped === undefined || escaped === '' || /(?<!\\)\+/.test(escaped)) return undefined
    if (/\\(?![ "#+,;<=>\\])/.test(escaped)) return undefined
    attributes.push([type.toUpperCase(), escaped.replace(/\\(.)/g, '$1')])
  }
  return attributes.length === 0 ? undefined : attributes
}

/** `DNS:a.example, URI:"https://b.example/x, y"`: Node quotes a value in which a comma could end it, as JSON does. */
function alternativeNames(text: string | undefined): Attribute[] {
  const found: Attribute[] = []
  for (const [, type = '', quoted, plain = ''] of (text ?? '').matchAll(/([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^",]*))(?:, |$)/gy)) {
    found.push([type.trim(), quoted === undefined ? plain : (JSON.parse(quoted) as string)])
  }
  return found
}

/** However the two are written. */
function isSameAddress(one: string, other: string): boolean {
  const family = isIP(one)
  if (family === 0 || family !== isIP(other)) return false
  const list = new BlockList()
  const name = family === 6 ? 'ipv6' : 'ipv4'
  list.addAddress(one, name)
  return list.check(other, name)
}
