/** What of a message's fields goes on: all but those of this hop (RFC 9110 §7.6.1), and Host, which we write. @module */

const OF_THIS_HOP = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
])

/** Names and values in turn, as Node has them. What Connection names is of this hop, but for what frames the body. */
export function endToEnd(raw: readonly string[]): string[] {
  const named = new Set(OF_THIS_HOP)
  for (let at = 0; at < raw.length; at += 2)
    if (raw[at]?.toLowerCase() === 'connection') for (const name of (raw[at + 1] ?? '').split(',')) named.add(name.trim().toLowerCase())
  named.delete('content-length')
  const kept: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (!named.has(name.toLowerCase())) kept.push(name, raw[at + 1] as string)
  }
  return kept
}
