/**
 * The request that asks for a WebSocket, as the pipeline is given it: who is calling, and whether there is budget, is decided
 * before there is a connection to speak on. What it says is that somebody is there (`ping`).
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import {
  allow,
  type Budget,
  type Credential,
  type Decision,
  deny,
  type Message,
  NOTHING,
  type Possession,
  type Principal,
  type Received,
  type RequestId,
} from '../../core/index.ts'
import { possessionOf } from '../http/index.ts'

/** What both sides speak (RFC 6455 §1.9). */
export const SUBPROTOCOL = 'mcp'

const opened: Message = Object.freeze({
  era: 'legacy',
  version: '2025-11-25',
  id: undefined,
  method: 'ping',
  params: {},
  meta: {},
  client: undefined,
  capabilities: {},
  logLevel: undefined,
})

export class UpgradeExchange implements Received {
  readonly transport = 'websocket'
  readonly address: string
  readonly credential: Credential | undefined
  readonly possession: Possession | undefined
  certificate: (() => string | undefined) | undefined = undefined
  readonly resource: string
  readonly headers: Received['headers'] = NOTHING
  readonly receivedAt: number
  id: RequestId | undefined = undefined
  readonly principal: Principal | undefined = undefined
  budget: Budget | undefined = undefined
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage, address: string, credential: Credential | undefined, resource: string, receivedAt: number) {
    this.address = address
    this.credential = credential
    this.possession = possessionOf(request, credential)
    this.resource = resource
    this.receivedAt = receivedAt
    this.#request = request
  }

  read(): Decision<Message> {
    const problem = problemWith(this.#request)
    return problem === undefined ? allow(opened) : deny({ reason: 'malformed_message', problem })
  }
  open(): void {}
  send(): void {}
  onCancel(): void {}
}

/** RFC 6455 §4.2.1. */
function problemWith({ method, headers }: IncomingMessage): string | undefined {
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return 'This connection can become a WebSocket and nothing else.'
  if (headers['sec-websocket-version'] !== '13') return 'The version of WebSocket must be 13.'
  if (!/^[+/\dA-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) return 'The Sec-WebSocket-Key is malformed.'
  const asked = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim())
  return asked.includes(SUBPROTOCOL) ? undefined : `The subprotocol must be "${SUBPROTOCOL}".`
}
