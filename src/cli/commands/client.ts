/** `sallyport client create | list | show | approve | unapprove | remove`: the programs that people sign in to, and those that act for themselves. @module */

import { readFileSync } from 'node:fs'
import type { CertificateName, ClientAuthMethod, ClientGrant, ClientInfo } from '../../oauth/index.ts'
import type { WithData } from '../common.ts'
import { withData, withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { operator, recordOperator } from '../record.ts'
import { shown, shownShort } from '../shown.ts'
import { dateOf, described, given, minuteOf, split } from '../values.ts'
import { clientsOf, grantsOf } from './grant.ts'

export interface CreateClientOptions extends WithData {
  readonly name: string
  readonly grant?: readonly string[]
  readonly auth?: string
  readonly scope?: readonly string[]
  readonly redirectUri?: readonly string[]
  readonly jwks?: string
  readonly certificate?: readonly string[]
  readonly certificateName?: string
}

/** As people write them, and as the specifications do. */
const grantNames: Readonly<Record<string, readonly ClientGrant[]>> = {
  code: ['authorization_code', 'refresh_token'],
  device: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  'client-credentials': ['client_credentials'],
  'token-exchange': ['urn:ietf:params:oauth:grant-type:token-exchange'],
  'jwt-bearer': ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
}
const optionOf = {
  name: '--name',
  grantTypes: '--grant',
  authMethod: '--auth',
  scopes: '--scope',
  redirectUris: '--redirect-uri',
  jwks: '--jwks',
  certificates: '--certificate',
  certificateName: '--certificate-name',
}
const shortNames = new Map(Object.entries(grantNames).map(([short, [full]]) => [full as string, short]))

export async function createClient({ json = false, dataDir, ...options }: CreateClientOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const { name, grant, redirectUri = [], jwks, certificate = [], certificateName } = options
  const scopes = split(options.scope)
  const grantTypes = grantsNamed(grant ?? (redirectUri.length > 0 ? ['code'] : ['client-credentials']))
  const authMethod = (options.auth ?? authFor(options, grantTypes)) as ClientAuthMethod
  const client = {
    name,
    grantTypes,
    authMethod,
    ...(scopes.length > 0 && { scopes }),
    ...(redirectUri.length > 0 && { redirectUris: redirectUri }),
    ...(jwks !== undefined && { jwks: readJson('--jwks', jwks) as { keys: [] } }),
    ...(certificate.length > 0 && { certificates: certificate.map((file) => readText('--certificate', file)) }),
    ...(certificateName !== undefined && { certificateName: parseName(certificateName) }),
    createdBy: operator(),
  }
  const created = await withData(dataDir, async (data) => {
    const made = await given('client create', clientsOf(data).create(client), optionOf)
    await recordOperator(data.store, 'client.create', made.id, startedAt)
    return made
  })
  output.object({ id: created.id, ...(created.secret !== undefined && { secret: created.secret }), authMethod, grantTypes })
  const rows = described([
    ['client_id', created.id],
    ['client_secret', created.secret],
  ])
  for (const row of table(rows)) output.line(row)
  if (json) return
  output.note(`Client "${name}" may use ${grantTypes.map(shortOf).join(', ')}, and signs in with ${authMethod}.`)
  if (created.secret !== undefined) output.note('The secret is not shown again.')
}

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

const shortOf = (grant: string): string => shortNames.get(grant) ?? shown(grant)
const madeBy = ({ createdAt, createdBy }: ClientInfo): string =>
  `${minuteOf(createdAt)} ${createdBy === undefined ? 'by itself' : `by ${shown(createdBy)}`}`

function grantsNamed(words: readonly string[]): ClientGrant[] {
  const full = new Set<string>(Object.values(grantNames).flat())
  const named = split(words).flatMap((word) => {
    const grants = Object.hasOwn(grantNames, word.replaceAll('_', '-')) ? grantNames[word.replaceAll('_', '-')] : undefined
    if (grants !== undefined) return grants
    // The name in the specification is understood, too.
    if (full.has(word)) return [word as ClientGrant]
    throw new CliError('E-USAGE', `--grant: there is no grant "${shownShort(word)}"`, `choose from ${Object.keys(grantNames).join(', ')}`)
  })
  return [...new Set(named)]
}

/** Who can keep a secret gets one; what was given says which kind. */
function authFor({ jwks, certificate, certificateName }: CreateClientOptions, grants: readonly ClientGrant[]): ClientAuthMethod {
  if (jwks !== undefined) return 'private_key_jwt'
  if (certificate !== undefined) return 'self_signed_tls_client_auth'
  if (certificateName !== undefined) return 'tls_client_auth'
  const forPeople = grants.every((grant) => ['authorization_code', 'refresh_token', grantNames['device']?.[0]].includes(grant))
  return forPeople ? 'none' : 'client_secret_basic'
}

function parseName(text: string): CertificateName {
  const [, kind, value] = /^(dn|dns|uri|ip|email)=(.+)$/s.exec(text) ?? []
  if (kind === undefined || value === undefined)
    throw new CliError('E-USAGE', '--certificate-name does not say what it is', 'write dn=…, dns=…, uri=…, ip=… or email=…')
  return { [kind]: value }
}

const MAX_FILE = 256 * 1024

function readText(option: string, file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw new CliError('E-USAGE', `${option}: ${shownShort(file)} cannot be read (${code})`, 'name a file that is there')
  }
  if (text.length > MAX_FILE) throw new CliError('E-USAGE', `${option}: ${shownShort(file)} is too long`, 'name the file itself')
  return text
}

function readJson(option: string, file: string): unknown {
  try {
    return JSON.parse(readText(option, file))
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError('E-USAGE', `${option}: ${shownShort(file)} is not JSON`, 'name a file with a JWK set: {"keys": […]}')
  }
}

const notFound = (id: string): CliError =>
  new CliError('E-NOT-FOUND', `there is no client ${shownShort(id)}`, 'see `sallyport client list`, and check --data-dir')
