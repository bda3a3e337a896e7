/** E-mail addresses as people have them (the dot-atom of RFC 5322, a domain with a name at its end), not every one that the RFC allows. @module */

import type { Finding } from '../finding.ts'

const local = /[\p{L}\p{N}._%+'-]/u
const domain = /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}(?:\p{L}{2,24}|xn--[a-z0-9-]{2,59})/iu
const MAX_LOCAL = 64
const MAX_DOMAIN = 255

export function findEmails(text: string): Finding[] {
  const found: Finding[] = []
  let done = 0
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at
    while (start > done && at - start < MAX_LOCAL && local.test(text[start - 1] as string)) start--
    while (start < at && /[.'%-]/.test(text[start] as string)) start++
    const name = domain.exec(text.slice(at + 1, at + 1 + MAX_DOMAIN))?.[0]
    if (start === at || name === undefined || !isPersons(text, start, at, name)) continue
    const end = at + 1 + name.length
    found.push({ type: 'email', start, end })
    done = end
  }
  return found
}

/** Not a picture for dense screens, nor who a URL or a repository is asked as. */
function isPersons(text: string, start: number, at: number, name: string): boolean {
  if (/^\d+x\./.test(name)) return false
  if (text.slice(start, at) === 'git') return false
  const before = text.slice(Math.max(0, start - MAX_DOMAIN), start)
  return !/:\/\/[^\s/@]*$/.test(before)
}
