/** `sallyport user roles | disable | enable | remove`: what an operator changes about an account. A running guard follows within a second. @module */

import { systemClock } from '../../core/index.ts'
import { createApiKeys } from '../../oauth/index.ts'
import { toName } from '../../people/index.ts'
import { classes } from '../../retention/index.ts'
import type { Data } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput } from '../output.ts'
import { accountOf, noAccount, peopleOf, refused } from '../people.ts'
import { recordOperator } from '../record.ts'
import { split } from '../values.ts'
import { grantsOf } from './grant.ts'

export interface RolesOptions extends WithData {
  readonly add?: readonly string[]
  readonly take?: readonly string[]
  readonly addGroup?: readonly string[]
  readonly takeGroup?: readonly string[]
}
export interface RemoveUserOptions extends WithData {
  readonly owner?: boolean
}

export async function changeRoles(named: string, { json = false, dataDir, ...options }: RolesOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const [add, take, addGroup, takeGroup] = [options.add, options.take, options.addGroup, options.takeGroup].map((each) => split(each))
  const change = (now: readonly string[], added: readonly string[] = [], taken: readonly string[] = []): string[] => [
    ...new Set([...now.filter((one) => !taken.includes(one)), ...added]),
  ]
  const account = await withExistingData(dataDir, async (data) => {
    const people = peopleOf(data)
    const now = await accountOf(people, named)
    const [roles, groups] = [change(now.roles, add, take), change(now.groups, addGroup, takeGroup)]
    if (roles.join() === now.roles.join() && groups.join() === now.groups.join()) return now
    const changed = await people.accounts.setRoles(now.name, roles, groups)
    if ('problem' in changed) throw refused(changed.problem)
    await recordOperator(data.store, 'user.roles', now.name, startedAt, { roles, groups })
    return changed.account
  })
  output.object({ name: account.name, roles: account.roles, groups: account.groups })
  const list = (words: readonly string[]): string => words.join(', ') || 'none'
  output.line(`${output.paint('green', '✓')} ${account.name}: roles ${list(account.roles)}; groups ${list(account.groups)}`)
}

export const disableUser = (named: string, options: WithData): Promise<void> =>
  switchUser(named, 'disable', 'is switched off: a running guard refuses its tokens and keys within a second', options)

export const enableUser = (named: string, options: WithData): Promise<void> =>
  switchUser(named, 'enable', 'may sign in again, and what it had allowed counts again', options)

async function switchUser(named: string, how: 'disable' | 'enable', told: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const name = await withExistingData(dataDir, async (data) => {
    const people = peopleOf(data)
    const account = await accountOf(people, named)
    await people.accounts[how](account.name)
    await recordOperator(data.store, `user.${how}`, account.name, startedAt)
    return account.name
  })
  output.object({ name, disabled: how === 'disable' })
  output.line(`${output.paint('green', '✓')} ${name} ${told}`)
}

export async function removeUser(named: string, { json = false, dataDir, owner = false }: RemoveUserOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const name = toName(named)
  const what = await withExistingData(dataDir, async (data) => {
    const { accounts, links } = peopleOf(data)
    const account = await accounts.find(name)
    if (account?.owner && !owner)
      throw new CliError(
        'E-USAGE',
        `${name} set this server up`,
        'with --owner it is removed all the same: the next start shows a link to make another',
      )
    const invited = await links.end({ kind: 'invitation', name })
    const removed = await accounts.remove(name)
    if (!removed && !invited) throw noAccount(named)
    if (removed) await endWhatItAllowed(data, name)
    if (removed) await destroyContents(data, name)
    await recordOperator(data.store, 'user.remove', name, startedAt, { account: removed, invitation: invited })
    return removed ? 'account' : 'invitation'
  })
  output.object({ name, removed: what })
  output.line(
    `${output.paint('green', '✓')} ${
      what === 'account'
        ? `removed ${name}, with all that was its own: a running guard refuses its tokens within a second`
        : `the invitation of ${name} has ended`
    }`,
  )
}

/** Whoever gets the name later is another person. What the audit has stays: who is removed is not forgotten (`sallyport data forget`). */
async function destroyContents({ vault }: Data, subject: string): Promise<void> {
  for (const name of ['tasks', 'contents', 'signs'] as const) for (const kind of classes[name].kept) await vault.shred({ kind, subject })
}

/** They count no more as soon as the account is gone; here they go from the lists. */
async function endWhatItAllowed(data: Data, name: string): Promise<void> {
  const grants = grantsOf(data)
  for (const { id } of await grants.listOf(name)) await grants.revoke(id)
  const keys = createApiKeys({ store: data.store, keyRing: data.keyRing, clock: systemClock })
  for (const { id } of await keys.listOf(name)) await keys.revoke(id)
}
