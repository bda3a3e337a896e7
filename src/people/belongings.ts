/**
 * What belongs to one person and to nobody else. It goes with their account: whoever gets the name later is another person, who must not
 * find the first one's passkeys, sessions, connections or secrets.
 *
 * Each kind says in which group it keeps them. Grants and keys are the authorization server's, which ends them itself.
 *
 * @module
 */

import { allRecords, changeRecord, type RecordKind, type Store } from '../storage/index.ts'
import { groupOfUser } from '../vault/index.ts'
import { type Account, groupOfAccount, type Identity, identityId } from './account.ts'
import type { BrowserSession } from './sessions.ts'

/** `Principal.user` of somebody with an account is its name. */
const belongings = [
  ['browser_session', groupOfAccount],
  ['passkey', groupOfAccount],
  ['second_factor', groupOfAccount],
  ['one_time_link', groupOfAccount],
  ['connection', groupOfAccount],
  ['connection_attempt', groupOfAccount],
  ['named_secret', groupOfUser],
] as const satisfies readonly (readonly [RecordKind, (name: string) => string])[]

export async function removeBelongings(store: Store, name: string, identity: Identity | undefined): Promise<void> {
  for (const [kind, groupOf] of belongings) {
    const records = store.records(kind)
    for await (const { id } of allRecords(records, { group: groupOf(name) })) await records.takeOnce(id)
  }
  if (identity !== undefined) await store.records('identity').takeOnce(identityId(identity))
}

/** The links by which somebody could choose a password for it. */
export async function endPasswordLinks(store: Store, { name }: Account): Promise<void> {
  const links = store.records('one_time_link')
  for await (const { id } of allRecords(links, { group: groupOfAccount(name) })) await links.takeOnce(id)
}

/** All sessions of an account but `keep`, which goes on as one of the account as it is now. */
export async function endSessions(store: Store, { name, generation }: Account, keep?: string): Promise<void> {
  const records = store.records<BrowserSession>('browser_session')
  const group = groupOfAccount(name)
  for await (const { id, value } of allRecords(records, { group })) {
    if (value.id !== keep) await records.takeOnce(id)
    else
      await changeRecord(
        records,
        id,
        (now) => now && { ...now, generation },
        ({ expiresAt }) => ({ group, expiresAt }),
      )
  }
}
