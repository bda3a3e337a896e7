/**
 * `sallyport.lock`: what the operator accepted of an upstream, once. It belongs under version control beside the
 * configuration, so it is pretty, sorted, and written in one step. A guarded server must not be able to write it.
 *
 * Fails closed: a file that others can write to, or that cannot be read or understood, stops the start; it is never taken
 * for an empty one.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../core/index.ts'
import { requireOurs } from '../vault/index.ts'

/** One tool's accepted class. */
export interface Accepted {
  readonly class: 'read' | 'execute'
  /** Of the definition that was accepted: `hintedHash` of it. */
  readonly definition: string
  /** ISO 8601. */
  readonly accepted: string
}

export interface LockFile {
  find(server: string, tool: string): Accepted | undefined
  /** Whether anything of this server was ever accepted. */
  has(server: string): boolean
  /** Adds a server's tools and writes the file. */
  accept(server: string, tools: ReadonlyMap<string, Accepted>): void
}

const schema = z.strictObject({
  version: z.literal(1),
  servers: z.record(
    z.string(),
    z.strictObject({
      tools: z.record(z.string(), z.strictObject({ class: z.enum(['read', 'execute']), definition: z.string(), accepted: z.string() })),
    }),
  ),
})
type Content = z.infer<typeof schema>

/** @throws {ConfigError} where there is a file that cannot be used. */
export function openLockFile(path: string): LockFile {
  const servers = new Map(
    Object.entries(read(path).servers).map(([server, { tools }]) => [server, new Map<string, Accepted>(Object.entries(tools))]),
  )
  return {
    find: (server, tool) => servers.get(server)?.get(tool),
    has: (server) => servers.has(server),
    accept(server, tools) {
      servers.set(server, new Map([...(servers.get(server) ?? []), ...tools]))
      write(path, servers)
    },
  }
}

function read(path: string): Content {
  let text: string
  try {
    // It opens tools.
    requireOurs(path, 'Make it yours with chown, if it says what you accept.')
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, servers: {} }
    throw new ConfigError([`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`])
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    throw new ConfigError([`${path}: is not a sallyport.lock; restore it, or delete it to accept the servers' hints anew`])
  }
}

function write(path: string, servers: ReadonlyMap<string, ReadonlyMap<string, Accepted>>): void {
  const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  const content: Content = {
    version: 1,
    servers: Object.fromEntries(sorted(servers).map(([server, tools]) => [server, { tools: Object.fromEntries(sorted(tools)) }])),
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    const file = openSync(temporary, 'wx', 0o644)
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
