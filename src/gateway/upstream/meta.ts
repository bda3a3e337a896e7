/**
 * What of a caller's `_meta` goes on to an upstream: trace context and vendors' own keys untouched, the protocol's own
 * keys never, since they describe the caller's connection to us and not ours to the upstream (2026-07-28 basic §_meta).
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import type { Exchange } from './exchange.ts'
import type { Dialect } from './link.ts'

const PROTOCOL_PREFIX = 'io.modelcontextprotocol/'

/** Undefined: there is nothing to say. The progress token is our own id, so that no two callers can share one. */
export function requestMeta(exchange: Exchange, id: number, dialect: Dialect): JsonObject | undefined {
  let meta: Record<string, unknown> | undefined
  for (const key in exchange.meta) {
    if (key === 'progressToken' || key.startsWith(PROTOCOL_PREFIX)) continue
    meta ??= {}
    // A key named __proto__ must stay a key.
    if (key === '__proto__') Object.defineProperty(meta, key, { value: exchange.meta[key], enumerable: true })
    else meta[key] = exchange.meta[key]
  }
  if (exchange.progressed) {
    meta ??= {}
    meta.progressToken = id
  }
  return meta && dialect.meta ? Object.assign(meta, dialect.meta) : (meta ?? dialect.meta)
}
