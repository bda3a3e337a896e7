/**
 * What somebody has put here as a resource of the catalogue, so that its owner reads it as any other: whole, or in ranges of bytes.
 *
 *   sallyport://INSTANCE/resources/ID?offset=0&length=65536
 *
 * Everybody may ask; whose it is decides, and to everybody else it is a resource that does not exist. Fails closed: what is larger than an
 * answer may be is not cut, it is asked for in ranges.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer'
import { allow, type Call, type Decision, deny, type Entry, type Execution, OWN_ORIGIN, type Produced } from '../../core/index.ts'
import { isTextual, parseUriTemplate, type UriTemplate } from '../../protocol/index.ts'
import { RANGE, rangeOf } from '../results/index.ts'
import type { KeptResource, KeptResources } from './kept-resources.ts'

const noSuggestions: Decision<Produced> = allow({ kind: 'result', result: { completion: { values: [] } } })
const notFound: Decision<never> = deny({ reason: 'unknown_name', kind: 'resource' })

export function createKeptEntry(kept: KeptResources, resultBytes: number): Entry {
  const uriTemplate = `${kept.prefix}{id}{?offset,length}`
  const template = parseUriTemplate(uriTemplate) as UriTemplate
  // In Base64, and with what stands around it.
  const rangeBytes = Math.max(1, Math.floor(((resultBytes - ENVELOPE_BYTES) * 3) / 4))

  async function read({ params, principal }: Call): Promise<Decision<Produced>> {
    const { uri } = params
    const range = typeof uri === 'string' ? wantedOf(template.read(uri)) : undefined
    const found = range && (await kept.find(kept.prefix + range.id, principal))
    if (!found || !range) return notFound
    const offset = Math.min(range.offset ?? 0, found.size)
    // A range is as long as an answer may be: it says where it ends.
    const length = Math.min(range.length ?? found.size, found.size - offset, isRange(range) ? rangeBytes : found.size)
    if (length > resultBytes) return deny({ reason: 'result_too_large', limitBytes: resultBytes })
    const bytes = await found.read(offset, length)
    return bytes ? allow({ kind: 'result', result: { contents: [toContent(uri as string, found, bytes, offset)] } }) : notFound
  }

  return {
    kind: 'template',
    name: uriTemplate,
    definition: {
      uriTemplate,
      name: 'kept',
      title: 'What you have put here',
      description: 'What you have put here to refer to it in a call. offset and length are bytes.',
    },
    permission: { access: 'public' },
    ask: false,
    rule: 'what a caller has put here is that caller’s',
    check: undefined,
    mirrors: [],
    // All of it, so that nothing else answers what is not there.
    matches: kept.isOurs,
    origin: { server: OWN_ORIGIN, name: uriTemplate },
    executor: {
      execute(call): Execution {
        if (call.method === 'completion/complete') return noSuggestions
        return call.method === 'resources/read' ? read(call) : deny({ reason: 'unknown_method', method: call.method })
      },
    },
  }
}

const ENVELOPE_BYTES = 1024

interface Range {
  readonly id: string
  readonly offset?: number | undefined
  readonly length?: number | undefined
}

function wantedOf(read: Readonly<Record<string, string>> | undefined): Range | undefined {
  const { id, offset, length } = read ?? {}
  const numbers = [offset, length].map((text) => (text === undefined ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN))
  return id === undefined || numbers.some(Number.isNaN) ? undefined : { id, offset: numbers[0], length: numbers[1] }
}

const isRange = ({ offset, length }: Range): boolean => offset !== undefined || length !== undefined

/** Half of a character is bytes. */
function toContent(uri: string, { mimeType, size }: KeptResource, bytes: Buffer, offset: number) {
  const isText = isTextual(mimeType) && isUtf8(bytes) && !bytes.includes(0)
  const end = offset + bytes.length
  const range = rangeOf({ offset, length: bytes.length, next: end < size ? end : undefined }, size)
  const part = bytes.length < size ? { _meta: { [RANGE]: range } } : {}
  return { uri, mimeType, ...(isText ? { text: bytes.toString('utf8') } : { blob: bytes.toString('base64') }), ...part }
}
