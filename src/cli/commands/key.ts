/** `sallyport key create | list | show | roll | revoke | pattern`, on the data directory, beside a running guard or without one. @module */

import { STANDARD_SCOPES, systemClock } from '../../core/index.ts'
import { REVEAL_SCOPE } from '../../guards/index.ts'
import { API_KEY_PATTERN, type ApiKeyInfo, type ApiKeys, createApiKeys, type LastUse } from '../../oauth/index.ts'
import type { Data } from '../../vault/index.ts'
import type { Common, WithData } from '../common.ts'
import { withData, withExistingData } from '../data.ts'
import { parseSeconds } from '../durations.ts'
import { CliError } from '../errors.ts'
import { createOutput, type Output, table } from '../output.ts'
import { operator, recordOperator } from '../record.ts'
import { shown, shownShort } from '../shown.ts'
import { dateOf, described, endOf, given, minuteOf, split } from '../values.ts'

export interface CreateKeyOptions extends WithData {
  readonly name: string
  readonly scope: readonly string[]
  readonly role?: readonly string[]
  readonly server?: readonly string[]
  readonly expires: string
}
export interface RollKeyOptions extends WithData {
  readonly overlap: string
  readonly expires?: string
}

const DAY_SECONDS = 86_400
const SOON_MS = 7 * DAY_SECONDS * 1000

const keysOf = ({ store, keyRing }: Data): ApiKeys => createApiKeys({ store, keyRing, clock: systemClock })
const daysOf = (expires: string): number => parseSeconds('--expires', expires) / DAY_SECONDS

export async function createKey({ json = false, dataDir, name, scope, role, server, expires }: CreateKeyOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const expiresInDays = daysOf(expires)
  const [scopes, roles, servers] = [split(scope), split(role), split(server)]
  const created = await withData(dataDir, async (data) => {
    const key = { name, scopes, roles, ...(servers.length > 0 && { servers }), createdBy: operator(), expiresInDays }
    const made = await given('key create', keysOf(data).create(key))
    await recordOperator(data.store, 'key.create', made.id, startedAt)
    return made
  })
  for (const unusual of scopes.filter((one) => !STANDARD_SCOPES.includes(one) && one !== REVEAL_SCOPE))
    output.note(`! ${shown(unusual)} is none of the standard scopes: only a server that asks for it will take it`)
  for (const name of await serversNotIn(servers))
    output.note(`! ${shown(name)} is none of the servers in the configuration that is found from here: the key reaches nothing there`)
  output.object({ id: created.id, key: created.key })
  output.line(created.key)
  if (json) return
  const where = servers.length > 0 ? ` on ${servers.join(', ')}` : ''
  const until = endOf(startedAt, created.expiresAt)
  output.note(`Key "${name}" (${created.id}) with ${scopes.join(', ')}${where}, good until ${until}. It is not shown again.`)
  output.note('Send it as `Authorization: Bearer …` or as `X-API-Key`, never in a URL.')
}

