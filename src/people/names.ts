/**
 * What an account may be called. The name is the account's identity: it stands in tokens, rules and the record, so none may look
 * like another or like a key's or a client's.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { problems } from './problems.ts'

const MAX_NAME = 64
// ASCII only: a name cannot look like another.
const namePattern = /^[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?$/
/** What keys and clients are called on record and in rules. */
const takenPrefix = /^(?:spk|cl)_/

/** People type names with capitals and spaces around; they mean the same account. */
export const toName = (typed: string): string => typed.trim().toLowerCase()

/** Whether an account can have that name, as `toName` made it. */
const isName = (name: string): boolean => namePattern.test(name) && !takenPrefix.test(name)

/**
 * Whether it can be an account that is meant: whom another issuer vouches for is `ISSUER#SUBJECT`, and a client that acts for itself
 * `cl_…` or a URL.
 */
export const isAccountName = (user: string): boolean => !/[#:]|^cl_/.test(user)

/** A sentence for whoever typed it. */
export function problemWithName(typed: string): string | undefined {
  const name = toName(typed)
  if (!namePattern.test(name)) return problems.name
  return takenPrefix.test(name) ? problems.nameOfKey : undefined
}

/**
 * What an account is called for whom an identity provider vouches: what they are called there as far as a name can be, and where that
 * is nothing or taken, with a few characters that only this identity has.
 */
export function namesFor(preferred: string | undefined, identity: { readonly provider: string; readonly subject: string }): string[] {
  const mark = createHash('sha256')
    .update(JSON.stringify([identity.provider, identity.subject]))
    .digest('hex')
  const ascii = toName(preferred ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9._@+-]+/g, '-')
  const trimmed = ascii.slice(0, MAX_NAME - 13).replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  const base = isName(trimmed) ? trimmed : 'person'
  const marked = [`${base}-${mark.slice(0, 6)}`, `${base}-${mark.slice(0, 12)}`]
  return base === 'person' ? marked : [base, ...marked]
}
