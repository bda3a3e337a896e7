/**
 * Reads the configuration: flag over environment over file over default. Everything that is wrong is told at once, with
 * file and line, and nothing starts.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { toCatalogueRules } from '../../catalogue/index.ts'
import { ConfigError, type Limit } from '../../core/index.ts'
import { toResults } from '../../guards/index.ts'
import { type Bounds, type Listen, toBounds, toCodeSettings } from '../../server/index.ts'
import { secretsInArguments, secretsInUrl } from '../secrets/secrets-in.ts'
import { fillAuth } from './auth.ts'
import type { Config, Rates, ServerConfig } from './config.ts'
import type { Env } from './expand.ts'
import { expand } from './expand.ts'
import { describeIssues } from './problems.ts'
import { type ForcedSandbox, type SandboxEntry, toServerSandbox } from './sandbox.ts'
import {
  type ConfigFile,
  configSchema,
  gatewayBounds,
  LIMIT_MAX,
  type LimitEntry,
  type ListenEntry,
  PORT,
  type ServerEntry,
  WINDOW_SECONDS,
} from './schema.ts'
import { checkUrl, type Findings, nameOfTarget, resolveServer } from './servers.ts'
import { findConfigFile, readSourceFile, type SourceFile } from './source-file.ts'

export interface LoadConfigOptions {
  /** What `--config` says. Without it, `sallyport.yaml` is looked for in `cwd` and upwards. */
  readonly file?: string | undefined
  readonly cwd: string
  readonly env: Env
  readonly flags?: Flags | undefined
  /** The server given on the command line; it takes the place of those in the file. */
  readonly target?: Target | undefined
}

export interface Flags {
  /** Of every server that is a command. */
  readonly sandbox?: ForcedSandbox
  readonly port?: number | undefined
  readonly log?: Config['log'] | undefined
  readonly dataDir?: string | undefined
}

/** `sandbox`: what the command may reach, from `cwd`. */
export type Target =
  | { readonly command: string; readonly args: readonly string[]; readonly sandbox?: SandboxEntry | undefined }
  | { readonly url: string }

/** What other programs keep in a server's entry and we have no use for. */
const FOREIGN_SERVER_KEYS = [
  'alwaysAllow',
  'autoApprove',
  'description',
  'dev',
  'envFile',
  'gallery',
  'note',
  'timeout',
  'trust',
  'version',
]

/** @throws {ConfigError} naming every problem, never a value. */
export function loadConfig({ file, cwd, env, flags = {}, target }: LoadConfigOptions): Config {
  const findings: Findings = { problems: [], warnings: [] }
  const path = file === undefined ? findConfigFile(cwd) : resolve(cwd, file)
  const source = path === undefined ? undefined : readSourceFile(path)
  const written = source ? parse(source, env, findings) : {}

  const listen = { ...listenOf(written.listen, source, env, findings), port: portOf(written.listen, env, flags, findings) }
  const log = logOf(written.log, env, flags, findings)
  const servers = target
    ? [targetServer(target, cwd, flags.sandbox, findings)]
    : source
      ? serversOf(written, source, env, findings, flags.sandbox)
      : []
  if (target && Object.keys({ ...written.servers, ...written.mcpServers }).length > 0) {
    findings.warnings.push(`${source?.name}: its servers and their tools are not used, since a server was given on the command line`)
  }
  if (written.auth?.issuer !== undefined)
    for (const { id, auth } of servers.filter((server) => server !== undefined))
      if (auth?.type === 'exchange' || auth?.type === 'id-jag')
        findings.problems.push(`servers.${id}.auth: ${auth.type} needs the authorization server in here, and auth.issuer names another`)
  let dataDir = flags.dataDir || env['SALLYPORT_DATA_DIR']
  if (dataDir) dataDir = resolve(cwd, dataDir)
  else if (written.dataDir !== undefined && source) {
    const { text, problems } = expand(written.dataDir, env, source.dir)
    for (const problem of problems) findings.problems.push(`${source.where(['dataDir'])}: dataDir: ${problem}`)
    dataDir = resolve(source.dir, text)
  }
  const kms = source && written.keys?.kms !== undefined ? resolve(source.dir, written.keys.kms) : undefined

  if (findings.problems.length > 0) throw new ConfigError(findings.problems)
  return deepFreeze({
    file: path,
    listen,
    servers: servers.filter((server) => server !== undefined),
    rates: ratesOf(written.limits ?? {}),
    bounds: boundsOf(written.limits ?? {}),
    results: toResults(written.results),
    personal: written.personal ?? {},
    auth: written.auth,
    catalogue: toCatalogueRules(written.catalogue),
    code: written.code && toCodeSettings(written.code),
    scopes: written.scopes ?? {},
    local: { scopes: written.local?.scopes ?? [] },
    retention: written.retention ?? {},
    audit: written.audit ?? {},
    origins: written.origins ?? [],
    log,
    dataDir: dataDir || undefined,
    kms,
    warnings: findings.warnings,
  })
}

