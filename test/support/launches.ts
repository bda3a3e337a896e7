/** What starts packages, over a registry of the test's own. @module */

import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ServerConfig } from '../../src/gateway/config/index.ts'
import { createLaunches, type Launches, type LaunchQuestion } from '../../src/gateway/launch/index.ts'
import { openLockFile } from '../../src/gateway/launch/lock-file.ts'
import { toWritten } from '../../src/gateway/launch/written.ts'
import type { Command } from '../../src/process/index.ts'
import { createTempDir } from './paths.ts'
import { type Registry, startRegistry } from './registry.ts'

export interface LaunchPlace extends AsyncDisposable {
  readonly folder: string
  readonly registry: Registry
  readonly lockFile: string
  lock(): Record<string, never>
  /** As a start of the guard does it: settled, then started once. */
  start(words: readonly string[], options?: StartOptions): Promise<Command>
  launches(servers: readonly ServerConfig[], options?: StartOptions): Launches
}

export interface StartOptions {
  readonly id?: string
  /** Another machine: the lock file is the same, the data directory is not. */
  readonly dataDir?: string
  readonly ask?: (question: LaunchQuestion) => boolean
  readonly accept?: boolean
  readonly env?: NodeJS.ProcessEnv
  readonly log?: (level: string, message: string) => void
}

/** `from`: what is pinned and installed there is here, too, at the cost of a copy; its registry's packages and npm's cache are not. */
export async function createLaunchPlace(from?: LaunchPlace): Promise<LaunchPlace> {
  const folder = await createTempDir('launch')
  const registry = await startRegistry(folder.path)
  const lockFile = join(folder.path, 'sallyport.lock')
  if (from) {
    cpSync(from.lockFile, lockFile)
    cpSync(join(from.folder, 'data'), join(folder.path, 'data'), { recursive: true, verbatimSymlinks: true })
  }
  const launches: LaunchPlace['launches'] = (servers, { dataDir = 'data', ask, accept, env, log = () => {} } = {}) =>
    createLaunches({
      servers,
      lock: openLockFile(lockFile),
      packagesDir: join(folder.path, dataDir, 'packages'),
      ...(ask && { ask: (question: LaunchQuestion) => Promise.resolve(ask(question)) }),
      accept: accept ?? false,
      env: { PATH: process.env['PATH'], ...registry.env, npm_config_cache: join(folder.path, `${dataDir}-cache`), ...env },
      log,
      clock: Date.now,
    })
  return {
    folder: folder.path,
    registry,
    lockFile,
    lock: () => JSON.parse(readFileSync(lockFile, 'utf8')),
    launches,
    async start(words, options = {}) {
      const config = serverOf(words, { id: options.id ?? 'notes', cwd: folder.path })
      const made = launches([config], options)
      await made.settle()
      return (await made.of(config)?.(config.target as Command)) as Command
    },
    async [Symbol.asyncDispose]() {
      await registry.close()
      await folder.remove()
    },
  }
}

/** A server as the configuration gives it; `isWritten`: in a file, and not typed. */
export function serverOf(
  [command = '', ...args]: readonly string[],
  { id, cwd, written }: { readonly id: string; readonly cwd: string; readonly written?: Parameters<typeof toWritten>[0] },
): ServerConfig {
  return {
    id,
    target: { command, args, cwd, env: {} },
    ...(written && { written: toWritten({ command, args, ...written }) }),
    tools: [],
    timeoutSeconds: undefined,
    secrets: [],
  }
}

/** What it prints. */
export const output = ({ command, args, cwd }: Command): string => spawnSync(command, args, { cwd, encoding: 'utf8' }).stdout
