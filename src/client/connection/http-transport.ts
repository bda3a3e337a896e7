/**
 * The official SDK's Streamable HTTP transport, with everything that goes out and comes in through our hands: the credential is put on
 * here, for the one URL of the server and for no other, no redirect is followed, and each answer is bounded.
 *
 * Fails by refusing: a 401 is renewed once; what the server says to the second one is the end of the request.
 *
 * @module
 */

import type { StreamableHTTPClientTransport, Transport } from '@modelcontextprotocol/client'
import { INTERNAL_ERROR } from '../../protocol/index.ts'
import { discard } from '../documents.ts'
import { TransportError } from '../errors.ts'
import type { Answer, Network, Outbound } from '../network.ts'
import { type Credential, refusalOf, withRenewal } from '../sign-in/credential.ts'
import { boundAnswer } from './http-messages.ts'
import type { Inbound } from './inbound.ts'
import { LocalFailure } from './local-failure.ts'

export interface HttpTransportOptions {
  readonly Transport: typeof StreamableHTTPClientTransport
  readonly network: Network
  readonly endpoint: URL
  readonly credential: Credential
  /** Of the program, for every request to the endpoint. */
  readonly headers: Readonly<Record<string, string>>
  readonly inbound: Inbound
  readonly maxMessageBytes: number
}

/** How often a stream that broke off is asked for again in vain. */
const STREAM_RETRIES = 2
const METHOD_NOT_ALLOWED = 405

export function createHttpTransport({
  Transport,
  network,
  endpoint,
  credential,
  headers: own,
  inbound,
  maxMessageBytes,
}: HttpTransportOptions): HttpTransport {
  /** `from`: the SDK's, which are in lower case. */
  function send({ method, body, signal }: RequestInit, from: Headers, proved: Readonly<Record<string, string>>): Promise<Answer> {
    const headers = Object.fromEntries(from)
    delete headers['authorization']
    for (const more of [own, proved]) for (const [name, value] of Object.entries(more)) headers[name.toLowerCase()] = value
    headers['accept-encoding'] = 'identity'
    return network.ask(endpoint, {
      method: method as NonNullable<Outbound['method']>,
      headers,
      ...(typeof body === 'string' && { body }),
      ...(signal && { signal }),
    })
  }

  let vain = 0
  let isOpened = false
  let unheard = (): void => {}
  const isUnheard = new Promise<void>((resolve) => (unheard = resolve))
  /** The SDK asks for a stream that broke off a few times more, and for one that never began not again. */
  async function guardedFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    if (init.method !== 'GET') return ask(input, init)
    let status = 0
    try {
      const answer = await ask(input, init)
      status = answer.status
      return answer
    } finally {
      const isOk = status >= 200 && status < 300
      vain = isOk ? 0 : vain + 1
      isOpened ||= isOk
      // A server may have none (2025-11-25 transports §Listening for Messages from the Server).
      if (status !== METHOD_NOT_ALLOWED && vain >= (isOpened ? STREAM_RETRIES : 1)) unheard()
    }
  }

  async function ask(input: string | URL, init: RequestInit): Promise<Response> {
    // The SDK asks for this one URL; whatever else it may come to ask for gets no credential, because it is not asked for.
    if (new URL(input).href !== endpoint.href) throw new TransportError('redirected', 'Another URL than the endpoint was to be asked.')
    const sent = new Headers(init.headers)
    const response = await withRenewal({
      credential,
      request: { method: init.method ?? 'GET', url: endpoint },
      send: (proved) => send(init, sent, proved),
      saidBy: (answer) => answer,
      drop: async (answer) => discard(answer),
    })
    const { status, headers } = response
    const refusal = refusalOf({ credential, host: endpoint.host, status, challenge: headers.get('www-authenticate') })
    if (refusal) {
      discard(response)
      throw refusal
    }
    const id = idOf(init.body)
    return boundAnswer(response, { maxBytes: maxMessageBytes, inbound, id, broken: (error) => fail(id, error) })
  }

  const transport = new Transport(endpoint, {
    fetch: guardedFetch,
    reconnectionOptions: {
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 30_000,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: STREAM_RETRIES,
    },
  })
  /** The answer to a request, in place of one from the server. */
  function fail(id: unknown, error: TransportError): void {
    if (typeof id !== 'string' && typeof id !== 'number') return
    transport.onmessage?.({ jsonrpc: '2.0', id, error: { code: INTERNAL_ERROR, message: error.message, data: new LocalFailure(error) } })
  }
  const sendMessage = transport.send.bind(transport)
  transport.send = (message, options) => {
    if (!('method' in message) && 'id' in message) return sendMessage(message, options).finally(() => inbound.answered(message.id))
    if (!('id' in message) || options?.onRequestStreamEnd) return sendMessage(message, options)
    // A stream that ends without the answer would otherwise be noticed only by its deadline.
    const onRequestStreamEnd = (): void => fail(message.id, new TransportError('closed', 'The server broke its answer off.'))
    return sendMessage(message, { ...options, onRequestStreamEnd })
  }
  return Object.assign(transport, { unheard: isUnheard })
}

export type HttpTransport = Transport &
  Pick<StreamableHTTPClientTransport, 'terminateSession'> & {
    /** Resolves when the stream that the server speaks on by itself is gone, and was asked for in vain (2025-11-25 §Listening). */
    readonly unheard: Promise<void>
  }

/** Of a request; a notification and an answer of ours are not answered. */
function idOf(body: unknown): unknown {
  if (typeof body !== 'string') return undefined
  const { id, method } = JSON.parse(body) as { id?: unknown; method?: unknown }
  return method === undefined ? undefined : id
}
