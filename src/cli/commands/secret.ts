/**
 * `sallyport secret set | list | remove`: what guarded servers are handed by name. A value is typed, or read from stdin, never an
 * argument, where everybody on this machine could read it; and it is never shown again.
 *
 * @module
 */

import { text as readAll } from 'node:stream/consumers'
import { systemClock } from '../../core/index.ts'
import { createAccounts, isAccountName, toName } from '../../people/index.ts'
import { createNamedSecrets, type Data, isSecretName, type NamedSecrets } from '../../vault/index.ts'
import { askedFor } from '../asked-secrets.ts'
import type { WithData } from '../common.ts'
import { withData, withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { askHidden } from '../prompt.ts'
import { operator, recordOperator } from '../record.ts'
import { shown, shownShort } from '../shown.ts'
import { dateOf } from '../values.ts'

export interface SecretOptions extends WithData {
  readonly user?: string
}

const secretsOf = ({ store, vault }: Data): NamedSecrets => createNamedSecrets({ store, vault, clock: systemClock })
const whose = (user: string | undefined): string => (user === undefined ? 'everybody' : shownShort(user))
/** For the record: whose it is, and never what. */
const targetOf = (name: string, user: string | undefined): string => (user === undefined ? name : `${name} of ${user}`)

export async function setSecret(name: string, { json = false, dataDir, user }: SecretOptions): Promise<void> {
  const output = createOutput(json)
  if (!isSecretName(name))
    // Not said again: it may be the value, as in NAME=VALUE.
    throw new CliError(
      'E-USAGE',
      'the name of a secret is 1 to 64 letters a to z, digits, - and _, and begins with a letter',
      'use the name that stands in the configuration: ${secret:NAME} or ${user-secret:NAME}',
    )
  const startedAt = Date.now()
  const value = await valueFromOutside(name)
  const info = await withData(dataDir, async (data) => {
    const secrets = secretsOf(data)
    const owner = user === undefined ? undefined : await requireUser(data, user)
    const problem = await secrets.set({ name, user: owner, value, setBy: operator() })
    if (problem) throw wrong(problem.problem)
    await recordOperator(data.store, 'secret.set', targetOf(name, owner), startedAt)
    return secrets.find(name, owner)
  })
  output.object({ name, user: info?.user, setAt: info?.setAt })
  output.line(`${output.paint('green', '✓')} ${name} is set for ${whose(info?.user)}: a running guard uses it from the next call on`)
  if (json) return
  const asked = askedFor()
  if (asked && !asked.some(({ secret, of }) => secret === name && (of === 'person') === (user !== undefined)))
    output.note(
      `! no server in the configuration that is found from here asks for \${${user === undefined ? 'secret' : 'user-secret'}:${name}}`,
    )
}

export async function listSecrets({ json = false, dataDir, user }: SecretOptions): Promise<void> {
  const output = createOutput(json)
  const secrets = await withExistingData(dataDir, (data) => secretsOf(data).list(user === undefined ? undefined : { user: nameOf(user) }))
  const missing = (askedFor() ?? []).filter(
    ({ secret, of }) => of === 'everybody' && user === undefined && !secrets.some((one) => one.name === secret && one.user === undefined),
  )
  output.object({ secrets, missing: missing.map(({ secret }) => secret) })
  if (secrets.length === 0)
    output.note(
      user === undefined
        ? 'There are no secrets. Set one with `sallyport secret set NAME`.'
        : `${shownShort(nameOf(user))} has none. Set one with \`sallyport secret set NAME --user ${shownShort(nameOf(user))}\`.`,
    )
  const rows = secrets.map((one) => [
    shown(one.name),
    `for ${whose(one.user)}`,
    `set ${dateOf(one.setAt)} by ${shownShort(one.setBy)}`,
    one.lastUsedAt === undefined ? 'never used' : `used ${dateOf(one.lastUsedAt)}`,
  ])
  for (const row of table(rows)) output.line(row)
  if (json) return
  for (const { secret, server } of missing)
    output.note(`! the server ${server} waits for ${secret}, which is not set: sallyport secret set ${secret}`)
}

export async function removeSecret(name: string, { json = false, dataDir, user }: SecretOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const owner = user === undefined ? undefined : nameOf(user)
  await withExistingData(dataDir, async (data) => {
    if (!(await secretsOf(data).remove(name, owner)))
      throw new CliError(
        'E-NOT-FOUND',
        `there is no secret ${shown(name)} for ${whose(owner)}`,
        'see `sallyport secret list`, and check --data-dir',
      )
    await recordOperator(data.store, 'secret.remove', targetOf(name, owner), startedAt)
  })
  output.object({ name, user: owner, removed: true })
  output.line(`${output.paint('green', '✓')} removed ${shown(name)} for ${whose(owner)}: a running guard hands it to nobody any more`)
}

/** From a terminal it is typed without being shown; else it is all of stdin, but for the end of the last line. */
async function valueFromOutside(name: string): Promise<string> {
  if (process.stdin.isTTY) return askHidden(`The value of ${name} (it is not shown): `)
  return (await readAll(process.stdin)).replace(/\r?\n$/, '')
}

/** People type names of accounts with capitals; `ISSUER#SUBJECT` is as the issuer writes it. */
const nameOf = (user: string): string => (/[#:]/.test(user) ? user : toName(user))

/** A slip would set it for somebody who is not there. Whom an issuer vouches for, and clients, nobody can look up. */
async function requireUser({ store }: Data, user: string): Promise<string> {
  const name = nameOf(user)
  if (!isAccountName(name) || (await createAccounts({ store, clock: systemClock }).get(name))) return name
  throw new CliError(
    'E-NOT-FOUND',
    `there is no account ${shownShort(name)}`,
    'see `sallyport user list`; whom another issuer vouches for is ISSUER#SUBJECT',
  )
}

const wrong = (problem: string): CliError =>
  new CliError('E-USAGE', problem, 'give the value on stdin, or type it when asked: sallyport secret set NAME < FILE')
