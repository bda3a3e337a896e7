/**
 * The gateway's upstreams, several at once, and the entries they make. Which upstream is up changes nothing about who may
 * call what: entries stay once they were imported, and a call to one whose upstream is down says so.
 *
 * @module
 */

import { type Features } from '../catalogue/index.ts'
import {
  atOnce,
  type Clock,
  type Entry,
  inSlices,
  type JsonObject,
  type Log,
  type Principal,
  problemOf,
  type Redactor,
} from '../core/index.ts'
import { createChecks } from '../schema/index.ts'
import { hintedHash } from '../trust/index.ts'
import type { ServerConfig } from './config/index.ts'
import { type Connectable, createConnectEntry } from './credentials/index.ts'
import { createUpstreamExecutor } from './executor.ts'
import { type Imported, type ImportOptions, importEntries, importSteps, nothing } from './import/import-entries.ts'
import { type Merged, mergeEntries } from './import/merge-entries.ts'
import { type Lists, noLists, readLists } from './import/read-lists.ts'
import type { Launches } from './launch/index.ts'
import { type Accepted, type LockFile, openLockFile } from './launch/lock-file.ts'
import { openUpstream } from './open-upstream.ts'
import type { People } from './people.ts'
import type { Sandboxes, SandboxStatus } from './sandbox/index.ts'
import { answersWithTasks, type ListKind, type ServerInfo, tellsOfResources, type Upstream, type UpstreamState } from './upstream/index.ts'

