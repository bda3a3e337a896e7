/**
 * What of a caller's `_meta` goes on to an upstream: trace context and vendors' own keys untouched, the protocol's own
 * keys never, since they describe the caller's connection to us and not ours to the upstream (2026-07-28 basic §_meta).
 * What a modern upstream must know of the caller is said in our words: its capabilities, and how much it wants logged.
 *
 * @module
 */

import type { JsonObject, LogLevel } from '../../core/index.ts'
import { META_PREFIX } from '../../protocol/index.ts'
import type { Caller, Exchange } from './exchange.ts'
import type { Dialect } from './link.ts'
import { isToken } from './notices.ts'
import { relayedCapabilities } from './relayed.ts'

const CAPABILITIES = `${META_PREFIX}clientCapabilities`

/** Undefined: there is nothing to say. The progress token is our own id, so that no two callers can share one. */
export function requestMeta({ caller, capabilities }: Exchange, id: number, dialect: Dialect): JsonObject | undefined {
  if (!caller) return capabilities && dialect.meta ? { ...dialect.meta, [CAPABILITIES]: capabilities } : dialect.meta
  let meta: Record<string, unknown> | undefined
  for (const key in caller.meta) {
    if (key === 'progressToken' || key.startsWith(META_PREFIX)) continue
    meta ??= {}
    // A key named __proto__ must stay a key.
    if (key === '__proto__') Object.defineProperty(meta, key, { value: caller.meta[key], enumerable: true })
    else meta[key] = caller.meta[key]
  }
  if (isToken(caller.meta.progressToken)) {
    meta ??= {}
    meta.progressToken = id
  }
  const own = dialect.meta && ownMeta(dialect.meta, caller, dialect.logs ? caller.logLevel : undefined)
  return meta && own ? Object.assign(meta, own) : (meta ?? own)
}

function ownMeta(standing: JsonObject, caller: Caller, logLevel: LogLevel | undefined): JsonObject {
  const capabilities = relayedCapabilities(caller)
  if (!capabilities && logLevel === undefined) return standing
  return {
    ...standing,
    ...(capabilities ? { [CAPABILITIES]: capabilities } : {}),
    ...(logLevel === undefined ? {} : { [`${META_PREFIX}logLevel`]: logLevel }),
  }
}
