/**
 * `sallyport.lock`: what the operator accepted, once: the classes of an upstream's tools, how a server of the configuration is started,
 * and packages with everything that they depend on, byte for byte. It belongs under version control beside the configuration, so it is
 * pretty, sorted, and written in one step. A guarded server must not be able to write it.
 *
 * Fails closed: a file that others can write to, or that cannot be read or understood, stops the start; it is never taken
 * for an empty one.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../../core/index.ts'
import { requireOurs } from '../../vault/index.ts'
import { type WrittenLaunch, writtenShape } from './approval.ts'
import { keyOf, type Pin, type PinContent, pinSchema, toPin } from './pin.ts'

/** One tool's accepted class. */
export interface Accepted {
  readonly class: 'read' | 'execute'
  /** Of the definition that was accepted: `hintedHash` of it. */
  readonly definition: string
  /** ISO 8601. */
  readonly accepted: string
}

/** How a server is started, as it was accepted. */
export interface AcceptedLaunch extends WrittenLaunch {
  readonly accepted: string
}

/** Which package a server runs. */
export interface PinnedFor {
  /** As its command asks for it: `name@latest`. */
  readonly wants: string
  /** What that came to when it was pinned: `name@1.2.3`. */
  readonly uses: string
}

export interface LockFile {
  find(server: string, tool: string): Accepted | undefined
  /** Whether anything of this server's tools was ever accepted. */
  has(server: string): boolean
  /** Adds a server's tools and writes the file. */
  accept(server: string, tools: ReadonlyMap<string, Accepted>): void
  /** The file as it is now: another program may have changed it. @throws {ConfigError} where it cannot be used. */
  load(): void
  launch(server: string): AcceptedLaunch | undefined
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

interface ServerContent {
  readonly launch?: AcceptedLaunch | undefined
  readonly package?: PinnedFor | undefined
  readonly tools?: Readonly<Record<string, Accepted>> | undefined
}
interface Content {
  readonly version: 1
  readonly servers: Readonly<Record<string, ServerContent>>
  readonly packages?: Readonly<Record<string, PinContent>> | undefined
}

const serverSchema: z.ZodType<ServerContent> = z.strictObject({
  launch: z.strictObject({ ...writtenShape, accepted: z.string() }).optional(),
  package: z.strictObject({ wants: z.string(), uses: z.string() }).optional(),
  tools: z
    .record(z.string(), z.strictObject({ class: z.enum(['read', 'execute']), definition: z.string(), accepted: z.string() }))
    .optional(),
})
const schema: z.ZodType<Content> = z.strictObject({
  version: z.literal(1),
  servers: z.record(z.string(), serverSchema),
  packages: z.record(z.string(), pinSchema).optional(),
})

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
    const next = make(read(path))
    write(path, next, modeFor(path, beside))
    content = next
  }
  function changeServer(id: string, more: ServerContent): void {
    change((now) => ({ ...now, servers: { ...now.servers, [id]: { ...now.servers[id], ...more } } }))
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
    launch: (id) => server(id).launch,
    acceptLaunch: (id, launch) => changeServer(id, { launch }),
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
        .filter(([, { launch, package: used }]) => launch !== undefined || used !== undefined)
        .map(([id]) => id)
        .sort(),
    forget(id) {
      const before = pinsOf(content)
      change((now) => {
        const { launch: _launch, package: _package, ...kept } = now.servers[id] ?? {}
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

/** As it is; a new one as the configuration is. */
function modeFor(path: string, beside: string | undefined): number {
  for (const file of [path, beside])
    try {
      if (file !== undefined) return 0o600 | (statSync(file).mode & 0o044)
    } catch {
      // It is not there.
    }
  return 0o644
}

function read(path: string): Content {
  let text: string
  try {
    // It opens tools, and says what is started.
    requireOurs(path, 'Make it yours with chown, if it says what you accept.')
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, servers: {} }
    throw new ConfigError([`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`])
  }
  try {
    const content = schema.parse(JSON.parse(text))
    for (const [key, one] of Object.entries(content.packages ?? {})) if (!toPin(key, one)) throw new Error('it is not what its name says')
    return content
  } catch {
    throw new ConfigError([
      `${path}: is not a sallyport.lock; restore it, or delete it to accept anew what the servers are and how they are started`,
    ])
  }
}

function write(path: string, { servers, packages = {} }: Content, mode: number): void {
  const content: Content = {
    version: 1,
    servers: sorted(servers, ({ launch, package: used, tools }) => ({
      ...(launch && { launch }),
      ...(used && { package: used }),
      ...(tools && { tools: sorted(tools) }),
    })),
    ...(Object.keys(packages).length > 0 && {
      packages: sorted(packages, ({ accepted, installed, tree }) => ({ accepted, installed: sorted(installed), tree: sorted(tree) })),
    }),
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    const file = openSync(temporary, 'wx', mode)
    try {
      writeSync(file, `${JSON.stringify(content, null, 2)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function sorted<T, Out = T>(
  record: Readonly<Record<string, T>>,
  each: (value: T) => Out = (value) => value as unknown as Out,
): Record<string, Out> {
  return Object.fromEntries(
    Object.entries(record)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, each(value)]),
  )
}
