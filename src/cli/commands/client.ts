/** `sallyport client list | show | approve | unapprove | remove`: the programs that people sign in to, and those that act for themselves. @module */

import type { ClientInfo } from '../../oauth/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { shortOf } from '../grant-names.ts'
import { createOutput, table } from '../output.ts'
import { operator, recordOperator } from '../record.ts'
import { shown, shownShort } from '../shown.ts'
import { dateOf, described, minuteOf } from '../values.ts'
import { clientsOf, grantsOf } from './grant.ts'

export async function listClients({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const clients = await withExistingData(dataDir, (data) => clientsOf(data).list())
  output.object({ clients })
  if (clients.length === 0) output.note('There are no clients: most register themselves; make one with `sallyport client create`.')
  const rows = clients.map((client) => [
    client.id,
    shownShort(client.name ?? ''),
    client.registered === 'by-itself' ? 'registered itself' : `by ${shownShort(client.createdBy ?? '')}`,
    dateOf(client.createdAt),
    client.authMethod,
    client.grantTypes.map(shortOf).join(','),
    client.lastUsedAt === undefined ? 'never used' : `used ${dateOf(client.lastUsedAt)}`,
    client.approved === undefined ? '' : client.approved.lapsed ? 'approved before it changed' : 'approved',
    client.expiresAt === undefined ? '' : output.paint('dim', `until ${minuteOf(client.expiresAt)}`),
  ])
  for (const row of table(rows)) output.line(row)
}

export async function showClient(id: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const found = await withExistingData(dataDir, async (data) => {
    const client = await clientsOf(data).get(id)
    const grants = client && (await grantsOf(data).list()).filter(({ clientId }) => clientId === id)
    return client && grants && { client, grants }
  })
  if (found === undefined) throw notFound(id)
  const { client, grants } = found
  output.object({ ...client, grants: grants.length })
  const rows = described([
    ['client', client.id],
    ['name', `${shown(client.name ?? '')}${client.registered === 'by-itself' ? ' (its own word)' : ''}`],
    ['made', madeBy(client)],
    ['signs in', client.authMethod],
    ['grants', client.grantTypes.map(shortOf).join(', ')],
    ['scopes', client.scopes === undefined ? 'what somebody allows it' : shown(client.scopes.join(', '))],
    ['redirects', client.redirectUris.map(shown).join(', ')],
    ['last used', client.lastUsedAt === undefined ? 'never' : minuteOf(client.lastUsedAt)],
    ['forgotten', client.expiresAt === undefined ? undefined : `${minuteOf(client.expiresAt)}, unless it is used`],
    ['approved', approvalShown(client)],
    ['allowed by', grants.length === 0 ? 'nobody' : [...new Set(grants.map(({ account = '' }) => shownShort(account)))].join(', ')],
  ])
  for (const row of table(rows.map(([label, value]) => [output.paint('dim', label), value]))) output.line(row)
}

/** People are not asked where it sends them over the network; on this computer another program could pass for it. */
export async function approveClient(id: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const client = await withExistingData(dataDir, async (data) => {
    const clients = clientsOf(data)
    if (!(await clients.approve(id, operator()))) throw notFound(id)
    await recordOperator(data.store, 'client.approve', id, startedAt)
    return clients.get(id)
  })
  const redirects = client?.redirectUris ?? []
  const asked = redirects.filter((uri) => !uri.startsWith('https://'))
  output.object({ id, approved: true, redirectUris: redirects })
  output.line(`${output.paint('green', '✓')} approved ${shown(id)} ${shownShort(client?.name ?? '')}, as it is now`)
  if (json) return
  for (const uri of redirects) output.line(`  sends people to ${shown(uri)}`)
  output.note('People read on the consent page that you vouch for its name and for these addresses.')
  output.note(
    asked.length === redirects.length
      ? 'They are asked all the same: it sends them to their own computer, or has a code typed in, and there another program could pass for it.'
      : 'They are not asked any more, unless it wants them to be, or sends them to their own computer.',
  )
}

export async function unapproveClient(id: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  await withExistingData(dataDir, async (data) => {
    const clients = clientsOf(data)
    if ((await clients.get(id)) === undefined) throw notFound(id)
    if (!(await clients.unapprove(id)))
      throw new CliError('E-NOT-FOUND', `client ${shownShort(id)} is not approved`, 'see `sallyport client list`')
    await recordOperator(data.store, 'client.unapprove', id, startedAt)
  })
  output.object({ id, approved: false })
  output.line(
    `${output.paint('green', '✓')} no longer approved ${shown(id)}: people are asked; what they allowed stays until it is revoked`,
  )
}

export async function removeClient(id: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  await withExistingData(dataDir, async (data) => {
    // The client first: from here on nothing of it is accepted, whatever else fails.
    if (!(await clientsOf(data).remove(id))) throw notFound(id)
    await grantsOf(data).revokeOfClient(id)
    await recordOperator(data.store, 'client.remove', id, startedAt)
  })
  output.object({ id, removed: true })
  output.line(`${output.paint('green', '✓')} removed ${shown(id)}: a running guard refuses it and its tokens within a second`)
}

function approvalShown({ approved }: ClientInfo): string | undefined {
  if (approved === undefined) return undefined
  return `${minuteOf(approved.at)} by ${shown(approved.by)}${approved.lapsed ? ': it has changed since, so this counts no more' : ''}`
}

const madeBy = ({ createdAt, createdBy }: ClientInfo): string =>
  `${minuteOf(createdAt)} ${createdBy === undefined ? 'by itself' : `by ${shown(createdBy)}`}`

const notFound = (id: string): CliError =>
  new CliError('E-NOT-FOUND', `there is no client ${shownShort(id)}`, 'see `sallyport client list`, and check --data-dir')
