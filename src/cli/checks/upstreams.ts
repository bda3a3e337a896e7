/** Checks of the configuration and of what it guards: starts each server as guard would, counts, and ends it. @module */

import { ConfigError, createRedactor, silentLog, systemClock } from '../../core/index.ts'
import { type Config, createGateway, type LoadConfigOptions, loadConfig, lockFileOf } from '../../gateway/index.ts'
import { resolveDataDir } from '../../vault/index.ts'
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

export async function checkUpstreams(config: Config, version: string): Promise<Finding[]> {
  if (config.servers.length === 0) return []
  const redactor = createRedactor()
  const gateway = createGateway({
    servers: config.servers,
    redactor,
    log: silentLog,
    clock: systemClock,
    lockFile: lockFileOf(config, resolveDataDir(config.dataDir)),
    serverInfo: { name: 'sallyport', version },
  })
  try {
    const patience = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS).unref())
    await Promise.race([gateway.start(), patience])
    return gateway.status().map(({ server, state, version: revision, tools, error }) => {
      if (state === 'ready') return ok(server, `answers, MCP ${revision}, ${tools} tools`)
      const why = redactor.text(error ?? `no answer within ${PATIENCE_MS / 1000} s`)
      return problem(server, why, 'run its command by itself, or open its URL, and see what it says')
    })
  } finally {
    await gateway.close()
  }
}
