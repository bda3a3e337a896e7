/**
 * The sandbox of one guarded server: what it is granted, what it needs in order to run, a home of its own, and its way to the network;
 * made anew for each start.
 *
 *   Command ─ findProgram ─▶ ─ environmentFor ─▶ ─ openNetwork ─▶ ─ confine ─▶ Kept
 *
 * Fails closed: what cannot be confined as asked is not started, unless nobody asked.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { type Clock, ConfigError, type Log, problemOf } from '../../core/index.ts'
import {
  type Confined,
  type Confinement,
  type Connection,
  type Depth,
  type Ended,
  type Grants,
  isWithin,
  type Limits,
  openNetwork,
  type Program,
  real,
} from '../../sandbox/index.ts'
import type { ServerConfig } from '../config/index.ts'
import type { ServerSandbox } from '../config/sandbox.ts'
import { type Command, type Kept, Unusable } from '../upstream/index.ts'
import { adviceFor } from './advice.ts'
import { environmentFor } from './environment.ts'
import { cannotRun, hintsFor, pathsIn } from './hints.ts'
import { type Found, findProgram } from './program-files.ts'

export interface SandboxStatus {
  /** `none`: it can do whatever we can. */
  readonly depth: Depth
  readonly grants: Grants
}

export interface KeeperOptions {
  readonly config: ServerConfig
  readonly confinement: () => Promise<Confinement>
  /** Where homes are, and what no server ever sees. */
  readonly dataDir: string
  /** Whether what a server keeps in its home stays. */
  readonly keepsHomes: boolean
  /** Files of ours that a server may not read or write, whatever it is granted. */
  readonly own: readonly string[]
  /** Is told of each connection. */
  readonly note: (connection: Connection, person: string | undefined) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly clock: Clock
}

export interface Keeper {
  keep(command: Command, person?: string): Promise<Kept | undefined>
  /** What it is in; undefined: not known yet, or not in any. */
  status(): SandboxStatus | undefined
}

export function createKeeper(options: KeeperOptions): Keeper {
  const { config, dataDir, keepsHomes, own, note, env: ours, log, clock } = options
  const { id: server, sandbox } = config
  let depth: Depth | undefined
  const said = new Set<string>()
  function say(text: string): void {
    if (said.has(text)) return
    said.add(text)
    log('warn', `${server}: ${text}`)
  }

  async function keep(command: Command, person?: string): Promise<Kept | undefined> {
    if (sandbox === undefined || sandbox.use === 'off') return offOnPurpose(sandbox)
    const confinement = await options.confinement().catch((error: unknown) => {
      throw error instanceof ConfigError ? new Unusable(error.problems.join('; ')) : error
    })
    const without = (why: string): undefined => {
      if (sandbox.use === 'required') throw new Unusable(`it is not started without a sandbox: ${why}`)
      depth = 'none'
      say(`runs WITHOUT a sandbox, and can do whatever you can: ${why}`)
    }
    if (confinement.depth === 'none') return without(confinement.missing.join(' '))
    const found = findProgram(command, ours['PATH'])
    // As a child process that cannot be started would say.
    if (found === undefined) throw new Unusable('the command or its working directory was not found')
    const hopeless = cannotRun(command, sandbox)
    if (hopeless !== undefined) say(hopeless)
    const hints = hintsFor({ ...command, script: found.script, code: found.code }, sandbox)
    for (const hint of hints) say(hint)

    // The others have a way of their own to tell hosts apart, or none.
    const isWhole = confinement.depth === 'bubblewrap'
    const network = await openNetwork({
      name: server,
      allowed: isWhole ? sandbox.grants.net : [],
      note: (connection) => note(connection, person),
      log,
      clock,
    })
    let confined: Confined
    try {
      confined = confinement.confine(network.into(programOf(command, found, sandbox, person)))
    } catch (error) {
      await network.close()
      if (!(error instanceof ConfigError)) throw error
      if (holdsCommands(confinement.depth)) throw new Unusable(error.problems.join('; '))
      return without(error.problems.join('; '))
    }
    depth = confinement.depth
    for (const warning of confined.warnings) say(warning)
    return {
      command: confined.command,
      started: confined.started,
      terminate: confined.terminate,
      get ended() {
        return confined.ended
      },
      wordsFor: (ended) => wordsFor(ended, sandbox.grants.limits),
      advice: (words) => hopeless ?? hints[0] ?? adviceFor(words, sandbox),
      close() {
        network.close().catch((error: unknown) => log('error', `${server}: its network could not be closed`, { problem: problemOf(error) }))
      },
    }
  }

  function offOnPurpose(known: ServerSandbox | undefined): undefined {
    depth = 'none'
    if (known !== undefined) say('runs WITHOUT a sandbox, as it was told to, and can do whatever you can')
  }

  function programOf(command: Command, found: Found, sandbox: ServerSandbox, person: string | undefined): Program {
    const { grants } = sandbox
    const { code } = found
    const { env, files } = environmentFor({
      ours,
      granted: grants.env,
      named: command.env,
      command: found.command,
      code,
      connects: grants.net.length > 0,
    })
    // A person's process ends with that person's work, and so does what it keeps.
    const home = keepsHomes && person === undefined ? homeOf(dataDir, server, sandbox) : undefined
    if (home !== undefined) mkdirSync(dirname(home), { recursive: true, mode: 0o700 })
    const visible = [...grants.read, ...grants.write, ...code]
    const isVisible = visible.some((folder) => isWithin(real(command.cwd), folder))
    const args = found.args.map((arg) => asSeen(arg, command.cwd, visible, isVisible))
    return {
      command: found.command,
      args,
      cwd: isVisible ? real(command.cwd) : (home ?? '/tmp'),
      env,
      grants,
      code: [...code, ...files],
      home,
      hidden: hiddenIn(own, grants, code),
      // We write it anew whenever somebody accepts something.
      mayChange: own.filter((path) => basename(path) === 'sallyport.lock'),
      forks: true,
      identity: `${server} ${createHash('sha256')
        .update(`${dataDir}\0${person ?? ''}`)
        .digest('hex')}`,
    }
  }

  return {
    keep,
    status: () => (sandbox === undefined || depth === undefined ? undefined : { depth, grants: sandbox.grants }),
  }
}

