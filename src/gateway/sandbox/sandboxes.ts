/**
 * The sandboxes of everything that is guarded: what this machine can make of them is found once, while the port is open already.
 *
 * @module
 */

import { type Clock, ConfigError, type Log } from '../../core/index.ts'
import { type Confinement, openConfinement } from '../../sandbox/index.ts'
import type { ServerConfig } from '../config/index.ts'
import { checkGrants } from './check-grants.ts'
import { createKeeper, holdsCommands, type Keeper, type KeeperOptions } from './server-sandbox.ts'

export interface SandboxesOptions {
  readonly dataDir: string
  /** The configuration and what was accepted of servers: none of them may write there. */
  readonly own: readonly string[]
  /** Whether what servers keep in their homes stays. Default: yes. */
  readonly keepsHomes?: boolean
  readonly note?: (server: string, ...rest: Parameters<KeeperOptions['note']>) => void
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly clock: Clock
  readonly open?: (() => Promise<Confinement>) | undefined
}

export interface Sandboxes {
  of(config: ServerConfig): Keeper
  /** @throws {ConfigError} where one is demanded that this machine cannot make, or something is granted that cannot be. */
  check(servers: readonly ServerConfig[]): Promise<void>
}

export function createSandboxes({
  dataDir,
  own,
  keepsHomes = true,
  note = () => {},
  env = process.env,
  log,
  clock,
  open = () => openConfinement({ log }),
}: SandboxesOptions): Sandboxes {
  let opened: Promise<Confinement> | undefined
  const confinement = (): Promise<Confinement> => {
    opened ??= open()
    // What was not known is asked again at the next start.
    opened.catch(() => (opened = undefined))
    return opened
  }
  return {
    of: (config) =>
      createKeeper({
        config,
        confinement,
        dataDir,
        keepsHomes,
        own: [dataDir, ...own],
        note: (...told) => note(config.id, ...told),
        env,
        log,
        clock,
      }),
    async check(servers) {
      const problems = servers.flatMap((server) => checkGrants(server, { dataDir, own, env }))
      if (problems.length > 0) throw new ConfigError(problems)
      const demanding = servers.filter(({ sandbox }) => sandbox?.use === 'required')
      if (demanding.length === 0) return
      const { depth, missing } = await confinement()
      if (holdsCommands(depth)) return
      throw new ConfigError(
        demanding.map(
          ({ id, sandbox }) =>
            `${sandbox?.where || '--sandbox'}: ${id} is to run in a sandbox, and ${depth === 'none' ? 'there is none' : 'sandboxes are less than whole'} here: ${missing[0] ?? depth}`,
        ),
      )
    },
  }
}
