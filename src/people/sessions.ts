/**
 * Who is signed in at which browser. One session for all that people do here: it stands behind every consent and every page of
 * the account, is listed there, and ends everywhere at once.
 *
 * The browser has a random token, the store an HMAC of it. A sign-in always makes a new one, so that a token that somebody else has
 * put into a browser before is worth nothing afterwards (session fixation). Fails closed: a session of an account that is gone, made
 * anew or switched off stands for nobody.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { type Clock, createId } from '../core/index.ts'
import { addressGroup } from '../net/index.ts'
import { allRecords, changeRecord, type Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { type Account, groupOfAccount } from './account.ts'
import type { Accounts } from './accounts.ts'

/** How somebody has shown who they are; `provider:ID` at an identity provider. */
export type SignInMethod = 'password' | 'passkey' | 'one-time-code' | 'recovery-code' | `provider:${string}`

/** What may be shown of a session. Times are milliseconds since the epoch. */
export interface BrowserSession {
  /** For lists and for ending it. Proves nothing. */
  readonly id: string
  readonly account: string
  /** When, and how, the person signed in. */
  readonly since: number
  readonly methods: readonly SignInMethod[]
  /** To the minute. */
  readonly lastSeenAt: number
  readonly expiresAt: number
  /** The group of the address (`net/address-group.ts`). */
  readonly address: string
  /** What the browser says that it is, shortened. */
  readonly agent: string
  /** The account's at the sign-in: one that has grown since has ended it, whoever had shown a password just before. */
  readonly generation: number
}

export interface NewSession {
  readonly account: Account
  readonly methods: readonly SignInMethod[]
  readonly address: string
  readonly agent: string
}

export interface BrowserSessions {
  begin(session: NewSession): Promise<{ readonly session: BrowserSession; readonly token: string }>
  find(token: string): Promise<{ readonly session: BrowserSession; readonly account: Account } | undefined>
  list(account: string): Promise<readonly BrowserSession[]>
  /** False where `account` has no such session. */
  end(account: string, id: string): Promise<boolean>
  /** All of an account, but `keep`. */
  endAll(account: string, keep?: string): Promise<void>
}

/** As long as a working day, however much it is used. */
const TTL_MS = 12 * 3_600_000
/** Of one account: with one more, the oldest ends. */
export const MAX_SESSIONS = 50
const SEEN_EVERY_MS = 60_000
const TOKEN = /^[\w-]{43}$/

export interface SessionsParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly accounts: Pick<Accounts, 'get'>
}

export function createBrowserSessions({ store, keyRing, clock, accounts }: SessionsParts): BrowserSessions {
  const records = store.records<BrowserSession>('browser_session')
  const idOf = (token: string): string => keyRing.mac('browser-session', token).toString('base64url')
  const optionsOf = ({ account, expiresAt }: BrowserSession) => ({ group: groupOfAccount(account), expiresAt })

  async function* of(account: string) {
    yield* allRecords(records, { group: groupOfAccount(account) })
  }
  /** A program that signs in again and again fills neither the store nor the list. */
  async function endOldest(account: string): Promise<void> {
    const all = await Array.fromAsync(of(account))
    const newestFirst = all.sort((a, b) => b.value.since - a.value.since)
    for (const { id } of newestFirst.slice(MAX_SESSIONS)) await records.takeOnce(id)
  }
  return {
    async begin({ account, methods, address, agent }) {
      const token = randomBytes(32).toString('base64url')
      const now = clock()
      const session: BrowserSession = {
        id: createId('bs_', 20),
        account: account.name,
        since: now,
        methods,
        lastSeenAt: now,
        expiresAt: now + TTL_MS,
        address: addressGroup(address),
        agent: agent.slice(0, 200),
        generation: account.generation,
      }
      if (!(await records.putIfAbsent(idOf(token), session, optionsOf(session)))) throw new Error('a session came up twice')
      await endOldest(account.name)
      return { session, token }
    },
    async find(token) {
      if (!TOKEN.test(token)) return undefined
      const id = idOf(token)
      const session = (await records.get(id))?.value
      const account = session && (await accounts.get(session.account))
      if (session === undefined || account === undefined || account.since > session.since) return undefined
      if (session.generation !== account.generation) return undefined
      const now = clock()
      if (now - session.lastSeenAt >= SEEN_EVERY_MS)
        await changeRecord(records, id, (kept) => kept && { ...kept, lastSeenAt: now }, optionsOf)
      return { session, account }
    },
    list: (account) => Array.fromAsync(of(account), ({ value }) => value),
    async end(account, id) {
      for await (const { id: key, value } of of(account)) if (value.id === id) return (await records.takeOnce(key)) !== undefined
      return false
    },
    async endAll(account, keep) {
      for await (const { id: key, value } of of(account)) if (value.id !== keep) await records.takeOnce(key)
    },
  }
}
