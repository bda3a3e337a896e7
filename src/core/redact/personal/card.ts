/**
 * Numbers of payment cards (ISO/IEC 7812): the beginning and the length that a brand has, and the Luhn check digit. Written in one piece,
 * or in the groups that cards print. Lengths that other numbers have more often (13 and 19 digits) count beside a word about cards alone.
 *
 * @module
 */

import type { Finding } from '../finding.ts'
import { isNear, isWordAt } from './context.ts'

// In one piece; 4-4-4-4 and one to three more; 4-6-5 (American Express); 4-6-4 (Diners Club).
const written = /\d{12,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}/g
const words = /card|credit|debit|visa|master|amex|maestro|payment|\bpan\b|\bcc\b|kreditkarte|carte|tarjeta|carta|kaart|karte/i

interface Brand {
  readonly begins: RegExp
  readonly lengths: readonly number[]
  /** Also these, beside a word about cards. */
  readonly named?: readonly number[]
}

const brands: readonly Brand[] = [
  { begins: /^4/, lengths: [16], named: [13, 19] },
  { begins: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { begins: /^3[47]/, lengths: [15] },
  { begins: /^(?:30[0-5]|309|3[689])/, lengths: [14], named: [16, 17, 18, 19] },
  { begins: /^(?:6011|64[4-9]|65)/, lengths: [16], named: [17, 18, 19] },
  { begins: /^35(?:2[89]|[3-8])/, lengths: [16], named: [17, 18, 19] },
  { begins: /^(?:62|81|220[0-4])/, lengths: [16], named: [17, 18, 19] },
  // Debit and store cards begin with much else.
  { begins: /^/, lengths: [], named: [12, 13, 14, 15, 16, 17, 18, 19] },
]

export function findCards(text: string): Finding[] {
  const found: Finding[] = []
  for (const { 0: number, index: start } of text.matchAll(written)) {
    const end = start + number.length
    if (isPart(text, start, end)) continue
    const digits = number.replace(/[ -]/g, '')
    if (isLuhn(digits) && isOfBrand(digits, () => isNear(text, start, end, words))) found.push({ type: 'card', start, end })
  }
  return found
}

/** Of a longer number, a name, or a decimal fraction. */
const isPart = (text: string, start: number, end: number): boolean =>
  isWordAt(text, start - 1) ||
  isWordAt(text, end) ||
  /\d[.,]$/.test(text.slice(Math.max(0, start - 2), start)) ||
  /^[.,]?[ -]?\d/.test(text.slice(end, end + 2))

const isOfBrand = (digits: string, isNamed: () => boolean): boolean =>
  brands.some(
    ({ begins, lengths, named }) =>
      begins.test(digits) && (lengths.includes(digits.length) || (named?.includes(digits.length) === true && isNamed())),
  )

function isLuhn(digits: string): boolean {
  let sum = 0
  for (let at = digits.length - 1, double = false; at >= 0; at--, double = !double) {
    const digit = digits.charCodeAt(at) - 0x30
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0 && !/^(\d)\1+$/.test(digits)
}
