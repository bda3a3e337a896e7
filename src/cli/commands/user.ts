/** `sallyport user add | list | show`: the people who may sign in. A password is typed or read from stdin, never an argument. @module */

import { text as readAll } from 'node:stream/consumers'
import { systemClock } from '../../core/index.ts'
import { createApiKeys } from '../../oauth/index.ts'
import { type Account, toName } from '../../people/index.ts'
import type { WithData } from '../common.ts'
import { withData, withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, type Output, table } from '../output.ts'
import { accountOf, peopleOf, refused } from '../people.ts'
import { askHidden } from '../prompt.ts'
import { recordOperator } from '../record.ts'
import { shown } from '../shown.ts'
import { dateOf, described, minuteOf, split } from '../values.ts'
import { grantsOf } from './grant.ts'

export interface AddUserOptions extends WithData {
  readonly passwordStdin?: boolean
  readonly role?: readonly string[]
  readonly group?: readonly string[]
}

export async function addUser(name: string, { json = false, dataDir, passwordStdin = false, role, group }: AddUserOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const password = passwordStdin ? await firstLineOfStdin() : await typedTwice()
  const account = await withData(dataDir, async (data) => {
    const { accounts } = peopleOf(data)
    if (await accounts.find(toName(name)))
      throw new CliError('E-EXISTS', 'there is an account of that name', 'choose another name; see `sallyport user list`')
    const created = await accounts.create({ name, password, roles: split(role), groups: split(group) })
    if ('problem' in created) throw refused(created.problem)
    await recordOperator(data.store, 'user.add', created.account.name, startedAt)
    return created.account
  })
  output.object({ name: account.name, roles: account.roles, ...(account.groups.length > 0 && { groups: account.groups }) })
  output.line(
    `${output.paint('green', '✓')} ${account.name} may sign in${account.roles.length > 0 ? `, with the role ${account.roles.join(', ')}` : ''}`,
  )
}

export async function listUsers({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const { accounts, invitations } = await withExistingData(dataDir, async (data) => {
    const people = peopleOf(data)
    const open = await people.links.list('invitation')
    return {
      accounts: await people.accounts.list(),
      invitations: open.flatMap(({ purpose, expiresAt }) =>
        purpose.kind === 'invitation' ? [{ name: purpose.name, roles: purpose.roles, groups: purpose.groups, expiresAt }] : [],
      ),
    }
  })
  output.object({ users: accounts, invitations })
  if (accounts.length + invitations.length === 0)
    output.note('There are no accounts. `sallyport guard` prints a link to make the first one.')
  const rows = accounts.map((account) => [
    account.name,
    account.owner ? 'owner' : '',
    shown(account.roles.join(',')),
    account.identity ? `at ${shown(account.identity.provider)}` : '',
    `since ${dateOf(account.since)}`,
    stateOf(account, output),
  ])
  const invited = invitations.map(({ name, roles, expiresAt }) => [
    name,
    '',
    roles.join(','),
    '',
    `until ${minuteOf(expiresAt)}`,
    'invited',
  ])
  for (const row of table([...rows, ...invited])) output.line(row)
}

export async function showUser(named: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const found = await withExistingData(dataDir, async (data) => {
    const people = peopleOf(data)
    const account = await accountOf(people, named)
    const keys = await createApiKeys({ store: data.store, keyRing: data.keyRing, clock: systemClock }).listOf(account.name)
    return {
      ...account,
      passkeys: await people.passkeys.list(account),
      oneTimeCodes: (await people.oneTimeCodes.since(account)) !== undefined,
      recoveryCodesLeft: (await people.recoveryCodes.left(account))?.count ?? 0,
      sessions: (await people.sessions.list(account.name)).length,
      grants: (await grantsOf(data).listOf(account.name)).length,
      keys: keys.filter(({ revokedAt, expiresAt }) => revokedAt === undefined && expiresAt > Date.now()).length,
    }
  })
  output.object(found)
  const { passkeys, identity } = found
  const ways = [
    found.hasPassword ? 'password' : '',
    ...passkeys.map(({ name }) => `passkey “${shown(name)}”`),
    found.oneTimeCodes ? `one-time codes (${found.recoveryCodesLeft} recovery codes left)` : '',
    identity ? `${shown(identity.provider)} as ${shown(identity.subject)}` : '',
  ]
  const rows = described([
    ['account', found.name],
    ['', found.owner ? 'set this server up' : undefined],
    ['roles', shown(found.roles.join(', '))],
    ['groups', shown(found.groups.join(', '))],
    ['since', minuteOf(found.since)],
    ['signs in with', ways.filter(Boolean).join(', ')],
    ['signed in', `at ${counted(found.sessions, 'browser')}`],
    ['has allowed', counted(found.grants, 'program')],
    ['has', counted(found.keys, 'key')],
    ['stands', stateOf(found, output)],
  ])
  for (const row of table(rows.map(([label, value]) => [output.paint('dim', label), value]))) output.line(row)
}

const counted = (count: number, one: string): string => (count === 0 ? `no ${one}` : count === 1 ? `1 ${one}` : `${count} ${one}s`)
const stateOf = ({ disabled }: Pick<Account, 'disabled'>, { paint }: Output): string =>
  disabled ? paint('red', 'switched off') : paint('green', 'may sign in')

async function firstLineOfStdin(): Promise<string> {
  const [line = ''] = (await readAll(process.stdin)).split(/\r?\n/)
  if (line === '')
    throw new CliError(
      'E-USAGE',
      'there is no password on stdin',
      'pipe it in: printf \'%s\' "$PASSWORD" | sallyport user add … --password-stdin',
    )
  return line
}

async function typedTwice(): Promise<string> {
  if (!process.stdin.isTTY) throw new CliError('E-USAGE', 'nobody is there to type a password', 'use --password-stdin')
  const password = await askHidden('Password: ')
  if ((await askHidden('Once more: ')) !== password) throw new CliError('E-USAGE', 'the two passwords differ', 'run the command again')
  return password
}
