/**
 * What is behind a one-time link for one person: an account of the name and with the roles that an operator gave, or a new password.
 * The password is looked at before the link is used up, so that a short one costs nothing.
 *
 * @module
 */

import type { Account } from './account.ts'
import type { Accounts } from './accounts.ts'
import type { LinkPurpose, OneTimeLinks } from './one-time-links.ts'

/** For whom a link is, as far as its page says it. */
export interface Invited {
  readonly kind: 'invitation' | 'password'
  readonly name: string
}

/** `gone`: used, too old, or never there. */
export type Welcomed = { readonly account: Account; readonly kind: Invited['kind'] } | { readonly problem: string } | 'gone'

interface Open {
  readonly purpose: Exclude<LinkPurpose, { kind: 'owner' }>
  /** Whose new password it is for. */
  readonly account?: Account | undefined
}

export interface Welcome {
  look(code: string): Promise<Invited | undefined>
  /** The account, with this password from now on. It does not sign anybody in: that takes the second factor, where there is one. */
  accept(code: string, password: string): Promise<Welcomed>
}

export function createWelcome({ accounts, links }: { readonly accounts: Accounts; readonly links: OneTimeLinks }): Welcome {
  /** Undefined too where the name is taken by now, or the account is another, or switched off. */
  async function look(code: string): Promise<Open | undefined> {
    const purpose = await links.look(code)
    if (purpose === undefined || purpose.kind === 'owner') return undefined
    const account = await accounts.find(purpose.name)
    if (purpose.kind === 'invitation') return account === undefined ? { purpose } : undefined
    return account?.since === purpose.since && !account.disabled && account.identity === undefined ? { purpose, account } : undefined
  }
  return {
    async look(code) {
      const open = await look(code)
      return open && { kind: open.purpose.kind, name: open.purpose.name }
    },
    async accept(code, password) {
      const open = await look(code)
      if (open === undefined) return 'gone'
      const problem = accounts.problemWith(open.purpose.name, password)
      if (problem !== undefined) return { problem }
      const purpose = await links.use(code)
      if (purpose === undefined || purpose.kind === 'owner') return 'gone'
      const { kind, name } = purpose
      const made =
        kind === 'invitation'
          ? await accounts.create({ name, password, roles: purpose.roles, groups: purpose.groups })
          : await accounts.setPassword(name, password, { of: open.account })
      return 'account' in made ? { account: made.account, kind } : made
    },
  }
}
