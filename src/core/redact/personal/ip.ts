/** Addresses of machines, IPv4 and IPv6 (RFC 4291 §2.2). Not those that everybody has: loopback, unspecified, and masks. @module */

import { isIPv6 } from 'node:net'
import type { Finding } from '../finding.ts'
import { isDigitAt, isWordAt } from './context.ts'

const four = /(?:\d{1,3}\.){3}\d{1,3}/g
const six = /[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,38}(?:\d{1,3}(?:\.\d{1,3}){3})?/g
const everybodys = /^(?:127\.|0\.0\.0\.0$|255\.255\.|::1?$)/

export function findIps(text: string): Finding[] {
  const found: Finding[] = []
  for (const { 0: address, index: start } of text.matchAll(four)) {
    const end = start + address.length
    if (isWordAt(text, start - 1) || isWordAt(text, end) || text[start - 1] === '.' || (text[end] === '.' && isDigitAt(text, end + 1)))
      continue
    if (address.split('.').some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) || everybodys.test(address))
      continue
    if (/version["':=\s]*$|\bv(?:er)?\.? ?$/i.test(text.slice(Math.max(0, start - 16), start))) continue
    found.push({ type: 'ip', start, end })
  }
  for (const { 0: run, index: start } of text.matchAll(six)) {
    const address = run.replace(/(?<!:):$/, '')
    const end = start + address.length
    if (isWordAt(text, start - 1) || isWordAt(text, end) || text[start - 1] === ':' || text[end] === ':') {
      if (text[end] !== ':' || isWordAt(text, start - 1) || isWordAt(text, end + 1)) continue
    }
    // `a::b` is code as well.
    const colons = address.split(':').length - 1
    if (!/\d/.test(address) || (colons < 3 && !/^(?:fe80|f[cd][0-9a-f]{2}|[23][0-9a-f]{3}):/i.test(address)) || everybodys.test(address))
      continue
    if (isIPv6(address)) found.push({ type: 'ip', start, end })
  }
  return found.sort((one, other) => one.start - other.start)
}
