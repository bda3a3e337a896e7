/**
 * What may be started or reached: how a server of the configuration is started, or where it is, was accepted once, and a package is one
 * that is pinned, with the bytes that were pinned.
 *
 *   settle, before anything listens ─ what is new, has changed, or is no exact version: a person is asked, else it is refused
 *   of(server), at each start ─ as accepted? ─▶ pinned? ─▶ installed, and as pinned? ─▶ the package's own program
 *   refused(server), at each connection ─ as accepted?
 *
 * Where nothing was ever accepted, all of it is: the first start is the word for what is there. Else fails closed: what nobody has accepted
 * is not started, nothing is sent to it, and how to accept it is said once. It is looked for again at each attempt, so that another program
 * may accept it while this one runs.
 *
 * @module
 */

import { join } from 'node:path'
import { type Clock, ConfigError, type Log } from '../../core/index.ts'
import { type Command, type Endpoint, Unaccepted, Unusable } from '../upstream/index.ts'
import { type Change, changeOf, refusalOf } from './approval.ts'
import type { LockFile } from './lock-file.ts'
import { createNpm, NpmProblem } from './npm.ts'
import { type PackageRequest, readPackageRequest } from './package-request.ts'
import { showWanted } from './package-spec.ts'
import { keyOf, type Pin, toNewPin } from './pin.ts'
import { findLocal, findProgram, type ProgramStart } from './program.ts'
import { type Found, publishedAt, resolvePackage } from './resolve.ts'
import { createPackageStore } from './store.ts'
import { TreeProblem } from './tree-digest.ts'
import { unpinnedNote } from './unpinned.ts'
import type { Written } from './written.ts'

/** What a person is asked. */
export type LaunchQuestion =
  /** `new`: others were accepted before, and nothing of this one. */
  | { readonly kind: 'changed' | 'new'; readonly server: string; readonly written: Written; readonly change: Change }
  | {
      readonly kind: 'package'
      readonly server: string
      readonly wants: string
      readonly found: Found
      /** ISO 8601; undefined where the registry does not say. */
      readonly published: string | undefined
    }

/** A server of the configuration, as far as its start goes. */
export interface StartedServer {
  readonly id: string
  readonly target: Command | Endpoint
  /** How it is started or where it is, as the file has it. Undefined: it was typed by whoever starts this. */
  readonly written?: Written | undefined
}

export interface LaunchesOptions {
  readonly servers: readonly StartedServer[]
  readonly lock: LockFile
  /** Where packages are installed. */
  readonly packagesDir: string
  /** Undefined: there is nobody to ask. */
  readonly ask?: ((question: LaunchQuestion) => Promise<boolean>) | undefined
  /** The operator has said that what is found now is accepted. */
  readonly accept?: boolean | undefined
  /** The configuration, where it is one that has to be named by whoever accepts something. */
  readonly named?: string | undefined
  readonly log: Log
  readonly clock: Clock
  /** Of ours: npm is handed what is its own. */
  readonly env?: NodeJS.ProcessEnv
}

export interface Launches {
  /** @throws {ConfigError} where a package is to be run that nobody has chosen the version of, or where nothing at all may be started. */
  settle(): Promise<void>
  /** To be asked at each start. Undefined: it is no command. */
  of(config: StartedServer): ((command: Command) => Promise<Command>) | undefined
  /** To be asked before anything is sent there: why it must not be; undefined: it may. Undefined itself: it is a command. */
  refused(config: StartedServer): (() => string | undefined) | undefined
  /** Whether it is left alone until somebody accepts it. */
  awaits(config: StartedServer): boolean
  /** Ends what is being installed. */
  close(): void
}

export const packagesDirOf = (dataDir: string): string => join(dataDir, 'packages')

