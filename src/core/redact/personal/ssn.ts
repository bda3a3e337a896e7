/**
 * Social security numbers of the United States: no area 000, 666 or 900 and above, no group 00, no serial 0000 (SSA, randomised since
 * 2011). Written with hyphens they speak for themselves, otherwise only beside a word for them.
 *
 * @module
 */

import type { Finding } from '../finding.ts'
import { isNear, isWordAt } from './context.ts'

const written = /\d{3}([- ]?)\d{2}\1\d{4}/g
const words = /\bssn\b|social[ _-]?security|\bss#|taxpayer|\btin\b/i

export function findSsns(text: string): Finding[] {
  const found: Finding[] = []
  for (const { 0: number, 1: between, index: start } of text.matchAll(written)) {
    const end = start + number.length
    if (
      isWordAt(text, start - 1) ||
      isWordAt(text, end) ||
      /[\d.][-.]$/.test(text.slice(Math.max(0, start - 2), start)) ||
      /^[-.]\d/.test(text.slice(end, end + 2))
    )
      continue
    const digits = number.replace(/[- ]/g, '')
    if (/^(?:000|666|9)|^...00|0000$/.test(digits)) continue
    if (between === '-' || isNear(text, start, end, words)) found.push({ type: 'ssn', start, end })
  }
  return found
}
