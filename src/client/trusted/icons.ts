/**
 * The picture of an icon that a server names (2026-07-28 basic §icons), for whoever shows it: from `data:` or over https, from the server's
 * own origin or one that its user named, so that looking at a list of tools tells nobody else of it. Without credentials, cookies and the
 * client's headers; no redirect is followed; bounded in bytes, pixels, frames and time; of a type that its own bytes say.
 *
 * Fails closed: what is not certainly a still picture of the four types is refused, with no word of the server's in the message.
 *
 * @module
 */

import { isRedirect, mediaType } from '../../net/index.ts'
import { discard, readBounded } from '../documents.ts'
import { TransportError } from '../errors.ts'
import type { Network } from '../network.ts'
import { type ImageType, readImage } from './image.ts'

/** As a server writes it; nothing of it is believed. */
export interface IconSource {
  readonly src: string
  readonly mimeType?: string | undefined
}

export interface IconImage {
  readonly type: ImageType
  readonly bytes: Uint8Array
  /** In pixels. */
  readonly width: number
  readonly height: number
}

export interface IconOptions {
  readonly network: Network
  /** Where the server is; undefined for one that is started. */
  readonly server: URL | undefined
  /** Further origins that may be asked for pictures. */
  readonly origins: readonly string[]
}

export type FetchIcon = (icon: IconSource, signal?: AbortSignal) => Promise<IconImage>

const MAX_BYTES = 256 * 1024
/** A `data:` URI of that many bytes, in base64. */
const MAX_SOURCE = 360_000
const MAX_PIXELS = 2048
const DEADLINE_MS = 10_000
const ACCEPTED = 'image/png, image/jpeg, image/webp, image/gif'
/** Types that say nothing, so that the bytes alone do. */
const GENERIC = new Set(['', 'application/octet-stream', 'binary/octet-stream'])

/** @throws {TransportError} */
export function createIconFetcher({ network, server, origins }: IconOptions): FetchIcon {
  const allowed = new Set([...origins, ...(server ? [server.origin] : [])])

  return async (icon, signal) => {
    const src: unknown = icon.src
    if (typeof src !== 'string' || src.length > MAX_SOURCE) throw refusal('It is no URL, or too long.')
    const url = URL.parse(src)
    if (url?.protocol === 'data:') {
      const { type, bytes } = readData(url.href)
      return check(bytes, [type, icon.mimeType])
    }
    if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') throw refusal('It is neither https nor data.')
    if (!allowed.has(url.origin))
      throw new TransportError('address_blocked', 'The icon was not fetched: it is at another origin than the server.', undefined, NAME_IT)
    return ask(url, icon.mimeType, signal)
  }

  async function ask(url: URL, said: string | undefined, signal: AbortSignal | undefined): Promise<IconImage> {
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    try {
      const response = await network.ask(url, {
        // No encoding: what arrives is what is counted.
        headers: { accept: ACCEPTED, 'accept-encoding': 'identity' },
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      })
      const { status, headers } = response
      if (status !== 200) {
        discard(response)
        if (isRedirect(status))
          throw new TransportError('redirected', 'The icon was not fetched: its address answers with a redirect.', status, LEAVE)
        throw new TransportError('http_status', `The icon was not fetched: its address answers with ${status}.`, status, LEAVE)
      }
      const bytes = await readBounded(response, MAX_BYTES)
      if (!bytes) throw new TransportError('too_large', `The icon has more than ${MAX_BYTES / 1024} KiB.`, undefined, LEAVE)
      return check(bytes, [mediaType(headers.get('content-type')), said])
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof TransportError) throw error
      if (deadline.aborted)
        throw new TransportError('timeout', `The icon did not come within ${DEADLINE_MS / 1000} seconds.`, undefined, LEAVE)
      throw new TransportError('unreachable', `${url.host} broke its answer off.`)
    }
  }
}

/** `said`: what was said of its type; where that is a type at all, it has to be the one that the bytes have. */
function check(bytes: Buffer, said: readonly (string | undefined)[]): IconImage {
  const image = readImage(bytes)
  if (!image) throw refusal('It is no PNG, JPEG, WebP or GIF.')
  for (const type of said) {
    const plain = typeof type === 'string' ? type.trim().toLowerCase().replace('image/jpg', 'image/jpeg') : ''
    if (!GENERIC.has(plain) && plain !== image.type) throw refusal('It is of another type than it is said to be.')
  }
  if (image.isAnimated) throw refusal('It moves.')
  if (!(image.width > 0 && image.height > 0 && image.width <= MAX_PIXELS && image.height <= MAX_PIXELS))
    throw refusal(`It has no size, or more than ${MAX_PIXELS} pixels in one direction.`)
  return { type: image.type, bytes, width: image.width, height: image.height }
}

/** RFC 2397, base64 alone, as the specification wants it. */
function readData(uri: string): { readonly type: string; readonly bytes: Buffer } {
  const comma = uri.indexOf(',')
  const [type = '', ...parameters] = uri.slice('data:'.length, comma).toLowerCase().split(';')
  const text = uri.slice(comma + 1)
  if (comma === -1 || parameters.at(-1)?.trim() !== 'base64' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw refusal('Its data is not base64.')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length > MAX_BYTES) throw new TransportError('too_large', `The icon has more than ${MAX_BYTES / 1024} KiB.`, undefined, LEAVE)
  return { type, bytes }
}

const refusal = (why: string): TransportError => new TransportError('malformed', `The icon is not used. ${why}`, undefined, LEAVE)
const LEAVE = 'Show none in its place.'
const NAME_IT = 'Name that origin in trust.iconOrigins, if you trust it with who looks at this server.'
