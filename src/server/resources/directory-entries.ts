/**
 * A folder's entries in the catalogue: one template for every file that is below it, and one resource for each file that is
 * listed. The template never changes; the list is published anew when files come and go.
 *
 *   a URI ─ segments ─▶ authorize, the rule on `path` ─▶ execute: a proven handle, read within bounds ─▶ text or bytes
 *
 * Whatever is wrong with a path, and whatever is not there, is answered in the same way. Fails closed: what is not surely a file
 * below the folder is not found.
 *
 * @module
 */

import { allow, type Call, ConfigError, type Decision, deny, type Entry, type Executor, type Log, type Produced } from '../../core/index.ts'
import { mimeTypeOf } from '../../protocol/index.ts'
import { cleanText } from '../../trust/index.ts'
import { type CompletionContext, createCompleter } from '../definitions/completion.ts'
import { notFound, toContents } from './contents.ts'
import { entryBase } from './described.ts'
import type { ReadDirectory } from './directory.ts'
import { createLiveFolder, type FileList, type LiveFolder, openFolder, toEncodedPath, toSegments } from './folder/index.ts'
import { toFreshResult } from './freshness.ts'
import { toFileContent } from './mime-types.ts'

export interface DirectoryEntriesOptions {
  readonly server: string
  readonly resultBytes: number
  readonly log: Log
  /** Whether a URI is a static resource's, only written in another way. */
  readonly isTaken: (uri: string) => boolean
}

export interface DirectoryEntries {
  readonly template: Entry
  /** Opens the folder, and publishes its list now and whenever it differs. @throws {ConfigError} where there is no such folder. */
  open(publish: (listed: readonly Entry[]) => void): Promise<void>
  /** Looks now whether the list is still right. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** A rule is decided for each suggestion, whoever asks how often. */
const MAX_JUDGED = 1_000

export function createDirectoryEntries(directory: ReadDirectory, options: DirectoryEntriesOptions): DirectoryEntries {
  const { uri: base, display, permitted, freshness, mimeTypes, maxFileBytes, hidden, list, maxListed, watch } = directory
  const { server, resultBytes, isTaken } = options
  const rules = { hidden, platform: process.platform }
  let live: LiveFolder | undefined
  let folder: Awaited<ReturnType<typeof openFolder>> | undefined

  const segmentsOf = (uri: string): readonly string[] | undefined =>
    uri.startsWith(base) ? toSegments(uri.slice(base.length), rules) : undefined

  async function read(call: Call, uri: string): Promise<Decision<Produced>> {
    const segments = segmentsOf(uri)
    const bytes = segments && (await folder?.read(segments, maxFileBytes))
    if (!segments || !bytes) return notFound
    if (bytes === 'too_large') return deny({ reason: 'result_too_large', limitBytes: maxFileBytes })
    const content = toFileContent(bytes, mimeTypeOf(segments.at(-1) as string, mimeTypes))
    const contents = toContents({ contents: [content] }, { uri, mimeType: undefined, resultBytes })
    // A file is the same for everybody who may read it.
    return contents.allowed ? allow({ kind: 'result', result: toFreshResult(freshness, call, contents.value, true) }) : contents
  }

  /** Of a folder that is not listed no name is told, and of one that is, those that this caller could read. */
  function suggest(typed: string, { principal }: CompletionContext): readonly string[] {
    const found = list ? paths(typed, live?.files ?? []) : []
    const { condition } = permitted
    if (!condition) return found
    const uriOf = (path: string): string => base + toEncodedPath(path.split('/'))
    return found.slice(0, MAX_JUDGED).filter((path) => condition.check({ uri: uriOf(path), path }, principal) === 'met')
  }
  const complete = createCompleter(new Map([['path', { complete: suggest }]]))

  const executor: Executor = {
    execute(call) {
      if (call.method === 'completion/complete') return complete(call)
      const { uri } = call.params
      return call.method === 'resources/read' && typeof uri === 'string'
        ? read(call, uri)
        : deny({ reason: 'unknown_method', method: call.method })
    },
    watch(_, uri, changed) {
      const segments = segmentsOf(uri)
      // The author may tell of changes by hand (`resourceUpdated`).
      if (!watch) return segments && (() => {})
      return segments && live?.follow(segments, changed)
    },
  }
  const common = { ...entryBase(permitted, (uri) => pathOf(segmentsOf(uri))), executor }
  const { annotations } = display

  function toListed(segments: readonly string[]): Entry {
    const uri = base + toEncodedPath(segments)
    const mimeType = mimeTypeOf(segments.at(-1) as string, mimeTypes)
    const shown = { ...(mimeType === undefined ? {} : { mimeType }), ...(annotations === undefined ? {} : { annotations }) }
    // Whoever may put a file there chooses its name.
    const name = cleanText(segments.join('/')).text
    return { kind: 'resource', name: uri, definition: { uri, name, ...shown }, ...common, origin: { server, name: uri } }
  }

  const uriTemplate = `${base}{+path}`
  return {
    // Everything behind the folder's URI is the folder's, so that no other template answers what it refuses.
    template: {
      kind: 'template',
      name: uriTemplate,
      definition: { uriTemplate, ...display },
      ...common,
      matches: (uri) => uri.startsWith(base) && !isTaken(uri),
      origin: { server, name: uriTemplate },
    },
    async open(publish) {
      folder = await openFolder(directory.path, directory).catch((error: unknown) => {
        throw error instanceof ConfigError
          ? new ConfigError(error.problems.map((problem) => `directory ${JSON.stringify(base)}: path: ${problem}`))
          : error
      })
      if (!folder.provesByHandle)
        options.log('warn', 'this system does not say what a handle is: nobody but you should be able to write to this folder', {
          folder: base,
        })
      const onList = (files: FileList): void => (list ? publish(files.map(toListed)) : undefined)
      live = createLiveFolder({ folder, maxFiles: maxListed, watch, onList, log: options.log, name: base })
      await live.refresh()
    },
    refresh: () => live?.refresh() ?? Promise.resolve(),
    close: () => live?.close() ?? Promise.resolve(),
  }
}

const pathOf = (segments: readonly string[] | undefined) => segments && { value: { path: segments.join('/') } }

/** Those that begin with what was typed, then those that have it somewhere. */
function paths(typed: string, files: FileList): readonly string[] {
  const all = files.map((segments) => segments.join('/'))
  const begin = all.filter((path) => path.startsWith(typed))
  return [...begin, ...all.filter((path) => !path.startsWith(typed) && path.includes(typed))]
}
