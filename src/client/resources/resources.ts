/**
 * Puts something at the server, so that a call can refer to it, and takes it away again (extension `sallyport/resources`). A server without
 * the extension is asked nothing: it is said that it keeps nothing.
 *
 * What goes wrong half-way leaves nothing behind that could be read, and is taken away as far as that can be done.
 *
 * @module
 */

import { isObject } from '../../protocol/index.ts'
import type { Requests } from '../connection/requests.ts'
import { TransportError } from '../errors.ts'
import { partsOf, type ResourceData } from './parts.ts'

export interface PutResourceOptions {
  /** How long the server keeps it; an hour unless told. */
  readonly ttlSeconds?: number | undefined
  /** `text/plain` of a text, a Blob's own, else `application/octet-stream`. */
  readonly mimeType?: string | undefined
  readonly name?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a call can refer to. */
export interface PutResource {
  /** Good for whoever put it, and for nobody else. */
  readonly uri: string
  /** In bytes. */
  readonly size: number
  readonly expiresAt: Date
}

export interface Resources {
  put(data: ResourceData, options: PutResourceOptions): Promise<PutResource>
  delete(uri: string, options: Pick<PutResourceOptions, 'signal'>): Promise<void>
}

const EXTENSION = 'sallyport/resources'
const PUT = 'sallyport/resources/put'
const DELETE = 'sallyport/resources/delete'
/** What a server may ask for in one message. */
const MOST_PART_BYTES = 1024 * 1024

export function createResources({ requests, host }: { readonly requests: Requests; readonly host: string }): Resources {
  const malformed = (): TransportError => new TransportError('malformed', `${host} answered ${PUT} with something else.`)

  async function partBytes(signal: AbortSignal | undefined): Promise<number> {
    const { capabilities } = await requests.serverInfo({ signal })
    const { extensions, experimental } = capabilities
    const told = [extensions, experimental].map((each) => (isObject(each) ? each[EXTENSION] : undefined)).find(isObject)
    if (!told)
      throw new TransportError(
        'unsupported_method',
        `${host} keeps no resources for this caller.`,
        undefined,
        'Send the data as an argument, or ask who runs the server for a tool that takes references.',
      )
    const bytes = told['partBytes']
    if (!Number.isSafeInteger(bytes) || (bytes as number) < 1) throw malformed()
    return Math.min(bytes as number, MOST_PART_BYTES)
  }

  return {
    async put(data, { ttlSeconds, mimeType = typeOf(data), name, signal }) {
      const about = { mimeType, ...(name !== undefined && { name }), ...(ttlSeconds !== undefined && { ttlSeconds }) }
      let uri: string | undefined
      let offset = 0
      try {
        for await (const { bytes, isLast } of partsOf(data, await partBytes(signal))) {
          const blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
          const params = { ...(uri === undefined ? about : { uri, offset }), blob, ...(!isLast && { more: true }) }
          const answer = await requests.request(PUT, params, { signal })
          if (typeof answer['uri'] !== 'string') throw malformed()
          uri = answer['uri']
          offset += bytes.length
          if (isLast) return toPut(uri, offset, answer)
        }
        throw malformed()
      } catch (error) {
        // What is half there cannot be read by anybody, and expires.
        if (uri !== undefined) await requests.request(DELETE, { uri }).catch(() => {})
        throw error
      }
    },
    async delete(uri, { signal }) {
      await requests.request(DELETE, { uri }, { signal })
    },
  }

  function toPut(uri: string, size: number, answer: Readonly<Record<string, unknown>>): PutResource {
    const expiresAt = new Date(String(answer['expiresAt']))
    if (answer['size'] !== size || Number.isNaN(expiresAt.getTime())) throw malformed()
    return { uri, size, expiresAt }
  }
}

function typeOf(data: ResourceData): string {
  if (typeof data === 'string') return 'text/plain'
  return data instanceof Blob && data.type !== '' ? data.type : 'application/octet-stream'
}
