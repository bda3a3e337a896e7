/**
 * Accounts of people for whom an identity provider vouches. They are found by provider and subject alone. What the provider calls them
 * only names a new account; where a name is taken, it is another person's and stays theirs.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import { changeRecord, type Store } from '../storage/index.ts'
import { type Account, type Identity, identityId, type KeptAccount, toAccount } from './account.ts'
import { namesFor } from './names.ts'

export interface ProvidedAccount {
  readonly identity: Identity
  /** What the person is called there. Somebody may have chosen it freely: a rule must not rest on it, unless the provider stands for it. */
  readonly preferredName?: string | undefined
  /** What the mapping makes of the provider's claims now; in place of what it made of them before. */
  readonly roles: readonly string[]
  readonly groups: readonly string[]
}

/** `disabled`: an operator has switched the account off. */
export type Provided = { readonly account: Account; readonly created: boolean } | 'disabled'

export interface ProvidedParts {
  readonly store: Store
  readonly clock: Clock
  /** Called when what an account may do has changed. */
  readonly tell: (name: string) => void
}

const MAX_ATTEMPTS = 10

export function createProvided({ store, clock, tell }: ProvidedParts): { upsert(account: ProvidedAccount): Promise<Provided> } {
  const accounts = store.records<KeptAccount>('account')
  /** Which account is whose. It decides between two first sign-ins at once, and names one account for good. */
  const identities = store.records<{ readonly account: string }>('identity')

  /** The account, with the provider's word of now; undefined where it is gone, or another's by now. */
  async function renew(name: string, { identity, roles, groups }: ProvidedAccount): Promise<Provided | undefined> {
    const isTheirs = (kept: KeptAccount): boolean =>
      kept.identity?.provider === identity.provider && kept.identity.subject === identity.subject
    const found = (await accounts.get(name))?.value
    if (found === undefined || !isTheirs(found)) return undefined
    if (found.disabled) return 'disabled'
    const [newRoles, newGroups] = [unique(roles), unique(groups)]
    const kept = await changeRecord(
      accounts,
      name,
      (now) => (now !== undefined && isTheirs(now) ? { ...now, roles: newRoles, groups: newGroups, vouchedAt: clock() } : undefined),
      () => ({}),
    )
    if (kept === undefined) return undefined
    if (!same(found.roles, newRoles) || !same(found.groups ?? [], newGroups)) tell(name)
    return kept.disabled ? 'disabled' : { account: toAccount(kept), created: false }
  }
  async function create({ identity, preferredName, roles, groups }: ProvidedAccount): Promise<KeptAccount> {
    for (const name of namesFor(preferredName, identity)) {
      const now = clock()
      const given = { roles: unique(roles), groups: unique(groups) }
      const kept: KeptAccount = { name, ...given, owner: false, since: now, identity, vouchedAt: now }
      if (await accounts.putIfAbsent(name, kept)) return kept
    }
    throw new Error('every name for an identity is taken')
  }
  return {
    async upsert(account) {
      const id = identityId(account.identity)
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const link = await identities.get(id)
        if (link !== undefined) {
          const renewed = await renew(link.value.account, account)
          if (renewed !== undefined) return renewed
          // The account was removed: whoever comes now is given a new one.
          await identities.takeOnce(id)
          continue
        }
        const made = await create(account)
        if (await identities.putIfAbsent(id, { account: made.name })) return { account: toAccount(made), created: true }
        // Somebody else was first with the same identity; theirs is the account.
        await accounts.takeOnce(made.name)
      }
      throw new Error('an identity changes faster than its account can be found')
    },
  }
}

const unique = (values: readonly string[]): string[] => [...new Set(values)]
const same = (some: readonly string[], others: readonly string[]): boolean => some.join('\n') === others.join('\n')
