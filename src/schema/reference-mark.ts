/**
 * One `resourceRef` mark: where what is given may point to, and what may come of it.
 *
 * A bare id becomes a URI by its template, and only where the template reads the same id back out of that URI: `../../etc` is no id. What
 * has a scheme is a URI already. Pure; fails closed.
 *
 * @module
 */

import type { JsonObject, ReferenceField } from '../core/index.ts'
import { isObject, parseUriTemplate, type UriTemplate, uriProblem } from '../protocol/index.ts'

export type Mark =
  | {
      readonly field: Pick<ReferenceField, 'toUri' | 'maxBytes' | 'accepts'>
      /** What the wire says of it. */
      readonly shown: JsonObject
      readonly hint: string
    }
  | { readonly problem: string }

const DEFAULT_REFERENCE_BYTES = 16 * 1024 * 1024
const MAX_REFERENCE_BYTES = 256 * 1024 * 1024
const MAX_TYPES = 64
const mediaRange = /^(?:\*|[\w.+-]{1,127})\/(?:\*|[\w.+-]{1,127})$/
const keys = ['template', 'maxBytes', 'mimeTypes']
const isUri = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//

export function readMark(given: unknown): Mark {
  const mark = given === true ? {} : given
  if (!isObject(mark)) return { problem: 'must be true, or an object with template, maxBytes or mimeTypes' }
  const strange = Object.keys(mark).find((key) => !keys.includes(key))
  if (strange !== undefined) return { problem: `has no ${JSON.stringify(strange.slice(0, 64))}: it has template, maxBytes and mimeTypes` }
  const { template, maxBytes = DEFAULT_REFERENCE_BYTES, mimeTypes } = mark
  const expand = template === undefined ? anywhere : readTemplate(template)
  if ('problem' in expand) return { problem: `template ${expand.problem}` }
  if (!Number.isSafeInteger(maxBytes) || (maxBytes as number) < 1 || (maxBytes as number) > MAX_REFERENCE_BYTES)
    return { problem: `maxBytes must be a whole number of 1 to ${MAX_REFERENCE_BYTES}` }
  const isList = Array.isArray(mimeTypes) && mimeTypes.length > 0 && mimeTypes.length <= MAX_TYPES
  if (mimeTypes !== undefined && !(isList && mimeTypes.every((type) => typeof type === 'string' && mediaRange.test(type))))
    return { problem: 'mimeTypes must be a list of media types: "text/plain", "image/*"' }
  return {
    field: { toUri: expand.toUri, maxBytes: maxBytes as number, accepts: acceptsOf(mimeTypes as readonly string[] | undefined) },
    shown: { maxBytes, ...(template === undefined ? {} : { template }), ...(mimeTypes === undefined ? {} : { mimeTypes }) },
    hint: `Takes a reference, not the content: ${expand.hint}, or a sallyport:// URI of what is kept here for you.`,
  }
}

interface Expansion extends Pick<ReferenceField, 'toUri'> {
  readonly hint: string
}

const anywhere: Expansion = {
  toUri: (given) => (uriProblem(given) === undefined ? given : undefined),
  hint: 'the URI of a resource of this server',
}

function readTemplate(given: unknown): Expansion | { readonly problem: string } {
  const parsed = typeof given === 'string' ? parseUriTemplate(given) : { problem: 'must be a text' }
  if ('problem' in parsed) return parsed
  const [variable, ...more] = parsed.variables
  if (!variable || more.length > 0 || variable.operator === '?') return { problem: 'must have one variable, before any "?": docs://{id}' }
  const { name, operator } = variable
  const expression = operator === '+' ? `{+${name}}` : `{${name}}`
  const encode = operator === '+' ? (id: string): string => id.split('/').map(encodeURIComponent).join('/') : encodeURIComponent
  return {
    toUri(id) {
      if (isUri.test(id)) return parsed.read(id) && id
      // Half of a character has no encoding.
      if (!id.isWellFormed()) return undefined
      const uri = (given as string).replace(expression, () => encode(id))
      return readsBack(parsed, uri, name, id) ? uri : undefined
    },
    hint: `the ${name} in ${given as string}, or such a URI`,
  }
}

const readsBack = (template: UriTemplate, uri: string, name: string, id: string): boolean => template.read(uri)?.[name] === id

/** RFC 9110 §12.5.1, without parameters: a range takes what is in it. */
function acceptsOf(ranges: readonly string[] | undefined): ReferenceField['accepts'] {
  if (!ranges || ranges.includes('*/*')) return () => true
  const exact = new Set(ranges.map((range) => range.toLowerCase()))
  return (mimeType) => {
    const [essence = ''] = mimeType.toLowerCase().split(';', 1)
    const type = essence.trim()
    return exact.has(type) || exact.has(`${type.split('/', 1)[0]}/*`)
  }
}
