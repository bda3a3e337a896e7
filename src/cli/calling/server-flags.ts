/** The options of every command that calls a server, as the options of `MCPClient`. @module */

import type { MCPClientOptions } from '../../client/index.ts'
import type { WithData } from '../common.ts'
import { parseSeconds } from '../durations.ts'
import { CliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { shown } from '../shown.ts'
import { split } from '../values.ts'
import { version } from '../version.ts'
import { headersFromEnvironment, headersFromFile, readGiven, secretFrom, variablesNamed } from './given-secrets.ts'
import { quoted, type ServerTarget } from './server-target.ts'

export interface ServerFlags extends WithData {
  readonly account?: string
  readonly keychain?: boolean
  readonly apiKeyFile?: string
  readonly apiKeyHeader?: string
  readonly headerEnv?: readonly string[]
  readonly headerFile?: string
  readonly clientId?: string
  readonly clientSecretFile?: string
  readonly issuer?: string
  readonly scope?: readonly string[]
  readonly ca?: string
  readonly timeout?: string
  readonly dangerouslyAllowPrivateHost?: readonly string[]
  /** Whatever key there is plays no part: it is about a sign-in. Set by a command, not by whoever types it. */
  readonly onlySignIn?: boolean
  /** Whom to believe about the keys of encrypted values. */
  readonly identity?: readonly string[]
  readonly principal?: string
  /** For a command that is started. */
  readonly env?: readonly string[]
}

const CLIENT_INFO = { name: 'sallyport', version: version() }

/** @throws {CliError} E-USAGE for options that do not go together, and what cannot be read. */
export function toClientOptions(target: ServerTarget, flags: ServerFlags, output: Output): MCPClientOptions {
  const common = {
    clientInfo: CLIENT_INFO,
    requestTimeoutSeconds: parseSeconds('--timeout', flags.timeout ?? '5m'),
    // What a server that was started chats at debug is none of the reader's; why it ended is in the error.
    log: (level: string, message: string) => (level === 'warn' || level === 'error') && output.note(`! ${shown(message)}`),
    // Accepted definitions are kept beside sign-ins. What is noticed about one is said where it is shown or called.
    tokenStore: flags.keychain === true ? ('keychain' as const) : ('file' as const),
    ...(flags.dataDir !== undefined && { dataDir: flags.dataDir }),
    trust: { onDrift: () => {}, onFinding: () => {} },
    ...((flags.identity ?? flags.principal) !== undefined && {
      encryption: {
        ...(flags.identity && { identities: flags.identity }),
        ...(flags.principal !== undefined && { principal: flags.principal }),
      },
    }),
  }
  if ('command' in target) {
    const remote = [
      'apiKeyFile',
      'apiKeyHeader',
      'headerEnv',
      'headerFile',
      'clientId',
      'clientSecretFile',
      'issuer',
      'scope',
      'ca',
    ] as const
    const named = remote.find((flag) => flags[flag] !== undefined)
    if (named !== undefined)
      throw new CliError('E-USAGE', `${optionOf(named)} is for a server that has a URL`, 'hand a command what it needs with --env NAME')
    return { ...common, ...target, cwd: process.cwd(), env: variablesNamed(flags.env ?? []) }
  }
  if (flags.env !== undefined) throw new CliError('E-USAGE', '--env is for a command that is started', 'see --header-env and --header-file')
  const headers = { ...headersFromFile(flags.headerFile), ...headersFromEnvironment(flags.headerEnv ?? []) }
  return {
    ...common,
    serverUrl: target.url,
    auth: authOf(flags),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(flags.ca !== undefined && { ca: readGiven('--ca', flags.ca) }),
    ...(flags.dangerouslyAllowPrivateHost && { dangerouslyAllowPrivateHosts: flags.dangerouslyAllowPrivateHost }),
    ...(flags.account !== undefined && { account: flags.account }),
  }
}

/** A key that is given is used; else whoever is signed in, and nobody before that. */
function authOf(flags: ServerFlags): NonNullable<MCPClientOptions['auth']> {
  const { clientId, issuer, scope } = flags
  const isSignIn =
    flags.onlySignIn === true || [clientId, issuer, scope, flags.clientSecretFile, flags.account].some((value) => value !== undefined)
  const apiKey =
    isSignIn && flags.apiKeyFile === undefined ? undefined : secretFrom('--api-key-file', flags.apiKeyFile, 'SALLYPORT_API_KEY')
  if (apiKey !== undefined) return { type: 'api_key', apiKey, ...(flags.apiKeyHeader !== undefined && { header: flags.apiKeyHeader }) }
  const clientSecret = secretFrom('--client-secret-file', flags.clientSecretFile, 'SALLYPORT_CLIENT_SECRET')
  return {
    type: 'oauth2',
    ...(clientId !== undefined && { clientId }),
    ...(clientId !== undefined && clientSecret !== undefined && { clientSecret }),
    ...(issuer !== undefined && { issuer }),
    ...(scope !== undefined && { scopes: split(scope) }),
  }
}

/** What has to be said again to mean the same sign-in. */
export const repeatedFlags = ({ account, keychain, dataDir, clientId, issuer }: ServerFlags): string =>
  [
    account === undefined ? '' : ` --account ${quoted(account)}`,
    keychain === true ? ' --keychain' : '',
    clientId === undefined ? '' : ` --client-id ${quoted(clientId)}`,
    issuer === undefined ? '' : ` --issuer ${quoted(issuer)}`,
    dataDir === undefined ? '' : ` --data-dir ${quoted(dataDir, shown)}`,
  ].join('')

const optionOf = (flag: string): string => `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
