/**
 * What was read, as whoever executes the call gets it: within the bounds of its argument, as text where it is text. Says what was wrong
 * with the content, never what is in it.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer'
import { allow, type Decision, deny, type JsonObject, type ReferencedContent, type ReferenceField } from '../../core/index.ts'
import { isBase64, isObject, isTextual } from '../../protocol/index.ts'

/** Bytes that come with a claim of what they are. */
export interface ReadContent {
  readonly uri: string
  readonly mimeType: string
  readonly name?: string | undefined
  readonly content: string | Buffer
}

/** `path`: of the argument, in the words of a violation. */
export const refused = (path: string, rule: string): Decision<never> => deny({ reason: 'invalid_arguments', path, rule })
/** Whatever it is that keeps somebody from reading it. */
export const unknown = (path: string): Decision<never> => refused(path, 'must be a reference to something that you may read here')
export const tooLarge = (path: string, { maxBytes }: ReferenceField): Decision<never> =>
  refused(path, `must refer to something of at most ${maxBytes} bytes`)
export const wrongType = (path: string): Decision<never> => refused(path, 'must refer to something of another media type')

/** The one content of a `resources/read` result; undefined: there is none, or there are several. */
export function contentOf({ contents }: JsonObject, uri: string): ReadContent | undefined {
  const [one, ...more] = Array.isArray(contents) ? (contents as unknown[]) : []
  if (!isObject(one) || more.length > 0) return undefined
  const { mimeType, text, blob } = one
  const type = typeof mimeType === 'string' ? mimeType : undefined
  if (typeof text === 'string') return { uri, mimeType: type ?? 'text/plain', content: text }
  return isBase64(blob) ? { uri, mimeType: type ?? 'application/octet-stream', content: Buffer.from(blob, 'base64') } : undefined
}

export function toPlaced(path: string, field: ReferenceField, { content, ...about }: ReadContent): Decision<unknown> {
  const size = typeof content === 'string' ? Buffer.byteLength(content) : content.length
  if (size > field.maxBytes) return tooLarge(path, field)
  if (!field.accepts(about.mimeType)) return wrongType(path)
  if (field.as === 'base64') return allow(Buffer.from(content as string).toString('base64'))
  const text = typeof content === 'string' ? content : isText(content, about.mimeType) || field.as === 'text' ? textOf(content) : undefined
  if (field.as === 'text') return text === undefined ? refused(path, 'must refer to text') : allow(text)
  const placed: ReferencedContent =
    text === undefined ? { ...about, size, bytes: Buffer.from(content as Buffer) } : { ...about, size, text }
  return allow(placed)
}

const isText = (bytes: Buffer, mimeType: string): boolean => isTextual(mimeType) && textOf(bytes) !== undefined
/** Text has no NUL; a name of a type is a claim and no proof. */
const textOf = (bytes: Buffer): string | undefined => (isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : undefined)
