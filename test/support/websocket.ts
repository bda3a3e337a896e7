/** A WebSocket client for tests that hides nothing: what was refused, every message, and why it was closed. */

import { setTimeout as delay } from 'node:timers/promises'
import { type ClientOptions, WebSocket } from 'ws'
import type { Json } from './sse.ts'
import { lived } from './until.ts'

export interface Refused {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Json
}

export interface SocketClient {
  readonly ws: WebSocket
  /** Every message so far, in order. */
  readonly messages: Json[]
  /** The code of the closing, once it is closed. */
  closed(): Promise<number>
  send(message: object | string): void
  /** Sends a modern request, and resolves with the answer to it. */
  request(method: string, params?: object, id?: string | number): Promise<Json>
  /** The first message that fits, once it has come. */
  until(fits: (message: Json) => boolean): Promise<Json>
}

export interface SocketOptions extends ClientOptions {
  readonly key?: string
  readonly protocols?: readonly string[]
}

const CLIENT_INFO = { name: 'sallyport-test', version: '1.0.0' }
export const modern = (over: object = {}) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
  'io.modelcontextprotocol/clientCapabilities': {},
  ...over,
})

const toSocketUrl = (url: string): string => url.replace(/^http/, 'ws')

/** `url`: of the endpoint, http or https. Rejects with {@link Refused} in `cause` where there is no upgrade. */
export async function openSocket(
  url: string,
  { key, protocols = ['mcp'], headers, ...options }: SocketOptions = {},
): Promise<SocketClient> {
  const ws = new WebSocket(toSocketUrl(url), [...protocols], {
    ...options,
    headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
  })
  const messages: Json[] = []
  let code: number | undefined
  ws.on('message', (data) => messages.push(JSON.parse(String(data as Buffer))))
  ws.once('close', (given) => (code = given))
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
    ws.once('unexpected-response', (_, response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => {
        const refused: Refused = {
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text === '' ? undefined : JSON.parse(text),
        }
        reject(new Error(`refused with ${refused.status}`, { cause: refused }))
      })
    })
  })
  ws.on('error', () => {})
  let next = 1_000

  async function until(fits: (message: Json) => boolean): Promise<Json> {
    using time = lived()
    while (time.ms() < 20_000) {
      const found = messages.find(fits)
      if (found !== undefined) return found
      await delay(5)
    }
    throw new Error(`waited in vain among ${JSON.stringify(messages).slice(0, 1_000)}`)
  }
  const send = (message: object | string): void => ws.send(typeof message === 'string' ? message : JSON.stringify(message))

  return {
    ws,
    messages,
    async closed() {
      using time = lived()
      while (code === undefined && time.ms() < 20_000) await delay(5)
      return code ?? -1
    },
    send,
    async request(method, params = {}, id = next++) {
      send({ jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...modern(), ...(params as { _meta?: object })._meta } } })
      return until((message) => message.id === id && message.method === undefined)
    },
    until,
  }
}

/** What an upgrade that must fail was answered with. */
export async function refusalOf(url: string, options?: SocketOptions): Promise<Refused> {
  try {
    const { ws } = await openSocket(url, options)
    ws.terminate()
  } catch (error) {
    const { cause } = error as Error
    if (typeof cause === 'object' && cause !== null && 'status' in cause) return cause as Refused
    throw error
  }
  throw new Error('it was not refused')
}
