/** `sallyport grant list | show | revoke`: what people have allowed clients. A running guard follows within a second. @module */

import { systemClock } from '../../core/index.ts'
import {
  type Clients,
  createAllClients,
  createArtifacts,
  createClientCopies,
  createClients,
  createGrants,
  type GrantInfo,
  type Grants,
} from '../../oauth/index.ts'
import type { Data } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { recordOperator } from '../record.ts'
import { shown, shownShort } from '../shown.ts'
import { dateOf, described, minuteOf } from '../values.ts'

export interface ListGrantsOptions extends WithData {
  readonly account?: string
  readonly client?: string
}

export const grantsOf = ({ store, keyRing, vault }: Data): Grants =>
  createGrants({ store, clock: systemClock, artifacts: createArtifacts({ store, keyRing, vault, clock: systemClock }) })
/** Those with a URL for an id too. */
export function clientsOf(data: Data): Clients {
  const parts = { store: data.store, vault: data.vault, clock: systemClock }
  return createAllClients({ clients: createClients(parts), copies: createClientCopies(parts), grants: grantsOf(data) })
}

/** An id may begin with a dash, which a command line would take for an option. Those of services and agents begin like this already. */
const shownId = (id: string): string => (id.startsWith('gr_') ? id : `gr_${id}`)
const find = async (grants: Grants, named: string): Promise<GrantInfo | undefined> =>
  (await grants.get(named)) ?? (named.startsWith('gr_') ? await grants.get(named.slice('gr_'.length)) : undefined)

export async function listGrants({ json = false, dataDir, account, client }: ListGrantsOptions): Promise<void> {
  const output = createOutput(json)
  const grants = await withExistingData(dataDir, async (data) => {
    const names = new Map((await clientsOf(data).list()).map(({ id, name }) => [id, name]))
    return (await grantsOf(data).list())
      .filter((grant) => (account ?? grant.account) === grant.account && (client ?? grant.clientId) === grant.clientId)
      .map((grant) => ({ ...toShown(grant), clientName: names.get(grant.clientId) }))
  })
  output.object({ grants })
  if (grants.length === 0) output.note('There are no grants: one begins when somebody signs in to a client and allows it something.')
  const rows = grants.map(({ id, account: who, clientId, clientName, scopes, createdAt, expiresAt }) => [
    id,
    shownShort(who ?? ''),
    `${shownShort(clientName ?? '')} ${shownShort(clientId)}`.trim(),
    shown(scopes.join(',')),
    dateOf(createdAt),
    `until ${dateOf(expiresAt)}`,
  ])
  for (const row of table(rows)) output.line(row)
}

export async function showGrant(named: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const found = await withExistingData(dataDir, async (data) => {
    const grant = await find(grantsOf(data), named)
    return grant && { ...toShown(grant), client: await clientsOf(data).get(grant.clientId) }
  })
  if (found === undefined) throw notFound(named)
  output.object(found)
  const rows = described([
    ['grant', found.id],
    ['account', found.account && shown(found.account)],
    [
      'client',
      [found.client?.name, found.clientId]
        .map((each) => shown(each ?? ''))
        .join(' ')
        .trim(),
    ],
    ['scopes', shown(found.scopes.join(', '))],
    ['allowed', minuteOf(found.createdAt)],
    ['last used', found.lastUsed === undefined ? 'never' : `${minuteOf(found.lastUsed.at)} from ${shown(found.lastUsed.from)}`],
    ['ends', minuteOf(found.expiresAt)],
  ])
  for (const row of table(rows.map(([label, value]) => [output.paint('dim', label), value]))) output.line(row)
}

export async function revokeGrants(named: readonly string[], { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const ids = await withExistingData(dataDir, async (data) => {
    const grants = grantsOf(data)
    // All of them or none: a slip in the last must not leave the first ones revoked unseen.
    const found: string[] = []
    for (const each of named) {
      const grant = await find(grants, each)
      if (grant === undefined) throw notFound(each)
      found.push(grant.id)
    }
    for (const id of found) {
      await grants.revoke(id)
      await recordOperator(data.store, 'grant.revoke', id, startedAt)
    }
    return found
  })
  output.object({ ids: ids.map(shownId), revoked: true })
  for (const each of named)
    output.line(`${output.paint('green', '✓')} revoked ${shown(each)}: a running guard refuses its tokens within a second`)
}

const toShown = (grant: GrantInfo): GrantInfo => ({ ...grant, id: shownId(grant.id) })

const notFound = (named: string): CliError =>
  new CliError('E-NOT-FOUND', `there is no grant ${shownShort(named)}, or it has ended`, 'see `sallyport grant list`, and check --data-dir')