/** Where `sallyport.lock` is: beside the configuration, else with the data. */
export function lockFileOf(config: Config, dataDir: string): string {
  return config.file === undefined ? resolve(dataDir, 'sallyport.lock') : resolve(config.file, '..', 'sallyport.lock')
}

function parse(source: SourceFile, env: Env, findings: Findings): ConfigFile {
  const { problems, warnings } = findings
  let value = withoutForeign(source, warnings)
  if (isRecord(value) && value['auth'] !== undefined) value = { ...value, auth: fillAuth(value['auth'], source, env, findings) }
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  problems.push(...describeIssues(parsed.error.issues, source, configSchema))
  // The rest cannot be judged before the shape is right.
  throw new ConfigError(problems)
}

/** Drops, with a warning, what a pasted block brings along. */
function withoutForeign(source: SourceFile, warnings: string[]): unknown {
  const { value } = source
  if (!isRecord(value)) return value
  const kept: Record<string, unknown> = { ...value }
  if ('inputs' in kept) {
    delete kept['inputs']
    warnings.push(`${source.where(['inputs'])}: inputs: nobody is asked for values here; use \${env:NAME}`)
  }
  for (const block of ['servers', 'mcpServers']) {
    const servers = kept[block]
    if (!isRecord(servers)) continue
    kept[block] = Object.fromEntries(
      Object.entries(servers).map(([name, entry]) => {
        if (!isRecord(entry)) return [name, entry]
        const dropped = FOREIGN_SERVER_KEYS.filter((key) => key in entry)
        for (const key of dropped)
          warnings.push(`${source.where([block, name, key])}: ${block}.${name}.${key}: is another program's and has no effect here`)
        return [name, Object.fromEntries(Object.entries(entry).filter(([key]) => !dropped.includes(key)))]
      }),
    )
  }
  return kept
}

function serversOf(
  written: ConfigFile,
  source: SourceFile,
  env: Env,
  findings: Findings,
  forced: ForcedSandbox,
): (ServerConfig | undefined)[] {
  const taken = new Map<string, string>()
  return (['servers', 'mcpServers'] as const).flatMap((block) =>
    source.keys([block]).flatMap((name) => {
      const entry: ServerEntry | undefined = written[block]?.[name]
      if (!entry || entry.disabled === true) return []
      const server = resolveServer(name, entry, [block, name], source, env, findings, forced)
      const before = server && taken.get(server.id.toLowerCase())
      if (before !== undefined) findings.problems.push(`${source.where([block, name])}: ${block}.${name}: has the same name as ${before}`)
      if (server) taken.set(server.id.toLowerCase(), `${block}.${name}`)
      return [server]
    }),
  )
}

