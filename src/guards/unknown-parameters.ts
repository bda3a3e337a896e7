/** Header fields of a caller that are not ours to judge. @module */

import type { Mirror, Received } from '../core/index.ts'

/**
 * The `Mcp-Param-*` headers that mirror nothing we know of: an intermediary forwards them and otherwise ignores them
 * (streamable-http §Server Behavior for Custom Headers). Known ones are made anew from the arguments.
 */
export function unknownParameters(headers: Received['headers'], mirrors: readonly Mirror[]): Readonly<Record<string, string>> | undefined {
  let found: Record<string, string> | undefined
  for (const name in headers) {
    if (!name.startsWith('mcp-param-') || mirrors.some(({ header }) => header === name)) continue
    const value = headers[name]
    if (typeof value !== 'string' || isOfThisConnection(headers, name)) continue
    found ??= {}
    found[name] = value
  }
  return found
}

/** What `Connection` names goes no further than the next hop (RFC 9110 §7.6.1). */
function isOfThisConnection({ connection }: Received['headers'], name: string): boolean {
  const named = typeof connection === 'string' ? connection.toLowerCase().split(',') : []
  return named.some((option) => option.trim() === name)
}
