/**
 * What a server asks for when it refuses: the `Bearer` challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1, RFC 6750 §3,
 * RFC 9728 §5.1). Pure. What is not well formed counts as not said.
 *
 * @module
 */

import { parseScopes } from './scopes.ts'

export interface Challenge {
  readonly resourceMetadata: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly error: string | undefined
}

const MAX_LENGTH = 8192
const separators = /[\s,]*/y
const token = /[!#$%&'*+.^`|~\w-]+/y
const equals = /\s*=\s*(?=[^\s,=])/y
const quoted = /"((?:[^"\\]|\\.)*)"/y
const token68 = /[\w.~+/-]+=*(?=\s*(?:,|$))/y

/** The first `Bearer` challenge of a header, in which several may stand; undefined where there is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > MAX_LENGTH) return undefined
  let bearer: Map<string, string> | undefined
  let current: Map<string, string> | undefined
  let at = 0
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match) at = pattern.lastIndex
    return match
  }
  for (read(separators); at < header.length; read(separators)) {
    const name = read(token)?.[0].toLowerCase()
    if (name === undefined) return undefined
    if (read(equals)) {
      const value = read(quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? read(token)?.[0]
      if (value === undefined) return undefined
      if (current && !current.has(name)) current.set(name, value)
      continue
    }
    // A name without a value begins the next challenge, with or without its one opaque value.
    current = new Map()
    if (name === 'bearer') bearer ??= current
    const start = at
    if (read(/\s+/y) && !read(token68)) at = start
  }
  if (!bearer) return undefined
  return { resourceMetadata: bearer.get('resource_metadata'), scopes: parseScopes(bearer.get('scope')), error: bearer.get('error') }
}
