/**
 * Personal data that has a structure: what a rule can tell from its form, its check digits and the words beside it. Names, addresses of
 * houses, dates of birth and the like have none, and are out of reach.
 *
 * @module
 */

import { type Finding, mergeFindings } from '../finding.ts'
import { findCards } from './card.ts'
import { findEmails } from './email.ts'
import { findIbans } from './iban.ts'
import { findIps } from './ip.ts'
import { findPhones } from './phone.ts'
import { findSsns } from './ssn.ts'

export type PersonalKind = 'card' | 'iban' | 'ssn' | 'email' | 'ip' | 'phone'

// The surest first: what two take for theirs is called what the first says.
const finders: Readonly<Record<PersonalKind, (text: string) => Finding[]>> = {
  card: findCards,
  iban: findIbans,
  ssn: findSsns,
  email: findEmails,
  ip: findIps,
  phone: findPhones,
}

export const PERSONAL_KINDS = Object.keys(finders) as readonly PersonalKind[]

/** In order, none within another. Linear in the text. */
export function findPersonal(text: string, kinds: readonly PersonalKind[]): Finding[] {
  let found: Finding[] = []
  for (const kind of PERSONAL_KINDS) if (kinds.includes(kind)) found = mergeFindings(found, finders[kind](text))
  return found
}
