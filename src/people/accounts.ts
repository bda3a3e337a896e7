/**
 * The people who may sign in. An account's name is its identity (a token's `sub`), so it never changes; an account made
 * later under the same name is another one, which `since` tells apart.
 *
 * Stands on the store alone: the CLI uses it beside a running server.
 *
 * @module
 */

import { type Clock, ROLE_PATTERN } from '../core/index.ts'
import { allRecords, type Store } from '../storage/index.ts'
import { createPasswords } from './passwords.ts'

export interface Account {
  readonly name: string
  readonly roles: readonly string[]
  /** The person who set this server up; there is one at most. */
  readonly owner: boolean
  /** Milliseconds since the epoch. What was granted to an account of this name before was granted to another. */
  readonly since: number
}

export interface NewAccount {
  readonly name: string
  readonly password: string
  readonly roles?: readonly string[] | undefined
  readonly owner?: boolean | undefined
}

export interface Accounts {
  /** Answers what is wrong, in a sentence for whoever typed it, where there is no account afterwards. */
  create(account: NewAccount): Promise<{ readonly account: Account } | { readonly problem: string }>
  /** What is wrong with a name and password before anything is tried, or undefined. */
  problemWith(name: string, password: string): string | undefined
  /** As slow for a name that nobody has. `busy`: too many are being checked; ask again. */
  verifyPassword(name: string, password: string): Promise<Account | 'wrong' | 'busy'>
  get(name: string): Promise<Account | undefined>
  list(): Promise<readonly Account[]>
  hasOwner(): Promise<boolean>
}

export const MIN_PASSWORD = 12
const MAX_PASSWORD = 1024
// ASCII only: a name cannot look like another.
const namePattern = /^[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?$/

interface Kept extends Account {
  readonly hash: string
}

export function createAccounts({ store, clock }: { readonly store: Store; readonly clock: Clock }): Accounts {
  const records = store.records<Kept>('account')
  const passwords = createPasswords()

  async function hasOwner(): Promise<boolean> {
    return (await records.list({ group: 'owner', limit: 1 })).length > 0
  }
  function problemWith(name: string, password: string): string | undefined {
    if (!namePattern.test(toName(name))) {
      return 'A name has 1 to 64 letters a to z, digits, and . _ @ + - inside.'
    }
    // What keys and clients are called on record and in rules.
    if (/^(?:spk|cl)_/.test(toName(name))) return 'A name does not begin with spk_ or cl_: keys and clients do.'
    if (Array.from(password).length < MIN_PASSWORD) return `A password has at least ${MIN_PASSWORD} characters.`
    if (password.length > MAX_PASSWORD) return `A password has at most ${MAX_PASSWORD} characters.`
    if (toName(password) === toName(name)) return 'A password is not the name.'
    return undefined
  }
  return {
    problemWith,
    hasOwner,
    async create({ name, password, roles = [], owner = false }) {
      const problem = problemWith(name, password)
      if (problem !== undefined) return { problem }
      if (roles.some((role) => !ROLE_PATTERN.test(role))) return { problem: 'A role has 1 to 64 letters, digits, and . _ : @ / -.' }
      if (owner && (await hasOwner())) return { problem: 'There is an owner already.' }
      const account: Account = { name: toName(name), roles: [...new Set(roles)], owner, since: clock() }
      const kept: Kept = { ...account, hash: await passwords.hash(password) }
      const won = await records.putIfAbsent(account.name, kept, { group: owner ? 'owner' : undefined })
      return won ? { account } : { problem: 'There is an account of that name.' }
    },
    async verifyPassword(name, password) {
      const kept = namePattern.test(toName(name)) ? (await records.get(toName(name)))?.value : undefined
      const right = await passwords.verify(password.slice(0, MAX_PASSWORD + 1), kept?.hash)
      if (right === 'busy') return 'busy'
      return right && kept !== undefined ? toAccount(kept) : 'wrong'
    },
    async get(name) {
      const kept = await records.get(name)
      return kept && toAccount(kept.value)
    },
    list: () => Array.fromAsync(allRecords(records), ({ value }) => toAccount(value)),
  }
}

/** People type names with capitals and spaces around; they mean the same account. */
export const toName = (typed: string): string => typed.trim().toLowerCase()

const toAccount = ({ name, roles, owner, since }: Kept): Account => Object.freeze({ name, roles, owner, since })
