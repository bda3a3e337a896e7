/** `sallyport client create`: registers a program that does not register itself. @module */

import { readFileSync } from 'node:fs'
import type { CertificateName, ClientAuthMethod, ClientGrant } from '../../oauth/index.ts'
import type { WithData } from '../common.ts'
import { withData } from '../data.ts'
import { CliError } from '../errors.ts'
import { grantsNamed, shortOf } from '../grant-names.ts'
import { createOutput, table } from '../output.ts'
import { operator, recordOperator } from '../record.ts'
import { shownShort } from '../shown.ts'
import { described, given, split } from '../values.ts'
import { clientsOf } from './grant.ts'

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

/** Who can keep a secret gets one; what was given says which kind. */
function authFor({ jwks, certificate, certificateName }: CreateClientOptions, grants: readonly ClientGrant[]): ClientAuthMethod {
  if (jwks !== undefined) return 'private_key_jwt'
  if (certificate !== undefined) return 'self_signed_tls_client_auth'
  if (certificateName !== undefined) return 'tls_client_auth'
  return grants.every((grant) => forPeople.includes(grant)) ? 'none' : 'client_secret_basic'
}
const forPeople: readonly ClientGrant[] = ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code', 'refresh_token']

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
