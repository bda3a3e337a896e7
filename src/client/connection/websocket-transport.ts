/**
 * MCP over WebSocket, towards a server: the SDK's `Transport` over `ws`. One JSON-RPC message a text frame, subprotocol `mcp`; the
 * credential is in the upgrade request, and with it the address guard and the certificates of every other connection.
 *
 * Fails by closing: a frame that is not one bounded JSON message ends the connection, and every request on it.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client'
import type { WebSocket as Socket } from 'ws'
import { TransportError } from '../errors.ts'
import { type Network, toTransportError } from '../network.ts'
import { type Credential, refusalOf, type Said, withRenewal } from '../sign-in/credential.ts'
import { parseMessage } from './http-messages.ts'
import type { Inbound } from './inbound.ts'

export interface WebSocketTransportOptions {
  readonly WebSocket: typeof Socket
  readonly network: Network
  /** Over HTTP, as everywhere else in here. */
  readonly endpoint: URL
  readonly credential: Credential
  /** Of the program, for the upgrade. */
  readonly headers: Readonly<Record<string, string>>
  readonly inbound: Inbound
  readonly maxMessageBytes: number
}

const SUBPROTOCOL = 'mcp'
const HANDSHAKE_MS = 10_000
/** RFC 6455 §7.4.1. */
const NORMAL = 1000
const UNSUPPORTED_DATA = 1003
const INVALID_PAYLOAD = 1007
/** How long the other side may take to say good-bye. */
const CLOSE_MS = 2000

export type WebSocketTransport = Transport & {
  /** What ended the connection, where it was neither side's wish. */
  failure(): TransportError | undefined
}

export function createWebSocketTransport({
  WebSocket,
  network,
  endpoint,
  credential,
  headers: own,
  inbound,
  maxMessageBytes,
}: WebSocketTransportOptions): WebSocketTransport {
  const url = new URL(endpoint)
  url.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:'
  let socket: Socket | undefined
  let failure: TransportError | undefined

  /** Resolves with the open socket, or with what the server answered instead of upgrading. */
  function dial(proved: Readonly<Record<string, string>>): Promise<Socket | IncomingMessage> {
    return new Promise((resolve, reject) => {
      const dialled = new WebSocket(url, [SUBPROTOCOL], {
        headers: { ...own, ...proved },
        handshakeTimeout: HANDSHAKE_MS,
        maxPayload: maxMessageBytes,
        perMessageDeflate: false,
        followRedirects: false,
        createConnection: ((_: unknown, done: (error: Error | null, connection?: unknown) => void) => {
          network.connect(
            { hostname: url.hostname.replace(/^\[|\]$/g, ''), host: url.host, protocol: endpoint.protocol, port: url.port },
            done as never,
          )
        }) as never,
      })
      dialled.once('open', () => resolve(dialled))
      dialled.once('unexpected-response', (request, response) => {
        response.destroy()
        request.destroy()
        resolve(response)
      })
      dialled.on('error', (error) => reject(toTransportError(error, endpoint.host)))
    })
  }

  async function open(): Promise<Socket> {
    const problem = network.problemWith(endpoint)
    if (problem !== undefined) throw new TransportError('unreachable', `${url.host} was not asked, as its URL ${problem}.`)
    const answer = await withRenewal({
      credential,
      // A proof is made for the request as HTTP sees it: an upgrade is a GET of the endpoint.
      request: { method: 'GET', url: endpoint },
      send: dial,
      saidBy: (answered) => (isRefusal(answered) ? toSaid(answered) : SWITCHED),
      drop: async () => {},
    })
    if (!isRefusal(answer)) return answer
    const { statusCode: status = 0, headers } = answer
    const refusal = refusalOf({ credential, host: endpoint.host, status, challenge: headers['www-authenticate'] ?? null })
    if (refusal) throw refusal
    throw new TransportError('http_status', `${endpoint.host} answers ${status} and does not upgrade to WebSocket.`, status)
  }

  function fail(error: unknown): void {
    failure ??= isTooLarge(error)
      ? new TransportError('too_large', `The server sent a message of more than ${maxMessageBytes} bytes.`)
      : toTransportError(error, endpoint.host)
    transport.onerror?.(failure)
  }

  const transport: WebSocketTransport = {
    failure: () => failure,
    async start() {
      const opened = await open()
      socket = opened
      let delivered: Promise<unknown> = Promise.resolve()
      opened.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) {
          fail(new TransportError('malformed', 'The server sent a binary frame.'))
          return opened.close(UNSUPPORTED_DATA)
        }
        let message: JSONRPCMessage
        try {
          message = parseMessage(data) as JSONRPCMessage
          if (!inbound.admits(message)) return
        } catch (error) {
          fail(error)
          return opened.close(INVALID_PAYLOAD)
        }
        // The SDK handles a notification a moment later, and an answer at once: several frames that arrive together must not overtake.
        delivered = delivered.then(() => transport.onmessage?.(message)).then(() => {})
      })
      opened.on('error', fail)
      opened.once('close', () => {
        socket = undefined
        transport.onclose?.()
      })
    },
    send(message) {
      return new Promise((resolve, reject) => {
        if (socket === undefined) return reject(new TransportError('closed', 'The connection is closed.'))
        // What it does not read is not kept for it without end.
        if (socket.bufferedAmount > maxMessageBytes)
          return reject(new TransportError('timeout', `${endpoint.host} does not read what it is sent.`))
        socket.send(JSON.stringify(message), (error) => {
          if (!('method' in message)) inbound.answered(message.id)
          if (error) reject(toTransportError(error, endpoint.host))
          else resolve()
        })
      })
    },
    async close() {
      const closing = socket
      if (closing === undefined) return transport.onclose?.()
      const timer = setTimeout(() => closing.terminate(), CLOSE_MS)
      await new Promise<void>((resolve) => {
        closing.once('close', () => resolve())
        closing.close(NORMAL)
      })
      clearTimeout(timer)
    },
  }
  return transport
}

const SWITCHED: Said = { status: 101, headers: new Headers() }
function toSaid({ statusCode = 0, headersDistinct }: IncomingMessage): Said {
  const headers = new Headers()
  for (const name of ['www-authenticate', 'dpop-nonce', 'date'])
    for (const value of headersDistinct[name] ?? []) headers.append(name, value)
  return { status: statusCode, headers }
}

const isRefusal = (answer: Socket | IncomingMessage): answer is IncomingMessage => 'statusCode' in answer
const isTooLarge = (error: unknown): boolean => (error as { code?: unknown }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
