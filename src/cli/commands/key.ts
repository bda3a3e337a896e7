/** `sallyport key create | list | revoke`, on the data directory, beside a running guard or without one. @module */

import { STANDARD_SCOPES, systemClock } from '../../core/index.ts'
import { type ApiKeys, createApiKeys } from '../../oauth/index.ts'
import type { Data } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { withData, withExistingData } from '../data.ts'
import { parseSeconds } from '../durations.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { operator, recordOperator } from '../record.ts'
import { shown, shownShort } from '../shown.ts'

export interface CreateKeyOptions extends WithData {
  readonly name: string
  readonly scope: readonly string[]
  readonly role?: readonly string[]
  readonly expires: string
}

const DAY_SECONDS = 86_400
const DAY_MS = DAY_SECONDS * 1000

const keysOf = ({ store, keyRing }: Data): ApiKeys => createApiKeys({ store, keyRing, clock: systemClock })

export async function createKey({ json = false, dataDir, name, scope, role = [], expires }: CreateKeyOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const seconds = parseSeconds('--expires', expires)
  const created = await withData(dataDir, async (data) => {
    const { id, key, expiresAt } = await keysOf(data).create({
      name,
      scopes: split(scope),
      roles: split(role),
      createdBy: operator(),
      expiresInDays: seconds / DAY_SECONDS,
    })
    await recordOperator(data.store, 'key.create', id, startedAt)
    return { id, key, expiresAt }
  })
  for (const unusual of split(scope).filter((one) => !STANDARD_SCOPES.includes(one)))
    output.note(`! ${shown(unusual)} is none of the standard scopes: only a server that asks for it will take it`)
  output.object({ id: created.id, key: created.key })
  output.line(created.key)
  if (json) return
  output.note(
    `Key "${name}" (${created.id}) with ${split(scope).join(', ')}, good until ${endOf(startedAt, created.expiresAt)}. It is not shown again.`,
  )
  output.note('Send it as `Authorization: Bearer …` or as `X-API-Key`, never in a URL.')
}

export async function listKeys({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const now = Date.now()
  const keys = await withExistingData(dataDir, (data) => keysOf(data).list())
  output.object({ keys })
  if (keys.length === 0) output.note('There are no keys. Make one with `sallyport key create --name … --scope tools:read`.')
  const rows = keys.map(({ id, name, scopes, roles, createdBy, createdAt, expiresAt, revokedAt }) => [
    `spk_${id}…`,
    shownShort(name),
    shown(scopes.join(',')),
    roles.length > 0 ? `roles ${shown(roles.join(','))}` : '',
    `by ${shownShort(createdBy)} ${dateOf(createdAt)}`,
    revokedAt !== undefined
      ? output.paint('dim', `revoked ${dateOf(revokedAt)}`)
      : expiresAt <= now
        ? output.paint('red', `expired ${endOf(createdAt, expiresAt)}`)
        : output.paint(expiresAt - now <= 7 * DAY_MS ? 'red' : 'green', `until ${endOf(createdAt, expiresAt)}`),
  ])
  for (const row of table(rows)) output.line(row)
}

export async function revokeKey(given: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  // What `key list` shows, and what a person has at hand, is more than the id. The secret part is dropped at once.
  const id = given.replace(/^spk_/, '').slice(0, 8)
  await withExistingData(dataDir, async (data) => {
    if (!(await keysOf(data).revoke(id)))
      throw new CliError(
        'E-NOT-FOUND',
        `there is no key ${shown(id)} that could be revoked`,
        'see `sallyport key list`, and check --data-dir',
      )
    await recordOperator(data.store, 'key.revoke', id, startedAt)
  })
  output.object({ id, revoked: true })
  output.line(`${output.paint('green', '✓')} revoked ${id}: a running guard refuses it within a second`)
}

/** `--scope a b`, `--scope a --scope b` and `--scope "a b"` or `a,b` mean the same. */
const split = (values: readonly string[]): string[] => [...new Set(values.flatMap((value) => value.split(/[\s,]+/)).filter(Boolean))]
const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10)
/** A day is enough for what is good for weeks; what ends sooner ends at a time of day. */
const endOf = (createdAt: number, at: number): string =>
  at - createdAt > 2 * DAY_MS ? dateOf(at) : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
