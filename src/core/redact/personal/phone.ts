/**
 * Telephone numbers: international ones (ITU-T E.164, with their +), those of North America in the way that they are written there, and
 * any other beside a word for them. A number alone is none: too much is numbered.
 *
 * @module
 */

import type { Finding } from '../finding.ts'
import { isDigitAt, isNear, isWordAt } from './context.ts'

const written = /(?:\+|00)?\(?\d(?:[ .\-/()]{0,3}\d){5,18}(?: ?(?:x|ext\.?|#) ?\d{1,6}(?!\w))?/g
const extension = / ?(?:x|ext\.?|#).*$/
const words =
  /(?:\b|_|[a-z](?=P|T|M))(?:tele)?(?:phone|fon)|\btel\b|\bmobile|\bcell|\bfax\b|whats ?app|\bsms\b|\bdial|\bcall(?:ing|ed| me| us)?\b|\breach (?:me|us)|\btext me|\bcontact (?:number|no)|hotline|helpline|handy|móvil|téléphone|portable/i
/** As a card of somebody's addresses has them, behind the number. */
const labels = /^[ ,(-]{1,2}(?:office|home|work|main|direct|desk|landline)\b/i
// The area and the exchange begin with 2 to 9.
const northAmerican = /^(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d([ .-]))[2-9]\d\d[ .-]\d{4}$/
const date = /^\+?\(?(?:\d{4}[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|[12]\d|3[01])|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d)/
/** A fraction, or the address of a machine. */
const dotted = /^\d+\.\d+$|^\d{1,3}(?:\.\d{1,3}){3}$/

export function findPhones(text: string): Finding[] {
  const found: Finding[] = []
  for (const { 0: number, index: start } of text.matchAll(written)) {
    const end = start + number.length
    if (isPart(text, start, end) || date.test(number) || dotted.test(number)) continue
    const base = number.replace(extension, '')
    const digits = base.replace(/\D/g, '').length
    if (digits < (base.length > digits ? 6 : 7) || digits > 15) continue
    const isInternational = /^\+[1-9]/.test(number) && digits >= 8
    if (isInternational || northAmerican.test(base) || isNear(text, start, end, words) || labels.test(text.slice(end, end + 16)))
      found.push({ type: 'phone', start, end })
  }
  return found
}

/** Of a longer number, an address or a name. */
const isPart = (text: string, start: number, end: number): boolean =>
  isWordAt(text, start - 1) ||
  isWordAt(text, end) ||
  (/[.:/\-@#]/.test(text[start - 1] ?? '') && isDigitAt(text, start - 2)) ||
  (/[.:/\-@]/.test(text[end] ?? '') && isDigitAt(text, end + 1))