export async function listKeys({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const now = Date.now()
  const keys = await withExistingData(dataDir, (data) => keysOf(data).list())
  output.object({ keys })
  if (keys.length === 0) output.note('There are no keys. Make one with `sallyport key create --name … --scope tools:read`.')
  const rows = keys.map((key) => [
    `spk_${key.id}…`,
    shownShort(key.name),
    shown(key.scopes.join(',')),
    key.roles.length > 0 ? `roles ${shown(key.roles.join(','))}` : '',
    key.servers ? `servers ${shown(key.servers.join(','))}` : '',
    `${key.account === undefined ? '' : `of ${shownShort(key.account)}, `}by ${shownShort(key.createdBy)} ${dateOf(key.createdAt)}`,
    key.lastUsed ? `used ${dateOf(key.lastUsed.at)}` : 'never used',
    standOf(key, now, output),
  ])
  for (const row of table(rows)) output.line(row)
}

export async function showKey(named: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const id = idOf(named)
  const key = await withExistingData(dataDir, (data) => keysOf(data).find(id))
  if (key === undefined) throw notFound(id)
  output.object(key)
  const rows = described([
    ['key', `spk_${key.id}…`],
    ['name', shown(key.name)],
    ['scopes', shown(key.scopes.join(', '))],
    ['roles', shown(key.roles.join(', '))],
    ['servers', key.servers === undefined ? 'all' : shown(key.servers.join(', '))],
    ['account', key.account && shown(key.account)],
    ['calls as', key.subject],
    ['made', `${minuteOf(key.createdAt)} by ${shown(key.createdBy)}`],
    ['last used', key.lastUsed === undefined ? 'never' : useOf(key.lastUsed)],
    ['replaces', key.replaces && `spk_${key.replaces}…`],
    ['replaced by', key.replacedBy && `spk_${key.replacedBy}…`],
    ['stands', standOf(key, Date.now(), output)],
  ])
  for (const row of table(rows.map(([label, value]) => [output.paint('dim', label), value]))) output.line(row)
}

export async function rollKey(named: string, { json = false, dataDir, overlap, expires }: RollKeyOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const id = idOf(named)
  const overlapMs = /^0[smhdw]?$/.test(overlap) ? 0 : parseSeconds('--overlap', overlap) * 1000
  const expiresInDays = expires === undefined ? undefined : daysOf(expires)
  const rolled = await withExistingData(dataDir, async (data) => {
    const made = await given('key roll', keysOf(data).roll(id, { overlapMs, by: operator(), expiresInDays }))
    if ('problem' in made) throw made.problem === 'unknown' ? notFound(id) : notRolled(id, made.problem)
    await recordOperator(data.store, 'key.roll', id, startedAt)
    return made
  })
  output.object({ id: rolled.id, key: rolled.key, expiresAt: rolled.expiresAt, replaces: id, oldEndsAt: rolled.oldEndsAt })
  output.line(rolled.key)
  if (json) return
  output.note(`Key ${rolled.id} takes the place of ${id}, good until ${endOf(startedAt, rolled.expiresAt)}. It is not shown again.`)
  output.note(
    overlapMs === 0
      ? `${id} has ended: a running guard refuses it within a second.`
      : `${id} goes on until ${minuteOf(rolled.oldEndsAt)}: put the new one in its place by then.`,
  )
}

export async function revokeKey(named: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const id = idOf(named)
  await withExistingData(dataDir, async (data) => {
    const keys = keysOf(data)
    if (!(await keys.revoke(id))) throw (await keys.find(id)) === undefined ? notFound(id) : revokedAlready(id)
    await recordOperator(data.store, 'key.revoke', id, startedAt)
  })
  output.object({ id, revoked: true })
  output.line(`${output.paint('green', '✓')} revoked ${id}: a running guard refuses it within a second`)
}

/** Every key of every Sallyport has this form: what a secret scanner looks for. */
export async function printKeyPattern({ json = false }: Common): Promise<void> {
  const output = createOutput(json)
  output.object({ pattern: API_KEY_PATTERN, checksum: 'CRC-32' })
  output.line(API_KEY_PATTERN)
  if (json) return
  output.note('For a secret scanner. The last six characters are the CRC-32 of all before them, in base 62 (0-9 A-Z a-z).')
}

/** A slip would make a key that reaches nothing. Where there is no configuration, or none that can be read, nobody knows. */
async function serversNotIn(servers: readonly string[]): Promise<readonly string[]> {
  if (servers.length === 0) return []
  const { loadConfig } = await import('../../gateway/index.ts')
  try {
    const { file, servers: known } = loadConfig({ cwd: process.cwd(), env: process.env })
    return file === undefined ? [] : servers.filter((name) => !known.some(({ id }) => id === name))
  } catch {
    return []
  }
}

/** What `key list` shows, and what a person has at hand, is more than the id. The secret part is dropped at once. */
const idOf = (named: string): string => named.replace(/^spk_/, '').slice(0, 8)

const notFound = (id: string): CliError =>
  new CliError('E-NOT-FOUND', `there is no key ${shown(id)}`, 'see `sallyport key list`, and check --data-dir')
const revokedAlready = (id: string): CliError =>
  new CliError('E-NOT-FOUND', `the key ${shown(id)} was revoked already`, `nothing is left to do; see \`sallyport key show ${shown(id)}\``)
const notRolled = (id: string, problem: 'ended' | 'replaced'): CliError =>
  problem === 'ended'
    ? new CliError('E-NOT-FOUND', `the key ${shown(id)} has ended`, 'make another one with `sallyport key create`')
    : new CliError('E-EXISTS', `another key has taken the place of ${shown(id)} already`, `see \`sallyport key show ${shown(id)}\``)

const useOf = ({ at, from, client }: LastUse): string =>
  [minuteOf(at), `from ${shown(from)}`, client && `with ${shownShort(client)}`].filter(Boolean).join(' ')

function standOf({ createdAt, expiresAt, revokedAt }: ApiKeyInfo, now: number, { paint }: Output): string {
  if (revokedAt !== undefined) return paint('dim', `revoked ${dateOf(revokedAt)}`)
  const end = endOf(createdAt, expiresAt)
  if (expiresAt <= now) return paint('red', `expired ${end}`)
  return paint(expiresAt - now <= SOON_MS ? 'red' : 'green', `until ${end}`)
}
