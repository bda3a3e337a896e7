/**
 * Whether a provider's word about somebody still counts. It knows who has left, and says so only when somebody signs in there: so its word
 * counts for a while, and then nothing that the account has allowed does until they sign in there again. Pure.
 *
 * Fails closed: an account whose provider is not configured any more stands for nobody.
 *
 * @module
 */

import type { Account } from '../account.ts'
import type { SignInProvider } from './options.ts'

export const SIGN_IN_EVERY_DAYS = 30
const DAY_MS = 86_400_000

export function isVouchedFor(
  { identity, since, vouchedAt = since }: Pick<Account, 'identity' | 'since' | 'vouchedAt'>,
  providers: readonly SignInProvider[],
  now: number,
): boolean {
  if (identity === undefined) return true
  const provider = providers.find(({ issuer }) => issuer === identity.provider)
  if (provider === undefined) return false
  return now - vouchedAt < (provider.signInEveryDays ?? SIGN_IN_EVERY_DAYS) * DAY_MS
}
