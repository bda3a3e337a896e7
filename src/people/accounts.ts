/**
 * The people who may sign in. An account's name is its identity (a token's `sub`), so it never changes; an account made
 * later under the same name is another one, which `since` tells apart.
 *
 * Stands on the store alone: the CLI uses it beside a running server. What changes who may do what is told on the bus; another process
 * learns it from the store.
 *
 * @module
 */

import { type Clock, ROLE_PATTERN } from '../core/index.ts'
import { allRecords, type Bus, changeRecord, type RecordOptions, type Store } from '../storage/index.ts'
import { type Account, isSame, type KeptAccount, toAccount } from './account.ts'
import { endPasswordLinks, endSessions, removeBelongings } from './belongings.ts'
import { problemWithName, toName } from './names.ts'
import { MAX_PASSWORD, problemWithPassword } from './password-choice.ts'
import { createPasswords } from './passwords.ts'
import { problems } from './problems.ts'
import { createProvided, type Provided, type ProvidedAccount } from './provided.ts'
import type { SignInProvider } from './providers/options.ts'
import { isVouchedFor } from './providers/vouching.ts'

export interface NewAccount {
  readonly name: string
  readonly password: string
  readonly roles?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly owner?: boolean | undefined
}

export interface SetPasswordOptions {
  readonly keepSession?: string | undefined
  /** Whose it is to be: where it is another by then, or has been switched off or given a password meanwhile, it has none. */
  readonly of?: Pick<Account, 'since' | 'generation'> | undefined
}

export type Made = { readonly account: Account } | { readonly problem: string }

export interface Accounts {
  /** Answers what is wrong, in a sentence for whoever typed it, where there is no account afterwards. */
  create(account: NewAccount): Promise<Made>
  /** The account of somebody for whom an identity provider vouches, with what it says of them now; made where there is none. */
  upsertFromProvider(account: ProvidedAccount): Promise<Provided>
  /** What is wrong with a name and password before anything is tried, or undefined. */
  problemWith(name: string, password: string): string | undefined
  /** The same of an account whose password somebody else will choose. */
  problemWithNew(account: Omit<NewAccount, 'password' | 'owner'>): string | undefined
  /** As slow for a name that nobody has. `busy`: too many are being checked; ask again. */
  verifyPassword(name: string, password: string): Promise<Account | 'wrong' | 'busy'>
  /** Of those that may act; undefined for one that is switched off. */
  get(name: string): Promise<Account | undefined>
  /** One that is switched off, too. */
  find(name: string): Promise<Account | undefined>
  /** All of them. */
  list(): Promise<readonly Account[]>
  /** Whether there is none at all. */
  isEmpty(): Promise<boolean>
  hasOwner(): Promise<boolean>
  /** Ends every session of the account, but `keepSession`, every sign-in that is half way, and every link for a new password. */
  setPassword(name: string, password: string, options?: SetPasswordOptions): Promise<Made>
  /** Of those that nobody else vouches for: a provider's word is mapped anew with each sign-in. */
  setRoles(name: string, roles: readonly string[], groups?: readonly string[]): Promise<Made>
  /** Its sessions and links end; its tokens and keys stop counting until it is switched on again. False where there is none. */
  disable(name: string): Promise<boolean>
  enable(name: string): Promise<boolean>
  /** The account, and all that belongs to it and to nobody else. False where there is none. */
  remove(name: string): Promise<boolean>
}

export interface AccountsParts {
  readonly store: Store
  readonly clock: Clock
  readonly bus?: Bus | undefined
  /** The providers whose word counts. Where it is not told (the CLI), nobody's is judged. */
  readonly signIn?: readonly SignInProvider[] | undefined
}

const NO_ACCOUNT = { problem: problems.noAccount }

