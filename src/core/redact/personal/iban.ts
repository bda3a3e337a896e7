/** Bank accounts (ISO 13616): the length that their country has, and the check digits (ISO 7064, mod 97-10). @module */

import type { Finding } from '../finding.ts'
import { isWordAt } from './context.ts'

// The IBAN registry.
const lengths: Readonly<Record<string, number>> = Object.fromEntries(
  'NO15 BE16 DK18 FI18 FK18 FO18 GL18 NL18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 MN20 XK20 CH21 HR21 LI21 LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 SO23 TL23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28 BY28 CY28 DO28 GT28 HU28 LB28 NI28 PL28 SV28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 YE30 MT31 SC31 LC32 RU33'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)
const written = /[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/gi

export function findIbans(text: string): Finding[] {
  const found: Finding[] = []
  for (const { 0: run, index: start } of text.matchAll(written)) {
    const length = lengths[run.slice(0, 2).toUpperCase()]
    if (length === undefined || isWordAt(text, start - 1)) continue
    // The run may go on into the next word: the country says where it ends.
    const end = start + endOf(run, length)
    if (end === start || isWordAt(text, end)) continue
    if (isValid(text.slice(start, end).replace(/[ -]/g, '').toUpperCase())) found.push({ type: 'iban', start, end })
  }
  return found
}

function endOf(run: string, length: number): number {
  let seen = 0
  for (let at = 0; at < run.length; at++) if (run[at] !== ' ' && run[at] !== '-' && ++seen === length) return at + 1
  return 0
}

function isValid(iban: string): boolean {
  let rest = 0
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}
