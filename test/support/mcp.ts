// A minimal MCP client for tests, of either revision, that hides nothing: status, headers and every message of each answer are
// there to look at, and `post` sends any bytes under any headers. On node:http and not on fetch, which would not let a test
// send a false Host or count bytes wrongly.

import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { type Json, readMessages } from './sse.ts'

export type Version = '2026-07-28' | '2025-11-25'

export interface McpOptions {
  /** An API key, sent as a bearer token. */
  readonly key?: string
  /** An OAuth access token. */
  readonly token?: string
  readonly version?: Version
  /** Client capabilities to declare. */
  readonly capabilities?: object
  /** Sent with every request, after the headers of the protocol. */
  readonly headers?: OutgoingHttpHeaders
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Every message, in order. */
  readonly messages: Json[]
  /** The response among them; the text where the body was not JSON; undefined where it was empty. */
  readonly body: Json
  readonly result: Json
  readonly error: Json
  /** The notifications among them. */
  readonly notifications: Json[]
}

export interface Stream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly messages: AsyncGenerator<Json>
  /** Hangs up. */
  abort(): void
}

export interface McpClient {
  /** A request of the protocol, with its headers and, in 2025-11-25, inside a session that is opened first. */
  request(method: string, params?: object, headers?: OutgoingHttpHeaders): Promise<Answer>
  /** The same, without waiting for the end. */
  open(method: string, params?: object, headers?: OutgoingHttpHeaders): Promise<Stream>
  notify(method: string, params?: object): Promise<Answer>
  /** A JSON-RPC response to a request of the server's, in the session of 2025-11-25. */
  answer(response: object): Promise<Answer>
  /** Every page of a list. */
  list(kind?: 'tools' | 'prompts' | 'resources' | 'resources/templates'): Promise<Json[]>
  call(name: string, args?: object, meta?: object): Promise<Answer>
  /** Exactly these bytes under exactly these headers (and `Host` and the length, unless given): `null` removes a header. */
  post(body: string | Uint8Array | object, headers?: Record<string, string | string[] | null>): Promise<Answer>
  /** Any method on any path of the server, without the headers of the protocol. */
  send(method: string, path: string, headers?: OutgoingHttpHeaders, body?: string | Uint8Array): Promise<Answer>
}

const CLIENT_INFO = { name: 'sallyport-test', version: '1.0.0' }

export function mcp(url: string, options: McpOptions = {}): McpClient {
  const version = options.version ?? '2026-07-28'
  const credential = options.key ?? options.token
  const standing: OutgoingHttpHeaders = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': version,
    ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
    ...options.headers,
  }
  const capabilities = options.capabilities ?? {}
  let id = 0
  let session: Promise<OutgoingHttpHeaders> | undefined

  const meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  }

  const compose = (method: string, params: Json, withId: boolean): [Json, OutgoingHttpHeaders] => {
    if (withId) id += 1
    const message = { jsonrpc: '2.0', ...(withId && { id }), method }
    if (version === '2025-11-25') return [{ ...message, ...(params !== undefined && { params }) }, {}]
    const name = params?.name ?? params?.uri ?? params?.taskId
    const headers = { 'mcp-method': method, ...(typeof name === 'string' && hasName(method) && { 'mcp-name': toHeaderValue(name) }) }
    return [{ ...message, params: { ...params, _meta: { ...meta, ...params?._meta } } }, headers]
  }

  async function beginSession(): Promise<OutgoingHttpHeaders> {
    const [message] = compose('initialize', { protocolVersion: version, capabilities, clientInfo: CLIENT_INFO }, true)
    const { headers, status, result, body } = await finish(await exchange('POST', url, standing, JSON.stringify(message)))
    if (result === undefined) throw new Error(`initialize was answered with ${status}: ${JSON.stringify(body)}`)
    const id = headers['mcp-session-id']
    const bound = typeof id === 'string' ? { 'mcp-session-id': id } : {}
    const [initialized] = compose('notifications/initialized', undefined, false)
    await finish(await exchange('POST', url, { ...standing, ...bound }, JSON.stringify(initialized)))
    return bound
  }

  async function begin(method: string, params: object | undefined, headers: OutgoingHttpHeaders, withId: boolean): Promise<Stream> {
    const bound = version === '2025-11-25' && method !== 'initialize' ? await (session ??= beginSession()) : {}
    const [message, own] = compose(method, params, withId)
    return exchange('POST', url, { ...standing, ...bound, ...own, ...headers }, JSON.stringify(message))
  }

  const request: McpClient['request'] = async (method, params, headers = {}) => finish(await begin(method, params, headers, true))

  return {
    request,
    open: (method, params, headers = {}) => begin(method, params, headers, true),
    answer: async (response) =>
      finish(await exchange('POST', url, { ...standing, ...(await (session ??= beginSession())) }, JSON.stringify(response))),
    notify: async (method, params) => finish(await begin(method, params, {}, false)),
    call: (name, args = {}, _meta) => request('tools/call', { name, arguments: args, ...(_meta && { _meta }) }),

    async list(kind = 'tools') {
      const found: Json[] = []
      let cursor: string | undefined
      do {
        const answer = await request(`${kind}/list`, cursor === undefined ? {} : { cursor })
        if (answer.result === undefined) throw new Error(`${kind}/list was answered with ${answer.status}: ${JSON.stringify(answer.body)}`)
        found.push(...answer.result[kind === 'resources/templates' ? 'resourceTemplates' : kind])
        cursor = answer.result.nextCursor
      } while (cursor !== undefined)
      return found
    },

    async post(body, headers = {}) {
      const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
      const merged: OutgoingHttpHeaders = { ...standing }
      for (const [name, value] of Object.entries(headers)) {
        for (const known of Object.keys(merged)) if (known.toLowerCase() === name.toLowerCase()) delete merged[known]
        if (value !== null) merged[name] = value
      }
      return finish(await exchange('POST', url, merged, bytes))
    },

    async send(method, path, headers = {}, body) {
      return finish(await exchange(method, new URL(path, url).href, headers, body))
    },
  }
}

const hasName = (method: string): boolean => ['tools/call', 'prompts/get', 'resources/read'].includes(method) || method.startsWith('tasks/')

/** What cannot stand in a header as it is goes in Base64 (SEP-2243). */
const toHeaderValue = (value: string): string =>
  /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?base64?')
    ? value
    : `=?base64?${Buffer.from(value).toString('base64')}?=`

function exchange(method: string, url: string, headers: OutgoingHttpHeaders, body?: string | Uint8Array): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const outgoing = httpRequest(url, { method, headers: { ...length, ...headers } }, (response: IncomingMessage) =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        messages: readMessages(response),
        abort: () => outgoing.destroy(),
      }),
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

async function finish(stream: Stream): Promise<Answer> {
  const messages: Json[] = []
  for await (const message of stream.messages) messages.push(message)
  const isResponse = (message: Json): boolean =>
    typeof message === 'object' && message !== null && ('result' in message || 'error' in message)
  const body = messages.find(isResponse) ?? messages[0]
  return {
    status: stream.status,
    headers: stream.headers,
    messages,
    body,
    result: body?.result,
    error: body?.error,
    notifications: messages.filter((message) => typeof message?.method === 'string' && message.id === undefined),
  }
}
