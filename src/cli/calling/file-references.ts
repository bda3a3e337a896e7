/**
 * Files as arguments that are references: `doc=@notes.md` puts the file at the server for the time of the call, and the call carries where
 * it is. Only where the tool's own schema says that the argument takes a reference; `doc:='"@notes.md"'` is always the text itself.
 *
 * What was put is taken away again when the call has ended, however it did.
 *
 * @module
 */

import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { type JsonObject, REFERENCE_MARK } from '../../core/index.ts'
import { isObject, mimeTypeOf } from '../../protocol/index.ts'
import { CliError } from '../errors.ts'
import { shownShort } from '../shown.ts'
import type { Server } from './with-server.ts'

export interface FileReference {
  readonly argument: string
  /** As it stands in the arguments: `@notes.md`. */
  readonly written: string
  readonly file: string
  readonly bytes: number
}

const PAIR = /^([^=]*[^=:])=(@.+)$/s
/** As long as a call may take. */
const TTL_SECONDS = 3_600

/** @throws {CliError} E-USAGE for a file that cannot be read. */
export function fileReferences(words: readonly string[], schema: JsonObject): readonly FileReference[] {
  return words.flatMap((word) => {
    const [, argument, written] = PAIR.exec(word) ?? []
    if (argument === undefined || written === undefined || !takesReference(schema, argument)) return []
    const file = written.slice(1)
    return [{ argument, written, file, bytes: sizeOf(argument, file) }]
  })
}

/** Calls `use` with the URIs in their places. */
export async function withFiles<T>(
  { client, name, request }: Pick<Server, 'client' | 'name' | 'request'>,
  files: readonly FileReference[],
  args: JsonObject,
  use: (args: JsonObject) => Promise<T>,
): Promise<T> {
  const uris = new Map<string, string>()
  try {
    for (const { written, file } of files) {
      if (uris.has(written)) continue
      const about = { mimeType: mimeTypeOf(file) ?? typeByContent(file), name: basename(file), ttlSeconds: TTL_SECONDS }
      const { uri } = await request(`putting ${shownShort(file)} at ${name}`, ({ signal }) =>
        client.putResource(createReadStream(file), { ...about, signal }),
      )
      uris.set(written, uri)
    }
    const named = new Set(files.map(({ argument }) => argument))
    return await use(Object.fromEntries(Object.entries(args).map(([key, value]) => [key, named.has(key) ? replaced(value, uris) : value])))
  } finally {
    // What is left expires.
    for (const uri of uris.values()) await client.deleteResource(uri).catch(() => {})
  }
}

const replaced = (value: unknown, uris: ReadonlyMap<string, string>): unknown =>
  Array.isArray(value) ? value.map((item) => replaced(item, uris)) : typeof value === 'string' ? (uris.get(value) ?? value) : value

/** Of a name that says nothing: LICENSE is text. */
function typeByContent(file: string): string {
  const [fd, head] = [openSync(file, 'r'), Buffer.alloc(HEAD_BYTES)]
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head.subarray(0, readSync(fd, head)), { stream: true })
    return text.includes('\0') ? 'application/octet-stream' : 'text/plain'
  } catch {
    return 'application/octet-stream'
  } finally {
    closeSync(fd)
  }
}
const HEAD_BYTES = 4_096

/** The argument itself, or each of a list of them. */
function takesReference({ properties }: JsonObject, name: string): boolean {
  const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
  if (!isObject(property)) return false
  const { items } = property
  return Object.hasOwn(property, REFERENCE_MARK) || (isObject(items) && Object.hasOwn(items, REFERENCE_MARK))
}

function sizeOf(argument: string, file: string): number {
  const problem = (what: string): CliError =>
    new CliError(
      'E-USAGE',
      `${shownShort(argument)}: ${shownShort(file)} ${what}`,
      `name a file that is there, or write ${shownShort(argument)}:= before JSON for the text itself`,
    )
  let found: ReturnType<typeof statSync>
  try {
    found = statSync(file)
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw problem(`cannot be read (${code})`)
  }
  if (!found.isFile()) throw problem('is no file')
  return found.size
}