export function createAccounts({ store, clock, bus, signIn }: AccountsParts): Accounts {
  const records = store.records<KeptAccount>('account')
  const passwords = createPasswords()
  const tell = (name: string): void => bus?.publish('credentials', `account:${name}`)

  async function find(name: string): Promise<Account | undefined> {
    const kept = await records.get(name)
    return kept && toAccount(kept.value)
  }
  async function change(name: string, next: (now: KeptAccount) => KeptAccount | undefined): Promise<Account | undefined> {
    const kept = await changeRecord(records, name, (now) => now && next(now), optionsOf)
    if (kept === undefined) return undefined
    tell(name)
    return toAccount(kept)
  }
  async function hasOwner(): Promise<boolean> {
    return (await records.list({ group: 'owner', limit: 1 })).length > 0
  }
  const problemWith = (name: string, password: string): string | undefined => problemWithName(name) ?? problemWithPassword(name, password)
  const provided = createProvided({ store, clock, tell })

  return {
    problemWith,
    problemWithNew: ({ name, roles = [], groups = [] }) => problemWithName(name) ?? problemWithRoles(roles, groups),
    hasOwner,
    find,
    upsertFromProvider: (account) => provided.upsert(account),
    async create({ name, password, roles = [], groups = [], owner = false }) {
      const problem = problemWith(name, password) ?? problemWithRoles(roles, groups)
      if (problem !== undefined) return { problem }
      if (owner && (await hasOwner())) return { problem: problems.ownerThere }
      const kept: KeptAccount = {
        name: toName(name),
        roles: unique(roles),
        groups: unique(groups),
        owner,
        since: clock(),
        hash: await passwords.hash(password),
      }
      const won = await records.putIfAbsent(kept.name, kept, optionsOf(kept))
      return won ? { account: toAccount(kept) } : { problem: problems.taken }
    },
    async verifyPassword(name, password) {
      const found = problemWithName(name) === undefined ? await records.get(toName(name)) : undefined
      const hash = found?.value.hash
      const right = await passwords.verify(password.slice(0, MAX_PASSWORD + 1), hash)
      if (right === 'busy') return 'busy'
      if (!right || found === undefined) return 'wrong'
      // Only now, so that one that is switched off takes as long; and as it is now: much may have changed while it was computed.
      const now = await records.get(toName(name))
      return now?.value.hash === hash && !now?.value.disabled && now !== undefined ? toAccount(now.value) : 'wrong'
    },
    async get(name) {
      const account = await find(name)
      if (account === undefined || account.disabled) return undefined
      return signIn === undefined || isVouchedFor(account, signIn, clock()) ? account : undefined
    },
    list: () => Array.fromAsync(allRecords(records), ({ value }) => toAccount(value)),
    isEmpty: async () => (await records.list({ limit: 1 })).length === 0,
    async setPassword(name, password, { keepSession, of } = {}) {
      const problem = problemWithPassword(name, password)
      if (problem !== undefined) return { problem }
      if ((await find(name))?.identity) return { problem: problems.passwordElsewhere }
      const hash = await passwords.hash(password)
      const account = await change(name, (now) =>
        of === undefined || isSame(toAccount(now), of) ? { ...now, hash, generation: (now.generation ?? 0) + 1 } : undefined,
      )
      if (account === undefined) return NO_ACCOUNT
      await endSessions(store, account, keepSession)
      await endPasswordLinks(store, account)
      return { account }
    },
    async setRoles(name, roles, groups) {
      const problem = problemWithRoles(roles, groups ?? [])
      if (problem !== undefined) return { problem }
      const account = await find(name)
      if (account?.identity) return { problem: problems.rolesElsewhere }
      const changed = await change(name, (now) => ({ ...now, roles: unique(roles), groups: groups ? unique(groups) : now.groups }))
      return changed ? { account: changed } : NO_ACCOUNT
    },
    async disable(name) {
      const account = await change(name, (now) => ({ ...now, disabled: true, generation: (now.generation ?? 0) + 1 }))
      if (account === undefined) return false
      await endSessions(store, account)
      await endPasswordLinks(store, account)
      return true
    },
    async enable(name) {
      return (await change(name, (now) => ({ ...now, disabled: false }))) !== undefined
    },
    async remove(name) {
      // The account first: from here on nothing of it counts, whatever else fails.
      const kept = await records.takeOnce(name)
      if (kept !== undefined) tell(name)
      // Also where it was gone: what a removal that broke off has left.
      await removeBelongings(store, name, kept?.identity)
      return kept !== undefined
    },
  }
}

const optionsOf = ({ owner }: KeptAccount): RecordOptions => ({ group: owner ? 'owner' : undefined })
const unique = (values: readonly string[]): string[] => [...new Set(values)]

function problemWithRoles(roles: readonly string[], groups: readonly string[]): string | undefined {
  if (roles.some((role) => !ROLE_PATTERN.test(role))) return problems.role
  return groups.some((group) => !ROLE_PATTERN.test(group)) ? problems.group : undefined
}
