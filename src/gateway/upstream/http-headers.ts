/**
 * The headers of a request to an HTTP upstream (2026-07-28 streamable-http §Request Metadata; 2025-11-25 transports
 * §Protocol Version Header). Built from the configuration and the message: of what a caller sent us as a header, only
 * `Mcp-Param-*` headers that we do not recognize ever reach an upstream, a modern one, and never anything else.
 *
 * @module
 */

import type { JsonObject, Mirror } from '../../core/index.ts'
import { encodeSentinel, namedBy } from '../../protocol/index.ts'
import type { Exchange } from './exchange.ts'
import type { Dialect } from './link.ts'

export type Headers = Record<string, string>

/** `base`: what the configuration adds. The protocol's own names win over it. */
export function requestHeaders(
  base: Readonly<Headers>,
  dialect: Dialect,
  sessionId: string | undefined,
  exchange: Exchange | undefined,
): Headers {
  const headers: Headers = { ...base, accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  if (dialect.era === 'legacy') {
    if (sessionId !== undefined) headers['mcp-session-id'] = sessionId
    if (exchange?.method !== 'initialize') headers['mcp-protocol-version'] = dialect.version
    return headers
  }
  headers['mcp-protocol-version'] = dialect.version
  if (!exchange) return headers
  headers['mcp-method'] = exchange.method
  if (exchange.parameters) Object.assign(headers, exchange.parameters)
  const name = nameOf(exchange)
  if (name !== undefined) headers['mcp-name'] = encodeSentinel(name)
  for (const mirror of exchange.mirrors) {
    const value = valueAt(exchange.params.arguments, mirror)
    if (value !== undefined) headers[mirror.header] = encodeSentinel(value)
  }
  return headers
}

function nameOf({ method, params }: Exchange): string | undefined {
  const by = namedBy(method)
  const name = by && params[by]
  return typeof name === 'string' ? name : undefined
}

/** A value that is absent, null or of another type than declared is not mirrored. */
function valueAt(args: unknown, { path, type }: Mirror): string | undefined {
  let value = args
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as JsonObject)[key]
  }
  switch (typeof value) {
    case 'string':
      return type === 'string' ? value : undefined
    case 'boolean':
      return type === 'boolean' ? String(value) : undefined
    case 'number':
      return type === 'integer' && Number.isSafeInteger(value) ? String(value) : undefined
  }
  return undefined
}

/**
 * The challenge of an answer that wants another credential: a 401 whatever it says, a 403 that lacks a scope (RFC 6750 §3.1). Empty where
 * a 401 says nothing.
 */
export function asksForCredential(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  if (status !== 401 && status !== 403) return undefined
  const given = headers['www-authenticate']
  const challenge = Array.isArray(given) ? given.join(', ') : (given ?? '')
  return status === 401 || /\berror="?insufficient_scope\b/.test(challenge) ? challenge : undefined
}
