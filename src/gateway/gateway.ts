/**
 * The gateway's upstreams, several at once, and the entries they make. Which upstream is up changes nothing about who may
 * call what: entries stay once they were imported, and a call to one whose upstream is down says so.
 *
 * @module
 */

import { type Features } from '../catalogue/index.ts'
import { atOnce, type Entry, inSlices, type Principal } from '../core/index.ts'
import type { ServerConfig } from './config/index.ts'
import type { Connectable } from './credentials/index.ts'
import { type Classification, createGuardedServer, type GuardedServerParts, type UpstreamStatus } from './guarded-server.ts'
import { type Merged, mergeEntries } from './import/merge-entries.ts'
import { createWarner } from './import/warnings.ts'
import { openLockFile } from './launch/lock-file.ts'
import { answersWithTasks, tellsOfResources } from './upstream/index.ts'

export interface GatewayOptions extends GuardedServerParts {
  readonly servers: readonly ServerConfig[]
  /** Where `sallyport.lock` is, or will be. */
  readonly lockFile: string
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

/** @throws {ConfigError} if there is a `sallyport.lock` that cannot be used. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { servers, log, redactor } = options
  const lock = openLockFile(options.lockFile)
  const listeners = new Set<() => void>()
  const warn = createWarner(log)
  const members = await Promise.all(
    servers.map((config) => createGuardedServer({ ...options, config, lock, prefixed: servers.length > 1, changed: rebuild })),
  )
  let entries: readonly Entry[] = []
  let fingerprint = ''

  let merges = 0
  let merging: Promise<void> = Promise.resolve()

  const merge = () => mergeEntries(members.map(({ imported }) => imported()))
  function adopt(merged: Merged): void {
    entries = merged.entries
    warn(merged.warnings)
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