export interface GatewayOptions {
  readonly servers: readonly ServerConfig[]
  readonly redactor: Redactor
  readonly log: Log
  readonly clock: Clock
  /** Where `sallyport.lock` is, or will be. */
  readonly lockFile: string
  /** What we are, for upstreams' eyes. */
  readonly serverInfo: ServerInfo
  /** Which commands may be started, and which of their packages' bytes; without it they are started as they are. */
  readonly launches?: Launches | undefined
  /** What keeps commands to what they were granted; without it they are started as they are. */
  readonly sandboxes?: Sandboxes | undefined
  /** What is kept for people; without it no server gets anything of theirs. */
  readonly people?: People | undefined
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

export interface Gateway {
  /**
   * Resolves when every upstream answered and was imported, or failed once. Failures are logged and tried again.
   *
   * @throws {ConfigError} where something is granted that cannot be, or a sandbox is demanded that cannot be made: nothing is started then.
   */
  start(): Promise<void>
  entries(): readonly Entry[]
  /** What upstreams have to say to a model about their use, as far as the caller may use them. */
  instructions(caller?: Pick<Principal, 'servers'>): string | undefined
  /** What some upstream has. */
  features(): Features
  /** Told after the entries have changed. Answers how to stop listening. */
  onChange(listener: () => void): () => void
  status(): readonly UpstreamStatus[]
  /** Takes the read-only hints of every upstream over into `sallyport.lock`: once for each, on the operator's word. */
  classifyFromAnnotations(): readonly Classification[]
  /** Accounts at guarded servers that people can connect. */
  readonly connectables: readonly Connectable[]
  close(): Promise<void>
}

/** Changes come in bunches. */
const DEBOUNCE_MS = 50
/** An upstream that announces changes all the time is read no more often than this. */
const REIMPORT_MS = 1000

/** @throws {ConfigError} if there is a `sallyport.lock` that cannot be used. */
export function createGateway(options: GatewayOptions): Gateway {
  const { servers, log, redactor } = options
  const lock = openLockFile(options.lockFile)
  const listeners = new Set<() => void>()
  const members = servers.map((config) => createMember(config, options, lock, servers.length > 1, rebuild))
  let entries: readonly Entry[] = []
  let fingerprint = ''

  let said: ReadonlySet<string> = new Set()
  let merges = 0
  let merging: Promise<void> = Promise.resolve()

  const merge = () => mergeEntries(members.map(({ imported }) => imported()))
  function adopt(merged: Merged): void {
    entries = merged.entries
    for (const warning of merged.warnings) if (!said.has(warning)) log('warn', warning)
    said = new Set(merged.warnings)
    if (merged.fingerprint === fingerprint) return
    fingerprint = merged.fingerprint
    for (const listener of listeners) listener()
  }
  /** One after the other, in slices. */
  function rebuild(): Promise<void> {
    const next = async (): Promise<void> => {
      const mine = ++merges
      const merged = await inSlices(merge())
      if (mine === merges) adopt(merged)
    }
    // What went wrong before was told to whoever waited for it.
    return (merging = merging.then(next, next))
  }
  function rebuildAtOnce(): void {
    merges++
    adopt(atOnce(merge()))
  }

  for (const { config } of members) for (const secret of config.secrets) redactor.learn(secret)

  return {
    async start() {
      await options.sandboxes?.check(servers)
      await Promise.all(members.map((member) => member.start()))
    },
    entries: () => entries,
    instructions({ servers: own } = {}) {
      const said = members.flatMap(({ config, upstream, isPersonal }) => {
        // What it says to one person may be about that person.
        const text = isPersonal() ? undefined : upstream.session?.instructions
        return text && (own?.includes(config.id) ?? true) ? [members.length > 1 ? `# ${config.id}\n\n${text}` : text] : []
      })
      return said.length > 0 ? said.join('\n\n') : undefined
    },
    features() {
      const sessions = members.flatMap(({ upstream: { session } }) => (session ? [session] : []))
      return {
        completions: sessions.some(({ capabilities }) => capabilities.completions !== undefined),
        logging: sessions.some(({ capabilities }) => capabilities.logging !== undefined),
        subscriptions: sessions.some(tellsOfResources),
        tasks: sessions.some(answersWithTasks),
      }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    status: () => members.map((member) => member.status()),
    connectables: members.flatMap(({ connectable }) => (connectable ? [connectable] : [])),
    classifyFromAnnotations() {
      const done = members.map((member) => member.classify())
      rebuildAtOnce()
      return done
    },
    async close() {
      options.launches?.close()
      await Promise.all(members.map((member) => member.close()))
    },
  }
}

interface Member {
  readonly config: ServerConfig
  readonly upstream: Upstream
  readonly connectable: Connectable | undefined
  /** What it says and lists is what it says to one person. */
  isPersonal(): boolean
  imported(): Imported
  start(): Promise<void>
  classify(): Classification
  status(): UpstreamStatus
  close(): Promise<void>
}

function createMember(
  config: ServerConfig,
  { redactor, log, clock, serverInfo, people, launches, sandboxes }: GatewayOptions,
  lock: LockFile,
  prefixed: boolean,
  changed: () => Promise<void>,
): Member {
  const server = config.id
  const stale = new Set<ListKind>()
  let lists: Lists = noLists
  let imported = nothing
  let imports = 0
  let said: ReadonlySet<string> = new Set()
  let importing = false
  let readAt = 0
  let timer: NodeJS.Timeout | undefined

  const keeper = 'command' in config.target ? sandboxes?.of(config) : undefined
  const parts = { client: serverInfo, log, redactor, clock, stale: announce, launch: launches?.of(config), keep: keeper?.keep }
  const { upstream, personal, connectable } = openUpstream(config, people, parts)
  const executor = createUpstreamExecutor({ upstream, timeoutSeconds: config.timeoutSeconds, personal, clock })

  function announce(kinds: readonly ListKind[]): void {
    for (const kind of kinds) stale.add(kind)
    schedule()
  }
  function schedule(): void {
    if (timer !== undefined || importing || stale.size === 0 || upstream.state === 'closed') return
    timer = setTimeout(
      () => {
        timer = undefined
        // While one reading is under way the next one waits for its end.
        if (!importing) void read()
      },
      Math.max(DEBOUNCE_MS, readAt + REIMPORT_MS - clock()),
    )
  }
  async function read(): Promise<void> {
    importing = true
    const kinds = new Set(stale)
    stale.clear()
    try {
      lists = await readLists(upstream, kinds, lists, log)
      await compile()
      await changed()
    } catch (error) {
      // Ours to repair; what was imported before stays.
      log('error', `${server}: its lists could not be imported`, { error: problemOf(error) })
    } finally {
      importing = false
      readAt = clock()
      schedule()
    }
  }
  /** Nobody has been shown what it has: one tool says so, until somebody has connected. */
  async function offerToConnect(): Promise<void> {
    if (!personal?.isPersonal() || upstream.session || imported !== nothing || upstream.state === 'closed') return
    const look = (): void => upstream.restart()
    const entry = createConnectEntry({ server, personal, look, clock })
    adopt({ entries: [entry], warnings: [], fingerprint: entry.name })
    await changed()
  }
  personal?.onPersonal(() => void offerToConnect())
  const options: ImportOptions = {
    server,
    prefixed,
    rules: config.tools,
    references: config.references,
    release: config.release,
    audit: config.audit,
    lock,
    executor,
    checks: createChecks(),
  }
  const isPersonal = (): boolean => personal?.isPersonal() ?? false
  /** One person's resources have that person's names: what everybody has there are its templates. */
  const shown = (): Lists => (isPersonal() ? { ...lists, resources: noLists.resources } : lists)
  /** In slices. What `sallyport.lock` was changed for meanwhile is newer. */
  async function compile(): Promise<void> {
    const mine = ++imports
    const done = await inSlices(importSteps(shown(), options))
    if (mine === imports) adopt(done)
  }
  function compileAtOnce(): void {
    imports++
    adopt(importEntries(shown(), options))
  }
  function adopt(done: Imported): void {
    // The same warning is not repeated at every change.
    for (const warning of done.warnings) if (!said.has(warning)) log('warn', warning)
    said = new Set(done.warnings)
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
      for (const kind of ['tools', 'prompts', 'resources'] as const) stale.add(kind)
      await read()
    },
    classify() {
      const tools = new Map<string, Accepted>()
      const known = new Set(imported.entries.flatMap(({ kind, origin }) => (kind === 'tool' ? [origin.name] : [])))
      const accepted = new Date(clock()).toISOString()
      for (const tool of lists.tools) {
        if (typeof tool.name !== 'string' || !known.has(tool.name) || tools.has(tool.name)) continue
        const hinted = (tool.annotations as JsonObject | undefined)?.readOnlyHint === true
        tools.set(tool.name, { class: hinted ? 'read' : 'execute', definition: hintedHash(tool), accepted })
      }
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
      sandbox: keeper?.status(),
    }),
    async close() {
      clearTimeout(timer)
      stale.clear()
      await upstream.close()
    },
  }
}