/** Whether that holds programs of every kind: the others hold what runs in Node, and know no hosts. */
export const holdsCommands = (depth: Depth): boolean => depth === 'bubblewrap' || depth === 'sandbox-runtime'

/** Where it keeps what it remembers and what it has fetched. */
export const homeOf = (dataDir: string, id: string, { place }: ServerSandbox): string =>
  join(dataDir, 'sandbox', `${id}-${createHash('sha256').update(place).digest('hex').slice(0, 8)}`, 'home')

/**
 * An argument that is a path to something granted, as it is found inside: by the path that it really has, and by an absolute one where it
 * does not run in the folder that the path is from.
 */
function asSeen(arg: string, cwd: string, visible: readonly string[], staysIn: boolean): string {
  const [path] = pathsIn(arg, cwd)
  if (path === undefined || !visible.some((folder) => isWithin(real(path), folder))) return arg
  const [before = ''] = /^--?[\w-]+=/.exec(arg) ?? []
  const written = arg.slice(before.length)
  const isSeen = visible.some((folder) => isWithin(path, folder))
  return isSeen && (staysIn || isAbsolute(written)) ? arg : before + (isSeen ? path : real(path))
}

/** What holds the keys of whoever writes a program, and is no part of it. */
const KEYS = ['.git', '.npmrc', '.yarnrc.yml', '.pypirc', '.netrc']

/** Those that lie beside the code, and what is ours: where a grant or the code has them in it. */
function hiddenIn(own: readonly string[], { read, write }: ServerSandbox['grants'], code: readonly string[]): string[] {
  const granted = [...read, ...write]
  // Also those that are not there yet.
  const beside = code
    .flatMap((folder) => KEYS.map((name) => join(folder, name)))
    .filter((path) => !granted.some((each) => isWithin(path, each)))
  const ours = own.filter((path) => existsSync(path) && [...granted, ...code].some((folder) => isWithin(path, folder)))
  return [...ours, ...beside]
}

function wordsFor(ended: Ended, { memoryMb, cpuSeconds, maxProcesses }: Limits): string {
  switch (ended) {
    case 'memory':
      return `used more than ${memoryMb} MiB of memory`
    case 'cpu':
      return `used more than ${cpuSeconds ?? 0} s of processor time`
    case 'processes':
      return `had more than ${maxProcesses} processes and threads`
    case 'disk':
      return 'had nearly filled the disk'
    case 'uncovered':
      return 'would have seen a file that is hidden from it and was replaced,'
    case 'output':
      return 'wrote more than it may'
    case 'time':
      return 'took longer than it may'
  }
}