function targetServer(target: Target, cwd: string, forced: ForcedSandbox, { problems }: Findings): ServerConfig | undefined {
  const rest = { tools: [], timeoutSeconds: undefined }
  if ('command' in target) {
    const { command, args } = target
    // Grants alone do not demand a sandbox: `--sandbox` does.
    const [first = ''] = args.filter((arg) => !arg.startsWith('-'))
    const place = [command, existsSync(resolve(cwd, first)) ? resolve(cwd, first) : first.replace(/(?<=.)@[^/@]*$/, '')].join(' ')
    const sandbox = toServerSandbox({ ...target.sandbox, dangerouslyOptional: true }, cwd, { where: '', place, forced })
    return {
      id: nameOfTarget(target),
      target: { command, args, cwd: resolve(cwd), env: {} },
      sandbox,
      secrets: secretsInArguments(args),
      ...rest,
    }
  }
  const url = checkUrl(target.url)
  if (typeof url !== 'string')
    return { id: nameOfTarget({ url: url.href }), target: { url: url.href, headers: {} }, secrets: secretsInUrl(url), ...rest }
  problems.push(`the URL given ${url}`)
  return undefined
}

/** All but the port, which may be said elsewhere too. */
function listenOf(
  written: ConfigFile['listen'],
  source: SourceFile | undefined,
  env: Env,
  { problems }: Findings,
): Omit<Config['listen'], 'port'> {
  if (typeof written !== 'object' || !source) return {}
  const { port: _, tls, publicUrl, ...rest } = written
  const value = (text: string, ...path: string[]): string => {
    const expanded = expand(text, env, source.dir)
    for (const problem of expanded.problems) problems.push(`${source.where(['listen', ...path])}: listen.${path.join('.')}: ${problem}`)
    return expanded.text
  }
  const file = (path: string, key: string): string => resolve(source.dir, value(path, 'tls', key))
  return {
    ...rest,
    ...(publicUrl === undefined ? {} : { publicUrl: value(publicUrl, 'publicUrl') }),
    ...(tls === undefined ? {} : { tls: tls === 'local' ? tls : toTls(tls) }),
  }

  function toTls({
    cert,
    key,
    passphrase,
    ca,
    clientCertificates,
  }: Exclude<ListenEntry['tls'], 'local' | undefined>): Exclude<Listen['tls'], 'local' | undefined> {
    return {
      cert: file(cert, 'cert'),
      key: file(key, 'key'),
      ...(passphrase === undefined ? {} : { passphrase: value(passphrase, 'tls', 'passphrase') }),
      ...(ca === undefined ? {} : { ca: file(ca, 'ca') }),
      ...(clientCertificates === undefined ? {} : { clientCertificates }),
    }
  }
}

function portOf(written: ConfigFile['listen'], env: Env, flags: Flags, { problems }: Findings): number {
  let port = (typeof written === 'number' ? written : written?.port) ?? PORT
  const fromEnv = env['SALLYPORT_LISTEN'] || env['PORT']
  const variable = env['SALLYPORT_LISTEN'] ? 'SALLYPORT_LISTEN' : 'PORT'
  if (fromEnv) {
    // A host may be said, but not another than this machine.
    const [, given] = /^(?:(?:\[::1\]|localhost|127\.0\.0\.1):)?(\d{1,5})$/.exec(fromEnv) ?? []
    if (given === undefined) problems.push(`${variable}: must be a port, or localhost and a port: localhost:${PORT}`)
    port = Number(given ?? port)
  }
  port = flags.port ?? port
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push(`${flags.port === undefined ? variable : '--port'}: must be a port, 0 to 65535`)
  return port
}

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent']

function logOf(written: ConfigFile['log'], env: Env, flags: Flags, { problems }: Findings): Config['log'] {
  const level = flags.log ?? (env['SALLYPORT_LOG'] || written || 'info')
  if (!LEVELS.includes(level)) problems.push(`SALLYPORT_LOG: must be one of ${LEVELS.join(', ')}`)
  return level as Config['log']
}

function ratesOf({ address, principal, client, tool }: NonNullable<ConfigFile['limits']>): Rates {
  const limit = (entry: LimitEntry | undefined): Limit => ({
    max: entry?.max ?? LIMIT_MAX,
    windowMs: (entry?.windowSeconds ?? WINDOW_SECONDS) * 1000,
  })
  return { address: limit(address), principal: limit(principal), client: limit(client), tool: limit(tool) }
}

function boundsOf({ address: _a, principal: _p, client: _c, tool: _t, ...bounds }: NonNullable<ConfigFile['limits']>): Bounds {
  return toBounds(bounds, gatewayBounds)
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
