/**
 * From an HTTP request to the one message it carries, within bounds: content type, size, time (the server's request
 * timeout), JSON, revision, session. Only called once the caller has been identified.
 *
 * GET and DELETE carry no body: they are the legacy revisions' ways to say "tell me of changes" and "my session has ended".
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { allow, type Decision, deny, type Message, type Partway } from '../../core/index.ts'
import { DEFAULT_LOG_LEVEL, eraOf, idOf, type JsonBounds, parseJson, parseMessage } from '../../protocol/index.ts'
import { accepts } from './accept.ts'
import type { Session, Sessions } from './session.ts'

export interface Reading {
  readonly bodyBytes: number
  readonly json: JsonBounds
  readonly sessions: Sessions
}

export async function readMessage(
  exchange: Partway,
  request: IncomingMessage,
  { bodyBytes, json, sessions }: Reading,
): Promise<Decision<Message>> {
  const { headers } = request
  if (request.method !== 'POST') return readBodiless(exchange, request, sessions)
  if (!isJson(headers['content-type']) || (headers['content-encoding'] ?? 'identity') !== 'identity')
    return deny({ reason: 'unsupported_media_type' })
  if (!accepts(request, 'application/json')) return deny({ reason: 'not_acceptable' })

  const bytes = await readBody(request, bodyBytes)
  if (bytes === 'gone') return deny({ reason: 'cancelled' })
  if (bytes === 'too large') return deny({ reason: 'body_too_large', limitBytes: bodyBytes })
  const parsed = parseJson(bytes, json)
  if (!parsed.allowed) return parsed
  exchange.id = idOf(parsed.value)

  const version = single(headers['mcp-protocol-version'])
  // A modern request has no session: an id that comes with one is ignored (2026-07-28 streamable-http §earlier revisions).
  const isModern = version !== undefined && eraOf(version) === 'modern'
  const session = isModern ? undefined : await resume(exchange, headers['mcp-session-id'], sessions)
  if (session === 'unknown') return deny({ reason: 'unknown_session' })
  const message = parseMessage(
    parsed.value,
    { version, method: single(headers['mcp-method']), name: single(headers['mcp-name']) },
    session,
    bytes.length,
  )
  // A subscription is nothing but a stream.
  if (message.allowed && message.value.method === 'subscriptions/listen' && !accepts(request, 'text/event-stream'))
    return deny({ reason: 'not_acceptable' })
  return message
}

async function readBodiless(exchange: Partway, request: IncomingMessage, sessions: Sessions): Promise<Decision<Message>> {
  const { method, headers } = request
  const isGet = method === 'GET'
  const stated = single(headers['mcp-protocol-version'])
  // The stream and the session exist in the legacy revisions only: whoever speaks another is told so first.
  if (stated !== undefined && eraOf(stated) !== 'legacy') return deny({ reason: 'method_not_allowed', allowed: ['POST'] })
  if (isGet && !accepts(request, 'text/event-stream')) return deny({ reason: 'not_acceptable' })
  const session = await resume(exchange, headers['mcp-session-id'], sessions)
  // DELETE without an id would end nothing.
  if (session === 'unknown' || (!isGet && !session)) return deny({ reason: 'unknown_session' })
  const version = stated ?? session?.version ?? '2025-03-26'
  return allow({
    era: 'legacy',
    version,
    id: undefined,
    method: isGet ? 'subscriptions/listen' : 'session/end',
    params: {},
    meta: {},
    client: session?.client,
    capabilities: session?.capabilities ?? {},
    logLevel: session?.logLevel ?? DEFAULT_LOG_LEVEL,
  })
}

async function resume(exchange: Partway, id: string | string[] | undefined, sessions: Sessions): Promise<Session | undefined | 'unknown'> {
  if (id === undefined || !exchange.principal) return undefined
  const session = typeof id === 'string' ? await sessions.resume(id, exchange.principal) : undefined
  exchange.session = session
  return session ?? 'unknown'
}

const single = (value: string | string[] | undefined): string | undefined => (typeof value === 'string' ? value : value?.[0])

function isJson(type: string | undefined): boolean {
  if (type === 'application/json') return true
  return type !== undefined && type.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
}

/** What follows a body over the bound is thrown away as it comes, so that the caller can still read the refusal. */
function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 'too large' | 'gone'> {
  return new Promise((resolve) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      request.resume()
      resolve('too large')
      return
    }
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else {
        chunks.length = 0
        resolve('too large')
      }
    })
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    request.on('error', () => resolve('gone'))
    request.on('aborted', () => resolve('gone'))
  })
}
