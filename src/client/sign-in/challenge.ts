/**
 * What a server asks for when it refuses: the `Bearer` and `DPoP` challenges of a `WWW-Authenticate` header (RFC 9110 §11.6.1,
 * RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1). Pure. What is not well formed counts as not said.
 *
 * @module
 */

import { parseScopes } from './scopes.ts'

export interface Challenge {
  readonly resourceMetadata: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly error: string | undefined
  /** Whether a token must come, or may come, with a proof of possession. */
  readonly dpop: boolean
}

const MAX_LENGTH = 8192
const separators = /[\s,]*/y
const token = /[!#$%&'*+.^`|~\w-]+/y
const equals = /\s*=\s*(?=[^\s,=])/y
const quoted = /"((?:[^"\\]|\\.)*)"/y
const token68 = /[\w.~+/-]+=*(?=\s*(?:,|$))/y

/** The first `Bearer` and the first `DPoP` challenge of a header, as one; undefined where there is neither. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > MAX_LENGTH) return undefined
  let bearer: Map<string, string> | undefined
  let dpop: Map<string, string> | undefined
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
    if (name === 'dpop') dpop ??= current
    const start = at
    if (read(/\s+/y) && !read(token68)) at = start
  }
  if (!bearer && !dpop) return undefined
  const said = (name: string): string | undefined => bearer?.get(name) ?? dpop?.get(name)
  return {
    resourceMetadata: said('resource_metadata'),
    scopes: parseScopes(said('scope')),
    // What is wrong with a proof is said in the challenge for one.
    error: dpop?.get('error') ?? said('error'),
    dpop: dpop !== undefined,
  }
}
