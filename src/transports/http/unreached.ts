/**
 * A request to a server that is not there for it: one in an app that is reached under a name, or from a place, which is not known to
 * be its own. There is no door yet that could look at it, and it is on record like any other refusal.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, deny, type Received } from '../../core/index.ts'
import type { Answer, Pipeline } from '../../pipeline/index.ts'
import type { AddressOf } from './client-address.ts'

export interface UnreachedOptions {
  readonly pipeline: Pipeline
  readonly addressOf: AddressOf
  readonly clock: Clock
}

export type Unreached = (request: IncomingMessage) => Answer

export function createUnreached({ pipeline, addressOf, clock }: UnreachedOptions): Unreached {
  return function refuse(request) {
    const received: Received = {
      transport: request.headers.upgrade === undefined ? 'http' : 'websocket',
      id: undefined,
      address: addressOf(request),
      credential: undefined,
      resource: '',
      headers: request.headers,
      receivedAt: clock(),
      read: () => deny({ reason: 'forbidden_host' }),
      send() {},
      open() {},
      onCancel() {},
    }
    return pipeline.refuse(received, { reason: 'forbidden_host' })
  }
}

export function writeRefusal(response: ServerResponse, { status, headers, body = '' }: Answer): void {
  const content = ['Content-Type', 'application/json', 'Content-Length', `${Buffer.byteLength(body)}`, 'Cache-Control', 'no-store']
  response.writeHead(status, [...content, ...headers]).end(body)
}
