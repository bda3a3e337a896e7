/**
 * What was done in a person's name, out of the audit trail: by them, by what they let in, by their keys. Nothing of anybody else, also
 * where another issuer has somebody of the same name, or an earlier account had it.
 *
 * Read backwards, a bounded number of records at a time: a page costs the same however much there is, and where it has looked far enough
 * without finding what fits, it says so and goes on from there when asked.
 *
 * @module
 */

import type { AuditRecord, AuditStore } from '../../storage/index.ts'
import type { KeyRing } from '../../vault/index.ts'
import type { Clients } from '../clients.ts'
import { activityPage, plain } from '../pages/index.ts'
import type { Action, Visit } from './visit.ts'

export interface ActivityParts {
  readonly audit: Pick<AuditStore, 'search'>
  readonly keyRing: Pick<KeyRing, 'seal' | 'open'>
  readonly clients: Pick<Clients, 'get'>
  readonly issuer: string
}

const SHOWN = 50
const LOOKED_AT = 2_000
const BATCH = 200

/** What is asked for, in the page's address. */
const outcomes: Readonly<Record<string, (record: AuditRecord) => boolean>> = {
  allowed: ({ decision }) => decision === 'allow',
  refused: ({ decision }) => decision !== 'allow',
}
const kinds: Readonly<Record<string, (record: AuditRecord) => boolean>> = {
  calls: ({ action }) => action === 'tools/call' || action === 'prompts/get' || action === 'resources/read',
  'sign-in': ({ action }) => action === 'sign-in' || action === 'sign-out' || action === 'session.end',
  access: ({ action }) => action === 'consent' || action === 'grant.revoke' || action === 'token',
  account: ({ action }) => /^(?:key|password|passkey|one-time-codes|recovery-codes|connection|secret|account|user)\./.test(action),
}

export function activityActions({ audit, keyRing, clients, issuer }: ActivityParts): readonly Action[] {
  const placeOf = ({ account }: Visit): string => `activity/${account.name}/${account.since}`
  /** The place in the trail is sealed: how much everybody does here is nobody's to read from it. */
  const cursorOf = (visit: Visit, sequence: number): string => keyRing.seal(String(sequence), placeOf(visit))
  const placeFrom = (visit: Visit): number | undefined => {
    const opened = keyRing.open((visit.query.get('before') ?? '').slice(0, 500), placeOf(visit))
    return opened === undefined ? undefined : Number(opened.toString())
  }

  async function read(visit: Visit, fits: (record: AuditRecord) => boolean) {
    const { account } = visit
    const found: AuditRecord[] = []
    let before = placeFrom(visit)
    for (let looked = 0; looked < LOOKED_AT; looked += BATCH) {
      const batch = await audit.search({ subject: account.name, before, limit: BATCH })
      for (const { sequence, record } of batch) {
        before = sequence
        if (record.at < account.since) return { found, before: undefined }
        if (isOwn(record, issuer) && fits(record)) found.push(record)
        if (found.length === SHOWN) return { found, before }
      }
      if (batch.length < BATCH) return { found, before: undefined }
    }
    return { found, before }
  }
  /** A program that does not say its name with a call said it when it registered. */
  async function withNames(records: readonly AuditRecord[]): Promise<AuditRecord[]> {
    const unnamed = new Set(records.flatMap(({ clientId, clientName }) => (clientId !== undefined && !clientName ? [clientId] : [])))
    const names = new Map(await Promise.all([...unnamed].map(async (id) => [id, (await clients.get(id))?.name] as const)))
    return records.map((record) => ({ ...record, clientName: record.clientName || names.get(record.clientId ?? '') }))
  }
  return [
    {
      method: 'GET',
      path: '/activity',
      async run(visit) {
        const { query, frame } = visit
        const [outcome, kind, client] = ['outcome', 'kind', 'client'].map((name) => (query.get(name) ?? '').slice(0, 2048))
        const byOutcome = pick(outcomes, outcome)
        const byKind = pick(kinds, kind)
        const fits = (record: AuditRecord): boolean =>
          (byOutcome?.(record) ?? true) && (byKind?.(record) ?? true) && (!client || record.clientId === client)
        const { found, before } = await read(visit, fits)
        const name = client ? plain((await clients.get(client))?.name ?? client) : undefined
        return activityPage({
          frame,
          records: await withNames(found),
          filter: {
            outcome: byOutcome && outcome,
            kind: byKind && kind,
            client: client && name !== undefined ? { id: client, name } : undefined,
          },
          isFirstPage: !query.has('before'),
          earlier: before === undefined ? undefined : cursorOf(visit, before),
        })
      },
    },
  ]
}

/** Whose name it is depends on who vouches for it: this server, or a key of this person, never another issuer. */
const isOwn = ({ issuer: whose }: AuditRecord, issuer: string): boolean => whose === issuer || whose === 'key'

const pick = <T>(table: Readonly<Record<string, T>>, name: string | undefined): T | undefined =>
  name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
