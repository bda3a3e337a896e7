/**
 * How long a client's metadata document is taken as read: what its headers say (RFC 9111 §4.2.1), within bounds of ours, so that no
 * site has us ask for each request, and none keeps us from asking for weeks. Pure.
 *
 * @module
 */

const MIN_FRESH_MS = 60_000
const MAX_FRESH_MS = 24 * 3_600_000
/** Where the headers say nothing. */
const USUAL_MS = 3_600_000

export function freshForMs(headers: Readonly<Record<string, string>>): number {
  return Math.min(Math.max(toldMs(headers) ?? USUAL_MS, MIN_FRESH_MS), MAX_FRESH_MS)
}

function toldMs({ 'cache-control': control = '', age = '0', expires, date }: Readonly<Record<string, string>>): number | undefined {
  const directives = new Map<string, string>()
  for (const each of control.toLowerCase().split(',')) {
    const [name = '', value = ''] = each.trim().split('=', 2)
    directives.set(name, value)
  }
  if (directives.has('no-store') || directives.has('no-cache')) return 0
  const maxAge = directives.get('max-age')?.replace(/^"|"$/g, '')
  if (maxAge !== undefined && /^\d{1,10}$/.test(maxAge)) return (Number(maxAge) - (/^\d{1,10}$/.test(age) ? Number(age) : 0)) * 1000
  if (expires === undefined) return undefined
  // By the other side's clock, both of them. What is no date has passed (RFC 9111 §5.3).
  const [until, from] = [Date.parse(expires), Date.parse(date ?? '')]
  return Number.isNaN(until) || Number.isNaN(from) ? 0 : until - from
}
