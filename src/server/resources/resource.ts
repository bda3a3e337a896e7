/**
 * A resource as its author writes it, and its entry in the catalogue. `resource({ … })` gives the definition back as it is, typed.
 *
 *   definition ─ resourceEntry ─▶ Entry: authorize finds it by its URI, execute runs `read`
 *
 * Fails closed: with a problem there is no entry.
 *
 * @module
 */

import type { Entry } from '../../core/index.ts'
import { isObject, uriProblem } from '../../protocol/index.ts'
import type { CallContext } from '../definitions/context.ts'
import type { InputRequired } from '../definitions/input-required.ts'
import { reportFor } from '../definitions/shape.ts'
import type { ResourceAnswer } from './contents.ts'
import { type Described, entryBase, type ReadDescription, type ResourceEntryOptions, readDescription } from './described.ts'
import { createReadExecutor } from './read-executor.ts'

/** Begins to tell of changes; answers how to stop, if there is anything to stop. */
export type Watch = (changed: () => void) => (() => void) | undefined | void

export interface ResourceDefinition extends Described {
  /** Percent-encoded where it must be (RFC 3986). */
  readonly uri: string
  /** In bytes, where it is known. */
  readonly size?: number | undefined
  /** Undefined or null: there is no such thing (any more). What it throws is opaque to the caller. */
  read(context: CallContext): ResourceAnswer | InputRequired | Promise<ResourceAnswer | InputRequired>
  /** Called when the first caller subscribes; stopped when the last has gone. */
  watch?: Watch | undefined
}

export const resource = (definition: ResourceDefinition): ResourceDefinition => definition

const keys = ['uri', 'size', 'read', 'watch']

/** Undefined: there were problems, and they were reported. */
export function resourceEntry(definition: ResourceDefinition | object, options: ResourceEntryOptions): Entry | undefined {
  if (!isObject(definition)) {
    options.report('resources: each must be an object')
    return undefined
  }
  const { uri, size, read, watch } = definition as Partial<ResourceDefinition>
  let fine = true
  const report = reportFor('resource', uri, (problem) => {
    fine = false
    options.report(problem)
  })
  const wrong = typeof uri === 'string' ? uriProblem(uri) : 'must be a text'
  if (wrong !== undefined) report(`uri: ${wrong}`)
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) report('size: must be a whole number of bytes')
  if (typeof read !== 'function') report('read: must be a function')
  if (watch !== undefined && typeof watch !== 'function') report('watch: must be a function')
  const description: ReadDescription | undefined = readDescription(definition, 'resource', keys, new Map(), report)
  if (!fine || typeof uri !== 'string' || typeof read !== 'function' || !description) return undefined

  const { display, mimeType, permitted, freshness } = description
  return {
    kind: 'resource',
    name: uri,
    definition: { uri, ...display, ...(size === undefined ? {} : { size }) },
    ...entryBase(permitted),
    origin: { server: options.server, name: uri },
    executor: createReadExecutor({
      // Bound to its definition, for functions that say `this`.
      read: (_, context) => read.call(definition, context),
      mimeType,
      freshness,
      resultBytes: options.resultBytes,
      watch: watch && ((_, changed) => watch.call(definition, changed)),
    }),
  }
}
