/**
 * `sallyport.lock`: what the operator accepted, once: the classes of an upstream's tools, how a server of the configuration is started
 * or where it is, and packages with everything that they depend on, byte for byte. It belongs under version control beside the
 * configuration. A guarded server must not be able to write it.
 *
 * Fails closed: what cannot be used stops the start (`lock-content.ts`), and what two processes change at once, they change one after
 * the other (`lock-turn.ts`).
 *
 * @module
 */

import {
  type Accepted,
  type AcceptedLaunch,
  type Content,
  modeFor,
  type PinnedFor,
  read,
  type ServerContent,
  write,
} from './lock-content.ts'
import { inTurn } from './lock-turn.ts'
import { keyOf, type Pin, type PinContent, toPin } from './pin.ts'

export interface LockFile {
  find(server: string, tool: string): Accepted | undefined
  /** Whether anything of this server's tools was ever accepted. */
  has(server: string): boolean
  /** Adds a server's tools and writes the file. */
  accept(server: string, tools: ReadonlyMap<string, Accepted>): void
  /** The file as it is now: another program may have changed it. @throws {ConfigError} where it cannot be used. */
  load(): void
  launch(server: string): AcceptedLaunch | undefined
  /** Whether anything was accepted of any server: then a name that is not known is none that was there before. */
  knowsLaunches(): boolean
  acceptLaunch(server: string, launch: AcceptedLaunch): void
  pinnedFor(server: string): PinnedFor | undefined
  /** By `name@version`. */
  pin(key: string): Pin | undefined
  /** Has the server run this package from now on. What no server runs any more is pinned no longer. */
  usePin(server: string, wants: string, pin: Pin): void
  /** Adds what its installed files come to on a platform. */
  addInstalled(key: string, platform: string, digest: string): void
  /** Every server that something is known of but its tools, sorted. */
  servers(): readonly string[]
  /** Forgets how a server is started and which package it runs; answers the pins that nobody uses any more, which are gone too. */
  forget(server: string): readonly Pin[]
}

export interface LockFileOptions {
  /** The configuration: where only its owner may read that, nobody else may read what is kept of it here. */
  readonly beside?: string | undefined
}

/** @throws {ConfigError} where there is a file that cannot be used. */
export function openLockFile(path: string, { beside }: LockFileOptions = {}): LockFile {
  let content = read(path)
  const server = (id: string): ServerContent => content.servers[id] ?? {}
  /** What another program wrote meanwhile stays. */
  function change(make: (content: Content) => Content): void {
    content = inTurn(path, () => {
      const next = make(read(path))
      write(path, next, modeFor(path, beside))
      return next
    })
  }
  function changeServer(id: string, more: ServerContent): void {
    change((now) => {
      const servers = { ...now.servers, [id]: { ...now.servers[id], ...more } }
      return { ...now, servers, packages: usedBy(servers, now.packages ?? {}) }
    })
  }
  const pin = (key: string): Pin | undefined => {
    const found = own(content.packages ?? {}, key)
    return found && toPin(key, found)
  }
  return {
    find: (id, tool) => own(server(id).tools ?? {}, tool),
    has: (id) => Object.keys(server(id).tools ?? {}).length > 0,
    accept(id, tools) {
      change((now) => {
        const before = now.servers[id]
        return { ...now, servers: { ...now.servers, [id]: { ...before, tools: { ...before?.tools, ...Object.fromEntries(tools) } } } }
      })
    },
    load() {
      content = read(path)
    },
    launch: (id) => server(id).launch ?? server(id).endpoint,
    knowsLaunches: () => Object.values(content.servers).some(({ launch, endpoint }) => (launch ?? endpoint) !== undefined),
    acceptLaunch(id, accepted) {
      // What was a command and is a URL now runs no package any more.
      if ('url' in accepted) changeServer(id, { launch: undefined, endpoint: accepted, package: undefined })
      else changeServer(id, { launch: accepted, endpoint: undefined })
    },
    pinnedFor: (id) => server(id).package,
    pin,
    usePin(id, wants, { name, version, ...rest }) {
      const key = keyOf({ name, version })
      change((now) => {
        const servers = { ...now.servers, [id]: { ...now.servers[id], package: { wants, uses: key } } }
        return { ...now, servers, packages: usedBy(servers, { ...now.packages, [key]: rest }) }
      })
    },
    addInstalled(key, platform, digest) {
      change((now) => {
        const found: PinContent | undefined = now.packages?.[key]
        return found
          ? { ...now, packages: { ...now.packages, [key]: { ...found, installed: { ...found.installed, [platform]: digest } } } }
          : now
      })
    },
    servers: () =>
      Object.entries(content.servers)
        .filter(([, { launch, endpoint, package: used }]) => (launch ?? endpoint ?? used) !== undefined)
        .map(([id]) => id)
        .sort(),
    forget(id) {
      const before = pinsOf(content)
      change((now) => {
        const { launch: _launch, endpoint: _endpoint, package: _package, ...kept } = now.servers[id] ?? {}
        const { [id]: _server, ...others } = now.servers
        const servers: Content['servers'] = Object.keys(kept).length > 0 ? { ...others, [id]: kept } : others
        return { ...now, servers, packages: usedBy(servers, now.packages ?? {}) }
      })
      const after = new Set(pinsOf(content).map(keyOf))
      return before.filter((one) => !after.has(keyOf(one)))
    },
  }
}

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(record, key) ? record[key] : undefined)
/** What nobody runs any more is not pinned for ever. */
function usedBy(servers: Content['servers'], packages: NonNullable<Content['packages']>): Content['packages'] {
  const used = new Set(Object.values(servers).map((one) => one.package?.uses))
  return Object.fromEntries(Object.entries(packages).filter(([key]) => used.has(key)))
}
const pinsOf = ({ packages = {} }: Content): Pin[] =>
  Object.entries(packages).flatMap(([key, one]) => {
    const pin = toPin(key, one)
    return pin ? [pin] : []
  })
