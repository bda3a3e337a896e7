/**
 * Recovery codes: ten, for whoever has lost what makes their one-time codes. Shown once; the store keeps an HMAC of each, and each is
 * given to one caller. New ones end those before.
 *
 * @module
 */

import { type Clock, createId } from '../core/index.ts'
import { changeRecord, type Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { type Account, groupOfAccount } from './account.ts'

export interface RecoveryCodes {
  /** How many are left, and since when; undefined where none were ever made. */
  left(account: Account): Promise<{ readonly count: number; readonly since: number } | undefined>
  /** Ten new ones. */
  renew(account: Account): Promise<readonly string[]>
  /** True for one caller, once. */
  use(account: Account, code: string): Promise<boolean>
  remove(account: Account): Promise<boolean>
}

interface Kept {
  readonly macs: readonly string[]
  /** When they were made. */
  readonly at: number
  /** Of the account: one made anew has none of these. */
  readonly since: number
}

const COUNT = 10
/** 60 bits: nobody comes near one by guessing, however the tries are counted. */
const LENGTH = 12

export function createRecoveryCodes({
  store,
  keyRing,
  clock,
}: {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly clock: Clock
}): RecoveryCodes {
  const records = store.records<Kept>('second_factor')
  const idOf = ({ name }: Account): string => `recovery/${name}`
  const optionsOf = ({ name }: Account) => ({ group: groupOfAccount(name) })
  const macOf = ({ name, since }: Account, code: string): string =>
    keyRing.mac('recovery-code', JSON.stringify([name, since, normalized(code)])).toString('base64url')

  return {
    async left(account) {
      const kept = (await records.get(idOf(account)))?.value
      return kept?.since === account.since ? { count: kept.macs.length, since: kept.at } : undefined
    },
    async renew(account) {
      const codes = Array.from({ length: COUNT }, () => createId('', LENGTH).replace(/(.{4})(?=.)/g, '$1-'))
      const kept: Kept = { macs: codes.map((code) => macOf(account, code)), at: clock(), since: account.since }
      await changeRecord(
        records,
        idOf(account),
        () => kept,
        () => optionsOf(account),
      )
      return codes
    },
    async use(account, code) {
      const mac = macOf(account, code)
      const won = await changeRecord(
        records,
        idOf(account),
        (now) => (now?.macs.includes(mac) ? { ...now, macs: now.macs.filter((each) => each !== mac) } : undefined),
        () => optionsOf(account),
      )
      return won !== undefined
    },
    remove: async (account) => (await records.takeOnce(idOf(account))) !== undefined,
  }
}

/** As people type what they have read: Crockford's base32 takes the letters for the digits that they look like. */
const normalized = (code: string): string => code.toLowerCase().replace(/[\s-]/g, '').replace(/[il]/g, '1').replaceAll('o', '0')
