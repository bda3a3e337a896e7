/** Checks of the configuration and of what it guards: starts each server as guard would, counts, and ends it. @module */

import { ConfigError, createRedactor, silentLog, systemClock } from '../../core/index.ts'
import {
  type Config,
  createGateway,
  createLaunches,
  createPeople,
  createSandboxes,
  type LoadConfigOptions,
  loadConfig,
  lockFileOf,
  openLockFile,
  packagesDirOf,
  secretsAskedBy,
} from '../../gateway/index.ts'
import { type Data, resolveDataDir } from '../../vault/index.ts'
import { counted } from '../values.ts'
import { type Finding, ok, problem, warning } from './check.ts'

export interface ConfigFindings {
  /** Undefined where it cannot be used. */
  readonly config: Config | undefined
  readonly findings: readonly Finding[]
}

export function checkConfig(options: LoadConfigOptions): ConfigFindings {
  const name = 'config'
  try {
    const config = loadConfig(options)
    const warnings = config.warnings.map((text) => warning(name, text, 'correct it, or leave it: guard starts anyway'))
    if (config.file === undefined)
      return { config, findings: [...warnings, ok(name, 'no sallyport.yaml here: guard takes a URL or a command')] }
    return {
      config,
      findings: [...warnings, ok(name, `${config.file}, ${config.servers.length} ${config.servers.length === 1 ? 'server' : 'servers'}`)],
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      config: undefined,
      findings: error.problems.map((text) => problem(name, text, 'correct it; `sallyport schema` lists every key')),
    }
  }
}

const PATIENCE_MS = 30_000

/** `data`: where named secrets are; undefined where there is none, and then what needs one is not started. */
export async function checkUpstreams(
  config: Config,
  version: string,
  data?: Pick<Data, 'store' | 'keyRing' | 'vault'>,
): Promise<Finding[]> {
  const servers = config.servers.filter(({ named }) => data !== undefined || named === undefined)
  if (servers.length === 0) return []
  const redactor = createRedactor()
  const people = data && createPeople({ data, servers, signIn: config.auth?.signIn ?? [], redactor, log: silentLog, clock: systemClock })
  const dataDir = resolveDataDir(config.dataDir)
  const lockFile = lockFileOf(config, dataDir)
  // Nobody is asked here: what was not accepted is not started.
  const launches = createLaunches({
    servers,
    lock: openLockFile(lockFile, { beside: config.file }),
    packagesDir: packagesDirOf(dataDir),
    named: config.named,
    log: silentLog,
    clock: systemClock,
  })
  const gateway = await createGateway({
    servers,
    people,
    launches,
    // As guard does, but that nothing of what they do here is kept.
    sandboxes: createSandboxes({
      dataDir,
      own: [lockFile, ...(config.file === undefined ? [] : [config.file])],
      keepsHomes: false,
      log: silentLog,
      clock: systemClock,
    }),
    redactor,
    log: silentLog,
    clock: systemClock,
    lockFile,
    serverInfo: { name: 'sallyport', version },
  })
  const waiting = new Set(servers.filter((one) => secretsAskedBy(one).some(({ of }) => of === 'person')).map(({ id }) => id))
  try {
    const patience = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS).unref())
    await Promise.race([gateway.start(), patience])
    const awaiting = new Set(servers.filter((one) => launches.awaits(one)).map(({ id }) => id))
    return gateway.status().map(({ server, state, version: revision, tools, error }) => {
      if (state === 'ready') return ok(server, `answers, MCP ${revision}, ${counted(tools, 'tool')}`)
      const why = redactor.text(error ?? `no answer within ${PATIENCE_MS / 1000} s`)
      if (waiting.has(server)) return warning(server, why, 'nothing is broken: it is started for each person who has set what it needs')
      if (awaiting.has(server)) return problem(server, why, 'look at what it is, and accept it where that is what you mean')
      return problem(server, why, 'run its command by itself, or open its URL, and see what it says')
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((text) => problem('sandbox', text, 'correct the grants, or make what they name'))
  } finally {
    await gateway.close()
    people?.close()
  }
}
