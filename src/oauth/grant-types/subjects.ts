/**
 * Whom another issuer vouches for, as our own tokens name them: `sub` is the issuer and its subject with a `#` in between. No issuer
 * has one (its URL has no fragment), and neither has an account, so that nobody of theirs is ever taken for somebody of ours. Pure.
 *
 * @module
 */

import type { AssertionUse } from './trusted-issuers.ts'

/** The client of every workload: what runs on a platform is not registered, and its platform's word is its proof (SEP-1933). */
export const WORKLOAD_CLIENT = 'sallyport:workload'

export interface ForeignSubject {
  readonly issuer: string
  readonly subject: string
}

export const toSub = ({ issuer, subject }: ForeignSubject): string => `${issuer}#${subject}`

export function parseSub(sub: string): ForeignSubject | undefined {
  const at = sub.indexOf('#')
  return at < 0 ? undefined : { issuer: sub.slice(0, at), subject: sub.slice(at + 1) }
}

export const isAssertionUse = (kind: unknown): kind is AssertionUse => kind === 'id-jag' || kind === 'workload'