export function createLaunches(options: LaunchesOptions): Launches {
  const { servers, lock, packagesDir, ask, accept = false, named, log, clock, env = process.env } = options
  const closing = new AbortController()
  const { signal } = closing
  const npm = createNpm({ env, signal })
  const store = createPackageStore({ dir: packagesDir, npm, log, signal, installed: lock.addInstalled })
  const now = (): string => new Date(clock()).toISOString()

  /** Why it must not be started or reached before it is accepted; undefined: it may. */
  function refusal({ id, written }: StartedServer): { readonly change: Change; readonly isNew: boolean; readonly why: string } | undefined {
    const accepted = lock.launch(id)
    if (!written || (!accepted && !lock.knowsLaunches())) return undefined
    const change = changeOf(accepted, written)
    return change && { change, isNew: accepted === undefined, why: refusalOf(id, accepted, written, change, named) }
  }

  const said = new Map<string, string>()
  /** It is asked again and again, by each person's process too. What is none any more may be one again. */
  function sayOnce(id: string, why: string | undefined): void {
    if (why === undefined) said.delete(id)
    else if (said.get(id) !== why) {
      said.set(id, why)
      log('warn', `${id}: ${why}`)
    }
  }

  /** Answers why it is refused. `isFirst`: nothing of this configuration was accepted before. */
  async function settleLaunch(config: StartedServer, isFirst: boolean): Promise<string | undefined> {
    const { id, written } = config
    if (!written) return undefined
    const found = isFirst ? undefined : refusal(config)
    if (!found && lock.launch(id)) return undefined
    if (found && !accept) {
      const question = { kind: found.isNew ? 'new' : 'changed', server: id, written, change: found.change } as const
      if (!(await ask?.(question))) return found.why
    }
    record(id, () => lock.acceptLaunch(id, { ...written, accepted: now() }))
    return undefined
  }

  function whyNot(config: StartedServer): string | undefined {
    try {
      lock.load()
      return refusal(config)?.why
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.join('; ')
      throw error
    }
  }

  /** Where nothing can be written, the first start is like every other; what was accepted before still counts. */
  function record(id: string, write: () => void): void {
    try {
      write()
    } catch (error) {
      if (error instanceof ConfigError) throw error
      log('warn', `${id}: what was accepted cannot be kept in sallyport.lock, so that a change would not be noticed`, {
        error: (error as NodeJS.ErrnoException).code ?? 'unknown',
      })
    }
  }

  async function settlePackage({ id, target }: StartedServer): Promise<string | undefined> {
    if (!('command' in target)) return undefined
    const note = unpinnedNote(target.command, target.args)
    if (note) log('warn', `${id}: ${note}`)
    const read = readPackageRequest(target.command, target.args)
    if (!read) return undefined
    if ('problem' in read) return `${id}: ${read.problem}`
    const { wanted, prefersLocal } = read.request
    if (wanted.isExact || pinOf(id, read.request)) return undefined
    const local = prefersLocal ? findLocal(target.cwd, wanted.name) : undefined
    if (local) {
      log(
        'warn',
        `${id}: runs the ${wanted.name} that ${local.project} has installed: its bytes are not pinned, as those of NAME@VERSION are`,
      )
      return undefined
    }
    const wants = showWanted(wanted)
    const found = await resolvePackage(npm, wanted, packagesDir).catch((error: unknown) => error)
    if (found instanceof NpmProblem)
      return `${id}: ${wants} is no exact version, and which one it stands for cannot be found: ${found.message}`
    if (found instanceof Error) throw found
    const resolved = found as Found
    if (!accept) {
      const says = `${id}: ${wants} is no exact version, and stands for ${keyOf(resolved)} today`
      if (!ask) return `${says}: write ${keyOf(resolved)}, or start it once at a terminal or with --accept, which pins that`
      const published = await publishedAt(npm, resolved, packagesDir)
      if (!(await ask({ kind: 'package', server: id, wants, found: resolved, published }))) return `${says}, which was not accepted`
    }
    lock.usePin(id, wants, lock.pin(keyOf(resolved)) ?? toNewPin(resolved, clock))
    return undefined
  }

  /** What it runs, where that is known. An exact version is what any server has pinned of it. */
  function pinOf(id: string, { wanted }: PackageRequest): Pin | undefined {
    const wants = showWanted(wanted)
    const used = lock.pinnedFor(id)
    return used?.wants === wants ? lock.pin(used.uses) : undefined
  }

  async function pinned(id: string, request: PackageRequest): Promise<Pin> {
    lock.load()
    const known = pinOf(id, request)
    if (known) return known
    const { wanted } = request
    // Its version was chosen by whoever wrote it, and may be pinned for another server already.
    if (!wanted.isExact) throw new Unusable(`${showWanted(wanted)} is not pinned: start sallyport again, at a terminal or with --accept`)
    const wants = showWanted(wanted)
    let pin = lock.pin(wants)
    if (!pin) {
      log('info', `${id}: looking up ${wants} and what it depends on`)
      pin = toNewPin(await resolvePackage(npm, wanted, packagesDir), clock)
    }
    lock.usePin(id, wants, pin)
    return pin
  }

  async function launch(config: StartedServer, command: Command): Promise<Command> {
    const { id } = config
    lock.load()
    const refused = refusal(config)
    sayOnce(id, refused?.why)
    if (refused) throw new Unaccepted(refused.why)
    const read = readPackageRequest(command.command, command.args)
    if (!read) return command
    if ('problem' in read) throw new Unusable(read.problem)
    const { wanted, program, args, prefersLocal } = read.request
    const local = prefersLocal && !pinOf(id, read.request) ? findLocal(command.cwd, wanted.name) : undefined
    if (local) return { ...command, command: local.command, args: [...local.args, ...args] }
    const pin = await pinned(id, read.request)
    const folder = await store.ready(() => lock.pin(keyOf(pin)) ?? pin)
    const start: ProgramStart | undefined = findProgram(folder, wanted.name, program)
    if (!start) throw new Unusable(`${keyOf(pin)} has no program ${program === undefined ? 'of its own' : 'of that name'}`)
    return { ...command, command: start.command, args: [...start.args, ...args], code: [folder] }
  }

  return {
    async settle() {
      lock.load()
      const isFirst = !lock.knowsLaunches()
      const packages: string[] = []
      const refused = new Map<string, string>()
      const accepted: StartedServer[] = []
      // All of them first: whoever ends this while they are asked about a package has started it once.
      for (const config of servers) {
        const why = await settleLaunch(config, isFirst)
        if (why !== undefined) refused.set(config.id, why)
        else accepted.push(config)
      }
      for (const config of accepted) {
        const unpinned = await settlePackage(config)
        if (unpinned) packages.push(unpinned)
      }
      if (packages.length > 0 || (refused.size > 0 && refused.size === servers.length))
        throw new ConfigError([...Array.from(refused, ([id, why]) => `${id}: ${why}`), ...packages])
      for (const [id, why] of refused) sayOnce(id, why)
    },
    of: (config) =>
      'command' in config.target
        ? (command) =>
            launch(config, command).catch((error: unknown) => {
              if (error instanceof NpmProblem || error instanceof TreeProblem)
                throw new Unusable(`its package cannot be started: ${error.message}`)
              if (error instanceof ConfigError) throw new Unusable(error.problems.join('; '))
              throw error
            })
        : undefined,
    refused: (config) =>
      'command' in config.target
        ? undefined
        : () => {
            const why = whyNot(config)
            sayOnce(config.id, why)
            return why
          },
    awaits: (config) => refusal(config) !== undefined,
    close: () => closing.abort(new Unusable('it was stopped')),
  }
}
