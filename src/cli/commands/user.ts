/** `sallyport user add | list`: the people who may sign in. A password is typed or read from stdin, never an argument. @module */

import { text as readAll } from 'node:stream/consumers'
import { systemClock } from '../../core/index.ts'
import { createAccounts } from '../../people/index.ts'
import type { WithData } from '../common.ts'
import { withData, withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { askHidden } from '../prompt.ts'
import { recordOperator } from '../record.ts'

export interface AddUserOptions extends WithData {
  readonly passwordStdin?: boolean
  readonly role?: readonly string[]
}

export async function addUser(name: string, { json = false, dataDir, passwordStdin = false, role = [] }: AddUserOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const password = passwordStdin ? await firstLineOfStdin() : await typedTwice()
  const account = await withData(dataDir, async ({ store }) => {
    const accounts = createAccounts({ store, clock: systemClock })
    if (await accounts.get(name.trim().toLowerCase()))
      throw new CliError('E-EXISTS', 'there is an account of that name', 'choose another name; see `sallyport user list`')
    const created = await accounts.create({ name, password, roles: role.flatMap((one) => one.split(',')).filter(Boolean) })
    if ('problem' in created) throw new CliError('E-USAGE', created.problem, 'correct it and run the command again')
    await recordOperator(store, 'user.add', created.account.name, startedAt)
    return created.account
  })
  output.object({ name: account.name, roles: account.roles })
  output.line(
    `${output.paint('green', '✓')} ${account.name} may sign in${account.roles.length > 0 ? `, with the role ${account.roles.join(', ')}` : ''}`,
  )
}

export async function listUsers({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const accounts = await withExistingData(dataDir, ({ store }) => createAccounts({ store, clock: systemClock }).list())
  output.object({ users: accounts })
  if (accounts.length === 0) output.note('There are no accounts. `sallyport guard` prints a link to make the first one.')
  const rows = accounts.map(({ name, roles, owner, since }) => [
    name,
    owner ? 'owner' : '',
    roles.join(','),
    `since ${new Date(since).toISOString().slice(0, 10)}`,
  ])
  for (const row of table(rows)) output.line(row)
}

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
