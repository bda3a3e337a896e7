/**
 * Reads the configuration: flag over environment over file over default. Everything that is wrong is told at once, with
 * file and line, and nothing starts.
 *
 * @module
 */

import { resolve } from 'node:path'
import { toCatalogueRules } from '../../catalogue/index.ts'
import { ConfigError } from '../../core/index.ts'
import { toResults } from '../../guards/index.ts'
import { isObject } from '../../protocol/index.ts'
import { toCodeSettings } from '../../server/index.ts'
import { fillAuth } from './auth.ts'
import type { Config, ServerConfig } from './config.ts'
import { type Env, expand } from './expand.ts'
import { withoutForeign } from './foreign.ts'
import { type GivenServer, toGivenServer } from './given-server.ts'
import { boundsOf, ratesOf } from './limits.ts'
import { listenOf, portOf } from './listen.ts'
import { describeIssues, type Findings } from './problems.ts'
import type { ForcedSandbox } from './sandbox.ts'
import { type ConfigFile, configSchema } from './schema.ts'
import type { ServerEntry } from './server-entry.ts'
import { resolveServer } from './servers.ts'
import { findConfigFile, readSourceFile, type SourceFile } from './source-file.ts'

export interface LoadConfigOptions {
  /** What `--config` says. Without it, `sallyport.yaml` is looked for in `cwd` and upwards. */
  readonly file?: string | undefined
  readonly cwd: string
  readonly env: Env
  readonly flags?: Flags | undefined
  /** The server given on the command line; it takes the place of those in the file. */
  readonly target?: GivenServer | undefined
}

export interface Flags {
  /** Of every server that is a command. */
  readonly sandbox?: ForcedSandbox
  readonly port?: number | undefined
  readonly log?: Config['log'] | undefined
  readonly dataDir?: string | undefined
}

/** @throws {ConfigError} naming every problem, never a value. */
export function loadConfig({ file, cwd, env, flags = {}, target }: LoadConfigOptions): Config {
  const findings: Findings = { problems: [], warnings: [] }
  const path = file === undefined ? findConfigFile(cwd) : resolve(cwd, file)
  const source = path === undefined ? undefined : readSourceFile(path)
  const written = source ? parse(source, env, findings) : {}

  const listen = { ...listenOf(written.listen, source, env, findings), port: portOf(written.listen, env, flags.port, findings) }
  const log = logOf(written.log, env, flags, findings)
  const servers = target
    ? [toGivenServer(target, cwd, flags.sandbox, findings)]
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
    ...(file !== undefined && { named: path }),
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
  if (isObject(value) && value['auth'] !== undefined) value = { ...value, auth: fillAuth(value['auth'], source, env, findings) }
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  problems.push(...describeIssues(parsed.error.issues, source, configSchema))
  // The rest cannot be judged before the shape is right.
  throw new ConfigError(problems)
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
      const server = resolveServer({ name, entry, path: [block, name], source, env, findings, forced })
      const before = server && taken.get(server.id.toLowerCase())
      if (before !== undefined) findings.problems.push(`${source.where([block, name])}: ${block}.${name}: has the same name as ${before}`)
      if (server) taken.set(server.id.toLowerCase(), `${block}.${name}`)
      return [server]
    }),
  )
}

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent']

function logOf(written: ConfigFile['log'], env: Env, flags: Flags, { problems }: Findings): Config['log'] {
  const level = flags.log ?? (env['SALLYPORT_LOG'] || written || 'info')
  if (!LEVELS.includes(level)) problems.push(`SALLYPORT_LOG: must be one of ${LEVELS.join(', ')}`)
  return level as Config['log']
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
