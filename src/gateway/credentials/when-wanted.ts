/**
 * What speaks OAuth with the authorization servers of guarded ones, loaded with the first of those that may want it. It stands on the
 * whole client: a tenth of the modules that a gateway loads before it listens, and one whose upstreams are processes of its own needs none.
 *
 * @module
 */

import type { Connectable } from './connectable.ts'
import type { OwnAccountsOptions } from './own-accounts.ts'
import type { PersonalCredentials } from './personal.ts'
import type { VouchedOptions } from './vouched.ts'

export const openOwnAccounts = async (options: OwnAccountsOptions): Promise<PersonalCredentials & { readonly connectable: Connectable }> =>
  (await import('./own-accounts.ts')).createOwnAccounts(options)

export const openVouched = async (options: VouchedOptions): Promise<PersonalCredentials> =>
  (await import('./vouched.ts')).createVouched(options)
