/**
 * One-time codes of an app (TOTP, RFC 6238): six digits, thirty seconds, SHA-1, which is what every app has. The seed is kept sealed.
 *
 * A code counts once: the time step of the last one is on record, and only later ones are taken (§5.2). One step before and after now
 * counts too, for clocks that differ. How often somebody may be wrong is not decided here (`sign-in.ts`).
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/index.ts'
import { changeRecord, type Store } from '../storage/index.ts'
import type { KeyRing, Place, Vault } from '../vault/index.ts'
import { type Account, groupOfAccount } from './account.ts'
import { createSealedNotes } from './sealed-notes.ts'

/** What is shown to the person, once, and typed or photographed into an app. */
export interface NewCodes {
  /** Base32, in groups of four. */
  readonly seed: string
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string
  /** Goes into the form, and comes back with the first code. Good for ten minutes and for this account. */
  readonly ticket: string
}

export interface OneTimeCodes {
  /** Milliseconds since the epoch since when; undefined where they are off. */
  since(account: Account): Promise<number | undefined>
  begin(account: Account): Promise<NewCodes>
  /** The same once more, after a code that did not fit: nothing is to be photographed again. Undefined for a ticket that does not hold. */
  resume(account: Account, ticket: string): Promise<NewCodes | undefined>
  /** Turns them on, in place of any before, with a first code that shows that the app has the seed. `there`: it is this one that is on. */
  confirm(account: Account, ticket: string, code: string): Promise<'on' | 'there' | 'wrong' | 'expired'>
  /** Whether it is a code of now. True once for each. */
  use(account: Account, code: string): Promise<boolean>
  turnOff(account: Account): Promise<boolean>
}

interface Kept {
  /** Sealed. */
  readonly seed: string
  readonly lastStep: number
  /** When they were turned on. */
  readonly at: number
  /** Of the account: one made anew has none of this. */
  readonly since: number
}

export interface CodesParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly clock: Clock
  /** What an app shows next to the code: our host. */
  readonly title: string
}

const SEED_BYTES = 20
const STEP_MS = 30_000
const WINDOW = 1
const TICKET_MINUTES = 10
const library = (): Promise<typeof import('otpauth')> => import('otpauth')

export function createOneTimeCodes({ store, keyRing, vault, clock, title }: CodesParts): OneTimeCodes {
  const records = store.records<Kept>('second_factor')
  const tickets = createSealedNotes<{ seed: string; since: number }>({ keyRing, clock, place: 'one-time-codes-ticket' })
  const idOf = ({ name }: Account): string => `codes/${name}`
  const placeOf = (account: Account): Place => ({ kind: 'second_factor', id: idOf(account), field: 'seed', subject: account.name })
  const optionsOf = ({ name }: Account) => ({ group: groupOfAccount(name) })

  async function totp(seed: Uint8Array, label: string) {
    const { Secret, TOTP } = await library()
    return new TOTP({ issuer: title, label, secret: new Secret({ buffer: toArrayBuffer(seed) }), period: STEP_MS / 1000 })
  }
  /** The step that a code is of, in the window around now. */
  async function stepOf(seed: Uint8Array, code: string): Promise<number | undefined> {
    const token = code.replaceAll(/[\s-]/g, '')
    if (!/^\d{6}$/.test(token)) return undefined
    const now = clock()
    const delta = (await totp(seed, '')).validate({ token, timestamp: now, window: WINDOW })
    return delta === null ? undefined : Math.floor(now / STEP_MS) + delta
  }
  async function read(account: Account): Promise<Kept | undefined> {
    const kept = (await records.get(idOf(account)))?.value
    return kept?.since === account.since ? kept : undefined
  }
  async function shown(account: Account, seed: Uint8Array, ticket: string): Promise<NewCodes> {
    const code = await totp(seed, account.name)
    return { seed: code.secret.base32.replace(/(.{4})(?=.)/g, '$1 '), uri: code.toString(), ticket }
  }
  return {
    since: async (account) => (await read(account))?.at,
    async begin(account) {
      const seed = randomBytes(SEED_BYTES)
      const ticket = tickets.write({ seed: seed.toString('base64url'), since: account.since }, account.name, TICKET_MINUTES * 60)
      return shown(account, seed, ticket)
    },
    async resume(account, ticket) {
      const note = tickets.read(ticket, account.name)
      return note?.since === account.since ? shown(account, Buffer.from(note.seed, 'base64url'), ticket) : undefined
    },
    async confirm(account, ticket, code) {
      const note = tickets.read(ticket, account.name)
      if (note?.since !== account.since) return 'expired'
      const seed = Buffer.from(note.seed, 'base64url')
      const step = await stepOf(seed, code)
      if (step === undefined) return 'wrong'
      const kept: Kept = { seed: await vault.seal(seed, placeOf(account)), lastStep: step, at: clock(), since: account.since }
      // The same form sent again must not make its code good again.
      const sealed = async (now: Kept | undefined): Promise<boolean> =>
        now !== undefined && now.since === account.since && ((await vault.open(now.seed, placeOf(account)))?.equals(seed) ?? false)
      const changed = await changeRecord(
        records,
        idOf(account),
        async (now) => ((await sealed(now)) ? undefined : kept),
        () => optionsOf(account),
      )
      return changed === undefined ? 'there' : 'on'
    },
    async use(account, code) {
      const kept = await read(account)
      const seed = kept && (await vault.open(kept.seed, placeOf(account)))
      const step = seed && (await stepOf(seed, code))
      if (kept === undefined || step === undefined) return false
      const won = await changeRecord(
        records,
        idOf(account),
        (now) => (now?.seed === kept.seed && now.lastStep < step ? { ...now, lastStep: step } : undefined),
        () => optionsOf(account),
      )
      return won !== undefined
    },
    turnOff: async (account) => (await records.takeOnce(idOf(account))) !== undefined,
  }
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}
