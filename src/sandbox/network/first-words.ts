/**
 * What a program begins to say on a connection: TLS and the name in it, HTTP, or something else. A host that was granted by name is often
 * one of many at its address, and which of them is meant is said here alone (domain fronting).
 *
 * @module
 */

import { readClientHello } from './client-hello.ts'

export type FirstWords =
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'tls'; readonly name: string | undefined }
  | { readonly kind: 'http' }
  | { readonly kind: 'other' }

const HANDSHAKE = 22
/** As much of a request line as anybody reads. */
const MAX_LINE = 8192

/** `bytes`: all that came so far. Bounded by what it takes to know. */
export function readFirstWords(bytes: Buffer): FirstWords {
  if (bytes.length === 0) return { kind: 'more' }
  if (bytes[0] === HANDSHAKE) {
    const hello = readClientHello(bytes)
    return hello.kind === 'hello' ? { kind: 'tls', name: hello.name } : hello
  }
  return readLine(bytes.subarray(0, MAX_LINE).toString('latin1'))
}

/** A request line, and the empty lines that a server passes over before it (RFC 9112 §2.2). */
function readLine(text: string): FirstWords {
  const line = text.replace(/^[\r\n]+/, '')
  if (line.length === 0) return text.length < MAX_LINE ? { kind: 'more' } : { kind: 'other' }
  // Its first word is a token of at most a few letters: most of what is not HTTP is known by its first byte. The white space after it is
  // what lenient servers take (RFC 9112 §3).
  if (!/^[\w!#$%&'*+.^`|~-]{1,32}(?:[ \t\v\f\r]|$)/.test(line)) return { kind: 'other' }
  const end = line.indexOf('\n')
  if (end === -1) return text.length < MAX_LINE ? { kind: 'more' } : { kind: 'other' }
  return { kind: /[ \t\v\f\r]HTTP\/\d/i.test(line.slice(0, end)) ? 'http' : 'other' }
}
