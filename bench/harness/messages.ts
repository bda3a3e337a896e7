/** The one request that every server is sent, in the revision that it speaks, and the check that its answer is right. @module */

import { request } from 'node:http'

/** Modern: 2026-07-28. Legacy: 2025-06-18, stateless. Session: the same after one `initialize`, with its session id on each call. */
export type Dialect = 'modern' | 'legacy' | 'session'

export interface Message {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The text that the tool must answer with. */
  readonly expected: string
  /** A header that is another one in each request. */
  readonly prove?: () => string
  /** A body that is another one in each request, in place of `body`. */
  readonly fresh?: () => string
  /** What the tool has answered, where that is not the text. */
  readonly read?: (result: ToolResult) => unknown
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

const tools = {
  calculator: { arguments: { operation: 'add', a: 2, b: 3 }, expected: '5' },
  echo: { arguments: {}, expected: 'hi' },
  sealed: { arguments: {}, expected: 'hi' },
  // Not a tool: the token endpoint, which answers a token.
  token: { arguments: {}, expected: 'Bearer' },
} as const
export type Tool = keyof typeof tools

const LEGACY = '2025-06-18'
const MODERN = '2026-07-28'
const envelope = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
}
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const tokenRequest = new URLSearchParams({ grant_type: 'client_credentials', scope: 'tools:execute' }).toString()
const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** @throws if a session cannot be opened. */
export async function createMessage(
  dialect: Dialect,
  tool: Tool,
  url: string,
  credential: Readonly<Record<string, string>>,
  prove?: (authorization: string) => string,
): Promise<Message> {
  const { arguments: args, expected } = tools[tool]
  if (tool === 'token') return { url, expected, headers: { ...form, ...credential }, body: tokenRequest }
  return {
    url,
    expected,
    headers: { ...(await headersFor(dialect, tool, url, credential)), ...credential },
    body: callOf(dialect, tool, args),
    ...(prove && { prove: () => prove(credential['authorization'] ?? '') }),
  }
}

/** The same call with other arguments or another credential, to see it refused. */
export const callOf = (dialect: Dialect, tool: Tool, args: object, meta: object = {}): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: tool, arguments: args, ...(dialect === 'modern' ? { _meta: { ...envelope, ...meta } } : {}) },
  })

async function headersFor(
  dialect: Dialect,
  tool: Tool,
  url: string,
  credential: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  if (dialect === 'modern') return { ...json, 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': tool }
  const headers = { ...json, 'mcp-protocol-version': LEGACY }
  if (dialect === 'legacy') return headers

  const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } }
  const opened = await post(url, { ...json, ...credential }, JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }))
  const session = opened.headers['mcp-session-id']
  if (typeof session !== 'string') throw new Error(`initialize was answered with ${opened.status} and no session id`)
  const inSession = { ...headers, 'mcp-session-id': session }
  await post(url, { ...inSession, ...credential }, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }))
  return inSession
}

/** One request on a connection of its own, bounded in time and size. */
export function post(url: string, headers: Readonly<Record<string, string>>, body: string, timeoutMs = 5000): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent: false, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length > 1_000_000) sent.destroy(new Error('the answer is too long'))
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
        response.on('error', reject)
      },
    )
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    sent.on('error', reject)
    sent.end(body)
  })
}

/** @throws unless the server answers the message as the tool does. */
export async function checkAnswer(message: Message): Promise<void> {
  const answer = await post(
    message.url,
    { ...message.headers, ...(message.prove && { dpop: message.prove() }) },
    message.fresh?.() ?? message.body,
  )
  if (message.body === tokenRequest && isToken(answer, message)) return
  const result = resultOf(answer)
  const text = message.read && result ? message.read(result) : result?.content?.[0]?.text
  if (answer.status === 200 && !result?.isError && text === message.expected) return
  throw new Error(`answered wrongly: HTTP ${answer.status} ${answer.text.slice(0, 300).replaceAll('\n', ' ')}`)
}

/** Signed, for an hour, for the scope that was asked for. */
function isToken({ status, text }: Answer, { expected }: Message): boolean {
  if (status !== 200) return false
  const { access_token: token = '', token_type: type, scope, expires_in: seconds } = JSON.parse(text)
  return token.split('.').length === 3 && type === expected && scope === 'tools:execute' && seconds === 3600
}

export interface ToolResult {
  readonly isError?: boolean
  readonly structuredContent?: unknown
  readonly _meta?: object
  readonly content?: readonly { readonly text?: string }[]
}

/** From a JSON answer, or from the last event of an SSE one. */
export function resultOf({ headers, text }: Answer): ToolResult | undefined {
  try {
    if (!String(headers['content-type']).startsWith('text/event-stream')) return JSON.parse(text).result
    const data = text.split('\n').filter((line) => line.startsWith('data:') && line.length > 6)
    return JSON.parse((data.at(-1) ?? '').slice(5)).result
  } catch {
    return undefined
  }
}
