/**
 * Signs that stand for personal data, and can be turned into it again: `tok_email_…`. The same value has the same sign for the same
 * person, so that a model can tell two apart; the value is kept sealed, for that person, and is gone with its time or with them.
 *
 * Fails closed: what is not kept has no sign, and what does not open is not there.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import type { Store } from '../../storage/index.ts'
import type { KeyRing, Vault } from '../../vault/index.ts'

export interface PersonalTokens {
  /** At once, and nothing is kept yet. */
  signOf(kind: string, value: string, subject: string): string
  /** Keeps what signs of this person stand for. Answers whether there was room. */
  keep(values: ReadonlyMap<string, string>, subject: string): Promise<boolean>
  /** Undefined: it is none of ours, or not any more. */
  reveal(sign: string): Promise<Revealed | undefined>
}

export interface Revealed {
  readonly kind: string
  readonly value: string
  /** Who the result was for that it was taken out of. */
  readonly subject: string
}

export interface PersonalTokensOptions {
  readonly store: Store
  readonly vault: Vault
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly days?: number | undefined
}

interface Row {
  readonly sealed: string
  readonly subject: string
  readonly expiresAt: number
}

const KIND = 'personal_token'
export const KEEP_DAYS = 30
const DAY_MS = 86_400_000
/** Of one person. */
const MAX_KEPT = 100_000
export const SIGN: RegExp = /tok_([a-z]{2,5})_([a-z2-7]{26})(?![A-Za-z0-9_])/g
const ONE = new RegExp(`^${SIGN.source}$`)
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const CHARACTERS = 26

export function createPersonalTokens({ store, vault, keyRing, clock, days = KEEP_DAYS }: PersonalTokensOptions): PersonalTokens {
  const keepMs = days * DAY_MS
  const records = store.records<Row>(KIND)
  const place = (id: string, subject: string) => ({ kind: KIND, id, field: 'value', subject })

  async function keepOne(id: string, value: string, subject: string): Promise<boolean> {
    const now = clock()
    const expiresAt = now + keepMs
    const old = await records.get(id)
    // Of one that is used on, the time begins anew now and then; and so it does for whoever has the name of somebody whose keys are gone.
    if (old && old.value.expiresAt - now > keepMs / 2 && (await vault.open(old.value.sealed, place(id, subject)))) return true
    if (!old && (await records.usage(subject)).count >= MAX_KEPT) return false
    const row = { sealed: await vault.seal(value, place(id, subject)), subject, expiresAt }
    const options = { group: subject, expiresAt }
    // Who else keeps it at this moment keeps the same.
    if (old) await records.compareAndSet(id, old.version, row, options)
    else await records.putIfAbsent(id, row, options)
    return true
  }

  return {
    signOf: (kind, value, subject) => `tok_${kind}_${base32(keyRing.mac('personal-token', JSON.stringify([subject, kind, value])))}`,
    async keep(values, subject) {
      for (const [sign, value] of values) if (!(await keepOne(sign, value, subject))) return false
      return true
    },
    async reveal(sign) {
      const kind = ONE.exec(sign)?.[1]
      const row = kind === undefined ? undefined : await records.get(sign)
      if (kind === undefined || !row) return undefined
      const value = await vault.open(row.value.sealed, place(sign, row.value.subject))
      return value && { kind, value: value.toString('utf8'), subject: row.value.subject }
    },
  }
}

/** 130 bits of it, in letters that no pattern takes for a number. */
const base32 = (bytes: Buffer): string => Array.from(bytes.subarray(0, CHARACTERS), (byte) => ALPHABET[byte & 31]).join('')
