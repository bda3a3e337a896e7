/**
 * Inside somebody else's server: `node` for those that speak node:http (Express, Fastify, a bare server), `fetch` for those
 * that speak Request and Response (Hono and the like). Both end at the one router.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { http } from '../../net/index.ts'
import { createFetcher, type FetchDetails } from './fetch.ts'
import { type HandedOver, toWhole } from './handed-over.ts'
import { pathOf, type Router } from './router.ts'
import { type Unreached, writeRefusal } from './unreached.ts'

export interface Mounted extends Pick<Router, 'upgrade'> {
  /** `next` is called for a path that is not ours; without it, it is answered with 404. */
  readonly node: (request: IncomingMessage, response: ServerResponse, next?: () => void) => void
  readonly fetch: (request: Request, details?: FetchDetails) => Promise<Response>
  close(): void
}

export interface MountedOptions {
  readonly router: Pick<Router, 'handle' | 'owns' | 'upgrade'>
  /** False where nothing can be said under the name that was asked for. */
  readonly isReachedBy: (request: IncomingMessage) => boolean
  /** Records such a request. */
  readonly refuse: Unreached
}

/** What an app says of all its paths is not so of ours: who may read an answer is said by the door. */
const CORS_FIELDS = ['Origin', 'Credentials', 'Methods', 'Headers'].map((part) => `Access-Control-Allow-${part}`)

export function createMounted({ router, isReachedBy, refuse }: MountedOptions): Mounted {
  const node: Mounted['node'] = (given, response, next) => {
    const request = toWhole(given as HandedOver)
    const isReached = isReachedBy(request)
    if (next && !(isReached && router.owns(pathOf(request)))) return next()
    for (const field of CORS_FIELDS) response.removeHeader(field)
    if (isReached) return router.handle(request, response)
    writeRefusal(response, refuse(request))
  }
  const upgrade: Mounted['upgrade'] = (request, socket, head) => {
    if (isReachedBy(request)) return router.upgrade(request, socket, head)
    const { status } = refuse(request)
    socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  }
  const { fetch, close } = createFetcher({ handle: node, upgrade })
  return { node, fetch, upgrade, close }
}
