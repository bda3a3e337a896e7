/** What grants access whoever issued it: signed tokens, private keys, credentials in URLs, headers and command lines, hashes. @module */

import { isPasswordLike, isStandIn } from '../entropy.ts'
import { type SecretPattern, token } from './pattern.ts'

const isCredential = (value: string): boolean => value.length >= 8 && /\d|[A-Z].*[a-z]|[a-z].*[A-Z]/.test(value) && !isStandIn(value)

const privateKey = /^-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/
const endsPem = /-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/y

/** The body and what old ones say before it hold no two hyphens together; where the end of it is missing, all that may be body goes. */
function endOfPem(text: string, from: number, most: number): number {
  const hyphens = text.indexOf('--', from)
  if (hyphens === -1 || hyphens >= most) return most
  endsPem.lastIndex = hyphens
  return endsPem.test(text) ? endsPem.lastIndex : hyphens
}

export const shapes: readonly SecretPattern[] = [
  // RFC 7519, RFC 7515 §3.1: header and claims are JSON objects, the signature may be empty.
  token('jwt', 'eyj', 'eyJ[\\w-]{8,}\\.eyJ[\\w-]{2,}\\.[\\w-]*', { window: 16_384 }),
  token('private-key', '-----begin', '-----BEGIN [A-Z0-9 ]{11,47}-----', {
    window: 16_384,
    inWord: true,
    goesOn: endOfPem,
    check: (pem) => privateKey.test(pem),
  }),
  token('putty-key', 'private-lines:', 'Private-Lines: \\d+((?:\\s+[A-Za-z0-9+/=]{20,64})+)', { window: 8_192 }),
  token('url-password', '://', '://([^\\s:@/"\']*:[^\\s:@/"\']+)@', { inWord: true, window: 1_024 }),
  token(
    'authorization',
    'authorization',
    '(?i:authorization)["\'\\\\]{0,3}\\s{0,3}[:=]\\s{0,3}["\'\\\\]{0,3}(?i:b(?:asic|earer)|token|d(?:igest|pop)|api-?key|negotiate|key)\\s{1,3}([\\w.~+/=%-]{6,})',
    { inWord: true, byName: true, window: 8_192, check: isCredential },
  ),
  token('bearer', 'bearer', '(?i:bearer) {1,3}["\']?([\\w.~+/-]{16,}=*)', { byName: true, window: 8_192, check: isCredential }),
  token('otp-seed', 'otpauth://', 'otpauth://[^\\s"\'<>]{10,}'),
  token('password-hash', '$2a$ $2b$ $2y$', '\\$2[aby]\\$\\d\\d\\$[./A-Za-z0-9]{53}', { inWord: true }),
  token('password-hash', '$argon2', '\\$argon2(?:id?|d)\\$[\\w=,.$+/]{40,}', { inWord: true }),
  token('password-hash', '$5$ $6$ $y$', '\\$(?:5|6|y)\\$[./A-Za-z0-9$=]{30,}', { inWord: true }),
  {
    id: 'command-line-password',
    literals: ['sshpass -p'],
    pattern: 'sshpass -p ?["\']?([^\\s"\']{6,128})',
    inWord: true,
    check: isPasswordLike,
  },
  // curl and what takes its options: only with a password that looks like one, since `-u 1000:1000` is a user.
  {
    id: 'command-line-password',
    literals: ['-u ', '--user ', '--user='],
    pattern: '-(?:u |-user[ =])["\']?[^\\s"\':]{1,64}:([^\\s"\'<>]{6,128})',
    inWord: true,
    check: isPasswordLike,
  },
]
