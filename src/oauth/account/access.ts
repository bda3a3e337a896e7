/** What programs may do in a person's name: listed by program, taken back one by one or all at once. @module */

import type { ScopeHierarchy } from '../../core/index.ts'
import type { Account } from '../../people/index.ts'
import type { ClientInfo, Clients } from '../clients.ts'
import type { GrantInfo, Grants } from '../grants.ts'
import { type AccessOf, accessPage, plain } from '../pages/index.ts'
import { groupScopes, OFFLINE_ACCESS } from '../scopes.ts'
import type { Action, Visit } from './visit.ts'

export interface AccessParts {
  readonly grants: Grants
  readonly clients: Pick<Clients, 'get'>
  readonly hierarchy: ScopeHierarchy
  /** The guarded server's host. */
  readonly server: string
}

/** Of one program: one that an operator vouches for may sign in every hour. */
const MAX_SHOWN = 50

export function accessActions({ grants, clients, hierarchy, server }: AccessParts): readonly Action[] {
  /** Those of this very account: one of the name before it gave what is nothing today. */
  async function grantsOf({ name, since }: Account): Promise<readonly GrantInfo[]> {
    // The provider counts in whole seconds.
    const own = (await grants.listOf(name)).filter(({ createdAt }) => createdAt >= Math.floor(since / 1000) * 1000)
    return own.sort((a, b) => b.createdAt - a.createdAt)
  }
  async function accessOf(clientId: string, of: readonly GrantInfo[]): Promise<AccessOf> {
    const scopes = [...new Set(of.flatMap((grant) => grant.scopes))].filter((scope) => scope !== OFFLINE_ACCESS)
    const uses = of.flatMap(({ lastUsed }) => lastUsed ?? []).sort((a, b) => b.at - a.at)
    return {
      clientId,
      ...clientShown(await clients.get(clientId)),
      groups: groupScopes(scopes, hierarchy),
      since: Math.min(...of.map(({ createdAt }) => createdAt)),
      until: Math.max(...of.map(({ expiresAt }) => expiresAt)),
      lastUsed: uses[0],
      others: Math.max(0, of.length - MAX_SHOWN),
      grants: of.slice(0, MAX_SHOWN).map(({ id, createdAt, expiresAt, lastUsed, narrowedFrom }) => ({
        id,
        createdAt,
        expiresAt,
        lastUsed,
        derived: narrowedFrom !== undefined,
      })),
    }
  }
  async function end(own: readonly GrantInfo[], note: Visit['note']): Promise<void> {
    for (const { id, clientId } of own) {
      if (!(await grants.revoke(id))) continue
      const { name } = clientShown(await clients.get(clientId))
      note('grant.revoke', id, { clientId, clientName: name === '' ? undefined : name })
    }
  }
  return [
    {
      method: 'GET',
      path: '',
      async run({ account, frame, formTo, now }) {
        const byClient = Map.groupBy(await grantsOf(account), ({ clientId }) => clientId)
        const all = await Promise.all([...byClient].map(([clientId, of]) => accessOf(clientId, of)))
        const access = all.sort((a, b) => b.since - a.since)
        return accessPage({ frame, server, access, now, end: formTo('/access/end'), endAll: formTo('/access/end-all') })
      },
    },
    {
      method: 'POST',
      path: '/access/end',
      async run({ account, form, note }) {
        const [client, id] = [form.get('client'), form.get('grant')]
        const own = (await grantsOf(account)).filter((grant) => (id === null ? grant.clientId === client : grant.id === id))
        await end(own, note)
        return { goTo: '', ...(own.length > 0 && { done: 'access-ended' }) }
      },
    },
    {
      method: 'POST',
      path: '/access/end-all',
      async run({ account, note }) {
        await end(await grantsOf(account), note)
        return { goTo: '', done: 'all-access-ended' }
      },
    },
  ]
}

/** What it says of itself, and where it had the answer sent: the one is a claim, the other was so. */
function clientShown(client: ClientInfo | undefined): Pick<AccessOf, 'name' | 'isKnown' | 'isApproved' | 'returnsTo'> {
  const url = URL.parse(client?.redirectUris[0] ?? '')
  return {
    name: plain(client?.name ?? ''),
    isKnown: client !== undefined,
    isApproved: client?.approved?.lapsed === false,
    returnsTo: url === null ? undefined : url.protocol === 'https:' ? url.host : 'here',
  }
}
