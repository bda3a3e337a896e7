/**
 * A folder whose files are resources, as its author writes it. `directory({ … })` gives the definition back as it is, typed.
 *
 *   file:///notes/{+path}   every file below the folder can be read, whether it is listed or not
 *   file:///notes/a.md      those that are listed, kept up to date
 *
 * What is below is decided by the handle that is read from (`folder/by-handle.ts`), never by the name that was asked for.
 *
 * @module
 */

import { isMimeType, isObject, uriProblem } from '../../protocol/index.ts'
import { checkNumber, reportFor } from '../definitions/shape.ts'
import { type Report } from '../definitions/unknown-keys.ts'
import { type Described, type ReadDescription, type ResourceEntryOptions, readDescription } from './described.ts'

export interface DirectoryDefinition extends Omit<Described, 'mimeType'> {
  /** What stands in front of each file's path: `file:///notes/`, or any other scheme. Ends with a slash. */
  readonly uri: string
  /** The folder, which is opened once: what is put in its place later is not served. */
  readonly path: string
  /** Types by extension, beside those that are known: `{ '.note': 'text/plain' }`. */
  readonly mimeTypes?: Readonly<Record<string, string>> | undefined
  /** A file that is larger is not read; 1 MiB unless told, and never more than a result may have. */
  readonly maxFileBytes?: number | undefined
  /** Whether there are files and folders whose names begin with a dot; not unless told. */
  readonly hidden?: boolean | undefined
  /** Whether symbolic links are followed, to files that are inside as well; not unless told. */
  readonly followLinks?: boolean | undefined
  /** Whether files are listed; they are unless told. */
  readonly list?: boolean | undefined
  /** How many files are listed at most; 1000 unless told. */
  readonly maxListed?: number | undefined
  /** Whether changes are looked for, and told to who subscribes; they are unless told. */
  readonly watch?: boolean | undefined
}

export const directory = (definition: DirectoryDefinition): DirectoryDefinition => definition

export interface ReadDirectory extends ReadDescription {
  readonly uri: string
  readonly path: string
  /** Without the dot, in lower case. */
  readonly mimeTypes: ReadonlyMap<string, string>
  readonly maxFileBytes: number
  readonly hidden: boolean
  readonly followLinks: boolean
  readonly list: boolean
  readonly maxListed: number
  readonly watch: boolean
}

const flags = ['hidden', 'followLinks', 'list', 'watch'] as const
const keys = ['uri', 'path', 'mimeTypes', 'maxFileBytes', 'maxListed', ...flags]
const MAX_FILE_BYTES = 64 * 1024 * 1024
const MAX_LISTED = 10_000

export const isDirectory = (definition: unknown): boolean => isObject(definition) && 'path' in definition && !('read' in definition)

/** Undefined: there were problems, and they were reported. */
export function readDirectory(definition: DirectoryDefinition | object, options: ResourceEntryOptions): ReadDirectory | undefined {
  const given = { ...definition } as Partial<DirectoryDefinition>
  let fine = true
  const report = reportFor('directory', given.uri, (problem) => {
    fine = false
    options.report(problem)
  })
  const { uri, path, maxFileBytes, maxListed } = given
  const wrong = typeof uri === 'string' ? uriProblem(uri) : 'must be a text'
  if (wrong !== undefined) report(`uri: ${wrong}`)
  else if (!/^[^?]*\/$/.test(uri as string)) report('uri: must end with a "/", and have no "?"')
  if (typeof path !== 'string' || path === '' || path.includes('\0')) report('path: must be the path of a folder')
  for (const flag of flags) if (given[flag] !== undefined && typeof given[flag] !== 'boolean') report(`${flag}: must be true or false`)
  const mimeTypes = readMimeTypes(given.mimeTypes, report)
  const fileBytes = checkNumber('maxFileBytes', maxFileBytes, 1, MAX_FILE_BYTES, report) ?? 1024 * 1024
  const listed = checkNumber('maxListed', maxListed, 1, MAX_LISTED, report) ?? 1_000
  if ('mimeType' in given) report('mimeType: say mimeTypes, by extension')
  const description = readDescription({ ...given, mimeType: undefined }, 'template', keys, new Map([['path', ['string']]]), report)
  if (!fine || !description) return undefined
  return {
    ...description,
    uri: uri as string,
    path: path as string,
    mimeTypes,
    maxFileBytes: Math.min(Math.floor(fileBytes), options.resultBytes),
    maxListed: Math.floor(listed),
    hidden: given.hidden ?? false,
    followLinks: given.followLinks ?? false,
    list: given.list ?? true,
    watch: given.watch ?? true,
  }
}

function readMimeTypes(given: unknown, report: Report): ReadonlyMap<string, string> {
  const types = new Map<string, string>()
  if (given === undefined) return types
  if (!isObject(given)) {
    report('mimeTypes: must be an object: { ".note": "text/plain" }')
    return types
  }
  for (const [extension, type] of Object.entries(given)) {
    if (!/^\.\w{1,32}$/.test(extension)) report(`mimeTypes: each extension is a dot and letters or digits: ".note"`)
    else if (!isMimeType(type)) report(`mimeTypes.${extension}: must be a media type`)
    else types.set(extension.slice(1).toLowerCase(), type as string)
  }
  return types
}
