/** How our front answers what is no page: JSON, errors, nothing at all; and what it tells pages of other origins (CORS). @module */

import type { ServerResponse } from 'node:http'

export function allowAnyOrigin(response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-expose-headers', 'WWW-Authenticate, DPoP-Nonce, Retry-After')
  response.setHeader('x-content-type-options', 'nosniff')
}

export function preflight(response: ServerResponse, methods: readonly string[]): void {
  response.setHeader('access-control-allow-methods', methods.join(', '))
  response.setHeader('access-control-allow-headers', 'Authorization, Content-Type, DPoP, MCP-Protocol-Version')
  response.setHeader('access-control-max-age', '7200')
  end(response, 204)
}

/** What anybody may read. The catalogue decides which scopes there are, and it changes: a copy is asked about each time. */
export const sendMetadata = (response: ServerResponse, value: object): void => send(response, 200, value, 'no-cache')

export const sendJson = (response: ServerResponse, status: number, value: object): void => send(response, status, value, 'no-store')

/** RFC 6749 §5.2. */
export const sendError = (response: ServerResponse, status: number, error: string, description: string): void =>
  sendJson(response, status, { error, error_description: description })

function send(response: ServerResponse, status: number, value: object, cacheControl: string): void {
  const text = JSON.stringify(value)
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', cacheControl)
  response.setHeader('content-length', Buffer.byteLength(text))
  response.end(text)
}

/** On to another page by GET, whatever the request was. */
export function goTo(response: ServerResponse, location: string): void {
  response.setHeader('location', location)
  response.setHeader('cache-control', 'no-store')
  end(response, 303)
}

export function end(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.setHeader('content-length', 0)
  response.end()
}
