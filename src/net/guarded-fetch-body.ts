/** What of an answer `guarded-fetch.ts` reads: JSON, unencoded, and no more than was asked for. Refuses before it reads. @module */

/** 304 is an answer of its own. */
export const isRedirect = (status: number): boolean => status >= 300 && status < 400 && status !== 304

/** Without its parameters (RFC 9110 §8.3.1). */
export const mediaType = (contentType: string | null | undefined): string => contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
export const isJson = (contentType: string | null | undefined): boolean => /^application\/(?:[\w.-]+\+)?json$/.test(mediaType(contentType))

/** Why a body is not read; undefined where it may be. */
export function acceptsBody(headers: Readonly<Record<string, string>>, maxBytes: number): 'not_json' | 'too_large' | undefined {
  if (!isJson(headers['content-type'])) return 'not_json'
  // Nobody asked for it, and what it unpacks to is not bounded by what arrives.
  if ((headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity') return 'not_json'
  return Number(headers['content-length'] ?? 0) > maxBytes ? 'too_large' : undefined
}

/** Undefined, and the rest unread, where it has more than `maxBytes`. */
export async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
