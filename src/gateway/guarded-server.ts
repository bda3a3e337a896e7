/**
 * One guarded server: the way to it, and the entries that are made of what it offers. They stay once they were imported, whether it is up
 * or not.
 *
 * @module
 */

import { type Clock, inSlices, type Log, problemOf, type Redactor } from '../core/index.ts'
import { createChecks } from '../schema/index.ts'
import type { ServerConfig } from './config/index.ts'
import { type Connectable, createConnectEntry } from './credentials/index.ts'
import { createUpstreamExecutor } from './executor.ts'
import { acceptHints } from './import/accept-hints.ts'
import { type Imported, type ImportOptions, importEntries, importSteps, nothing } from './import/import-entries.ts'
import { type Lists, noLists, readLists } from './import/read-lists.ts'
import { createWarner } from './import/warnings.ts'
import type { Launches } from './launch/index.ts'
import type { LockFile } from './launch/lock-file.ts'
import { openUpstream } from './open-upstream.ts'
import type { People } from './people.ts'
import { createRereading } from './rereading.ts'
import type { Sandboxes, SandboxStatus } from './sandbox/index.ts'
import type { ServerInfo, Upstream, UpstreamState } from './upstream/index.ts'

/** What all guarded servers share. */
export interface GuardedServerParts {
  readonly redactor: Redactor
  readonly log: Log
  readonly clock: Clock
  /** What we are, for upstreams' eyes. */
  readonly serverInfo: ServerInfo
  /** What may be started and reached, and which bytes of packages; without it all is, as it is configured. */
  readonly launches?: Launches | undefined
  /** What keeps commands to what they were granted; without it they are started as they are. */
  readonly sandboxes?: Sandboxes | undefined
  /** What is kept for people; without it no server gets anything of theirs. */
  readonly people?: People | undefined
}

export interface GuardedServerOptions extends GuardedServerParts {
  readonly config: ServerConfig
  readonly lock: LockFile
  /** Whether it is one of several. */
  readonly prefixed: boolean
  /** What was imported has changed. */
  readonly changed: () => Promise<void>
}

export interface UpstreamStatus {
  readonly server: string
  readonly state: UpstreamState
  /** The protocol revision spoken with it. */
  readonly version: string | undefined
  readonly serverInfo: ServerInfo | undefined
  readonly tools: number
  readonly prompts: number
  readonly resources: number
  readonly error: string | undefined
  /** It is left alone until somebody accepts it. */
  readonly awaits: boolean
  /** What it runs in, and what it may reach. Undefined: it is no command, or was not started yet. */
  readonly sandbox: SandboxStatus | undefined
}

export interface Classification {
  readonly server: string
  readonly read: number
  readonly execute: number
  /** False: something of this server was accepted before, and stays as it is. */
  readonly written: boolean
}

export interface GuardedServer {
  readonly config: ServerConfig
  readonly upstream: Upstream
  readonly connectable: Connectable | undefined
  /** What it says and lists is what it says to one person. */
  isPersonal(): boolean
  imported(): Imported
  start(): Promise<void>
  /** Takes its read-only hints over into `sallyport.lock`, once. What was imported has changed by then. */
  classify(): Classification
  status(): UpstreamStatus
  close(): Promise<void>
}

export async function createGuardedServer(options: GuardedServerOptions): Promise<GuardedServer> {
  const { config, redactor, log, clock, serverInfo, people, launches, sandboxes, lock, prefixed, changed } = options
  const server = config.id
  const warn = createWarner(log)
  let lists: Lists = noLists
  let imported = nothing
  let imports = 0

  const rereading = createRereading({
    async read(kinds) {
      lists = await readLists(upstream, kinds, lists, log)
      await compile()
      await changed()
    },
    failed: (error) => log('error', `${server}: its lists could not be imported`, { error: problemOf(error) }),
    isOver: () => upstream.state === 'closed',
    clock,
  })
  const keeper = 'command' in config.target ? sandboxes?.of(config) : undefined
  const { upstream, personal, connectable } = await openUpstream(config, people, {
    client: serverInfo,
    log,
    redactor,
    clock,
    stale: rereading.announce,
    launch: launches?.of(config),
    refused: launches?.refused(config),
    keep: keeper?.keep,
  })
  const importOptions: ImportOptions = {
    server,
    prefixed,
    rules: config.tools,
    references: config.references,
    release: config.release,
    audit: config.audit,
    lock,
    executor: createUpstreamExecutor({ upstream, timeoutSeconds: config.timeoutSeconds, personal, clock }),
    checks: createChecks(),
  }

  /** Nobody has been shown what it has: one tool says so, until somebody has connected. */
  async function offerToConnect(): Promise<void> {
    if (!personal?.isPersonal() || upstream.session || imported !== nothing || upstream.state === 'closed') return
    const entry = createConnectEntry({ server, personal, look: () => upstream.restart(), clock })
    adopt({ entries: [entry], warnings: [], fingerprint: entry.name })
    await changed()
  }
  personal?.onPersonal(() => void offerToConnect())

  const isPersonal = (): boolean => personal?.isPersonal() ?? false
  /** One person's resources have that person's names: what everybody has there are its templates. */
  const shown = (): Lists => (isPersonal() ? { ...lists, resources: noLists.resources } : lists)
  /** In slices. What `sallyport.lock` was changed for meanwhile is newer. */
  async function compile(): Promise<void> {
    const mine = ++imports
    const done = await inSlices(importSteps(shown(), importOptions))
    if (mine === imports) adopt(done)
  }
  function compileAtOnce(): void {
    imports++
    adopt(importEntries(shown(), importOptions))
  }
  function adopt(done: Imported): void {
    warn(done.warnings)
    imported = done
  }
  const count = (...kinds: readonly string[]): number => imported.entries.filter(({ kind }) => kinds.includes(kind)).length

  return {
    config,
    upstream,
    connectable,
    isPersonal,
    imported: () => imported,
    async start() {
      await upstream.start()
      if (upstream.state !== 'ready') return offerToConnect()
      await rereading.readNow(['tools', 'prompts', 'resources'])
    },
    classify() {
      const tools = acceptHints(lists.tools, imported.entries, clock())
      const read = [...tools.values()].filter((tool) => tool.class === 'read').length
      // Once: a server that changes its hints later must not be believed because a start script still says `--classify`.
      const written = !lock.has(server) && tools.size > 0
      if (written) {
        lock.accept(server, tools)
        compileAtOnce()
      }
      return { server, read, execute: tools.size - read, written }
    },
    status: () => ({
      server,
      state: upstream.state,
      version: upstream.session?.dialect.version,
      serverInfo: upstream.session?.serverInfo,
      tools: count('tool'),
      prompts: count('prompt'),
      resources: count('resource', 'template'),
      error: upstream.problem,
      awaits: launches?.awaits(config) ?? false,
      sandbox: keeper?.status(),
    }),
    async close() {
      rereading.close()
      await upstream.close()
    },
  }
}
