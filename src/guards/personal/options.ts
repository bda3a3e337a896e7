/** What an author or an operator says of personal data: what becomes of it, and who may read what stands for it. @module */

import { z } from 'zod'
import { compilePersonal, type Entry, PERSONAL_ACTIONS, PERSONAL_KINDS, type PersonalPolicy, SCOPE_PATTERN } from '../../core/index.ts'
import { REVEAL_SCOPE } from './reveal.ts'
import { KEEP_DAYS } from './tokens.ts'

export interface PersonalOptions {
  /** What becomes of it in everything that does not say so itself, by kind. It stays unless told. */
  readonly policy?: PersonalPolicy | undefined
  /** The scope of callers whose arguments may hold signs in place of values; `data:reveal` unless told. */
  readonly revealScope?: string | undefined
  /** How long a sign can be turned into its value again; 30 days unless told. */
  readonly tokenDays?: number | undefined
}

const action = z.enum(PERSONAL_ACTIONS)
const KINDS: Readonly<Record<(typeof PERSONAL_KINDS)[number], string>> = {
  card: 'Payment cards, by brand, length and check digit.',
  iban: 'Bank accounts (IBAN), by country and check digits.',
  ssn: 'US social security numbers.',
  email: 'E-mail addresses.',
  ip: 'IP addresses, v4 and v6.',
  phone: 'Telephone numbers: international, North American, and any other beside a word for it.',
}

export const personalSchema: z.ZodType<PersonalPolicy> = z
  .strictObject(Object.fromEntries(PERSONAL_KINDS.map((kind) => [kind, action.optional().describe(KINDS[kind])])))
  .describe(
    'What becomes of personal data, by kind. mask: [redacted:card]; hash: the same sign for the same value; tokenise: a sign that can be turned back; drop: nothing is left; allow: it stays.',
  )

export const personalOptionsSchema: z.ZodType<PersonalOptions> = z.strictObject({
  policy: personalSchema.optional(),
  revealScope: z
    .string()
    .regex(SCOPE_PATTERN, 'must be a scope')
    .optional()
    .describe(`The scope of callers whose arguments may hold signs in place of values. Default ${REVEAL_SCOPE}.`),
  tokenDays: z
    .number()
    .positive()
    .max(366)
    .optional()
    .describe(`How many days after its last use a sign can be turned into its value again. Default ${KEEP_DAYS}.`),
})

/** The same entry, with what is said for all where it says nothing itself. */
export function withPersonal(entry: Entry, common: PersonalPolicy | undefined): Entry {
  if (!common) return entry
  return { ...entry, release: { ...entry.release, personal: compilePersonal(entry.release?.personal?.policy ?? {}, common) } }
}

/** Whether there may be signs of what it answers. */
export const givesSigns = ({ release }: Entry): boolean => Object.values(release?.personal?.actions ?? {}).includes('tokenise')
