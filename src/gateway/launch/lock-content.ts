/**
 * What is in `sallyport.lock`, read strictly and written in one step: pretty and sorted, since it is looked at, and compared, by people.
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
import { type PinContent, pinSchema, toPin } from './pin.ts'
import { endpointShape, launchShape, type WrittenEndpoint, type WrittenLaunch } from './written.ts'

/** One tool's accepted class. */
export interface Accepted {
  readonly class: 'read' | 'execute'
  /** Of the definition that was accepted: `hintedHash` of it. */
  readonly definition: string
  /** ISO 8601. */
  readonly accepted: string
}

/** How a server is started, or where it is, as it was accepted. */
export type AcceptedLaunch = (WrittenLaunch | WrittenEndpoint) & { readonly accepted: string }

/** Which package a server runs. */
export interface PinnedFor {
  /** As its command asks for it: `name@latest`. */
  readonly wants: string
  /** What that came to when it was pinned: `name@1.2.3`. */
  readonly uses: string
}

export interface ServerContent {
  /** Of a command. */
  readonly launch?: (WrittenLaunch & { readonly accepted: string }) | undefined
  /** Of a URL: a server has one of the two. */
  readonly endpoint?: (WrittenEndpoint & { readonly accepted: string }) | undefined
  readonly package?: PinnedFor | undefined
  readonly tools?: Readonly<Record<string, Accepted>> | undefined
}
export interface Content {
  readonly version: 1
  readonly servers: Readonly<Record<string, ServerContent>>
  readonly packages?: Readonly<Record<string, PinContent>> | undefined
}

const serverSchema: z.ZodType<ServerContent> = z
  .strictObject({
    launch: z.strictObject({ ...launchShape, accepted: z.string() }).optional(),
    endpoint: z.strictObject({ ...endpointShape, accepted: z.string() }).optional(),
    package: z.strictObject({ wants: z.string(), uses: z.string() }).optional(),
    tools: z
      .record(z.string(), z.strictObject({ class: z.enum(['read', 'execute']), definition: z.string(), accepted: z.string() }))
      .optional(),
  })
  .refine(({ launch, endpoint }) => launch === undefined || endpoint === undefined, 'has both a command and a URL')
const schema: z.ZodType<Content> = z.strictObject({
  version: z.literal(1),
  servers: z.record(z.string(), serverSchema),
  packages: z.record(z.string(), pinSchema).optional(),
})

/** As it is; a new one as the configuration is. */
export function modeFor(path: string, beside: string | undefined): number {
  for (const file of [path, beside])
    try {
      if (file !== undefined) return 0o600 | (statSync(file).mode & 0o044)
    } catch {
      // It is not there.
    }
  return 0o644
}

export function read(path: string): Content {
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

export function write(path: string, { servers, packages = {} }: Content, mode: number): void {
  const content: Content = {
    version: 1,
    servers: sorted(servers, ({ launch, endpoint, package: used, tools }) => ({
      ...(launch && { launch }),
      ...(endpoint && { endpoint }),
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
