// Stands in for a model, on loopback: whatever it is asked, it wants one tool used, and is content with what comes back. Speaks as much of
// two interfaces as the hosts of these tests need: messages (Claude Code, opencode) and responses (Codex).

import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Wanted {
  /** The end of the tool's name: hosts put the server's before it. */
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
}

export interface Model extends AsyncDisposable {
  readonly url: string
  /** The ids under which it wanted the tool, in order. */
  readonly uses: readonly string[]
  /** What the tool answered, as the host passed it on. */
  readonly heard: readonly string[]
  /** The path of every request, for failure messages. */
  readonly asked: readonly string[]
}

interface Tool {
  readonly name: string
  /** Codex groups the tools of a server under its name. */
  readonly namespace?: string
}

const MAX_BODY = 8 * 1024 * 1024
const CONTENT = 'Read it.'

export async function startModel(wanted: Wanted): Promise<Model> {
  const uses: string[] = []
  const heard: string[] = []
  const asked: string[] = []
  const newId = (prefix: string): string => {
    const id = prefix + randomBytes(12).toString('hex')
    uses.push(id)
    return id
  }
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    asked.push(`${request.method} ${path}`)
    const body = await readJson(request)
    if (path.endsWith('/messages')) return messages(body, response)
    if (path.endsWith('/responses')) return responses(body, response)
    if (path.endsWith('/count_tokens')) return send(response, { input_tokens: 1 })
    if (path.endsWith('/models')) return send(response, { object: 'list', data: [], models: [] })
    send(response, { error: { type: 'not_found_error', message: 'This is no model.' } }, 404)
  }

  function messages(body: Body, response: ServerResponse): void {
    const results = itemsOf(body['messages'])
      .flatMap(({ content }) => itemsOf(content))
      .filter(({ type }) => type === 'tool_result')
    for (const { content } of results.slice(-1)) heard.push(JSON.stringify(content))
    const tool = results.length > 0 ? undefined : findTool(body['tools'], wanted.tool)
    const block =
      tool === undefined
        ? { type: 'text', text: CONTENT }
        : { type: 'tool_use', id: newId('toolu_'), name: tool.name, input: wanted.arguments }
    const stop_reason = tool === undefined ? 'end_turn' : 'tool_use'
    const usage = { input_tokens: 1, output_tokens: 1 }
    const message = {
      id: `msg_${randomBytes(12).toString('hex')}`,
      type: 'message',
      role: 'assistant',
      model: body['model'],
      stop_sequence: null,
    }
    if (body['stream'] !== true) return send(response, { ...message, content: [block], stop_reason, usage })

    const start = 'text' in block ? { ...block, text: '' } : { ...block, input: {} }
    const delta =
      'text' in block ? { type: 'text_delta', text: block.text } : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) }
    stream(response, [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null, usage } },
      { type: 'content_block_start', index: 0, content_block: start },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
      { type: 'message_stop' },
    ])
  }

  function responses(body: Body, response: ServerResponse): void {
    const results = itemsOf(body['input']).filter(({ type }) => type === 'function_call_output')
    for (const { output } of results.slice(-1)) heard.push(JSON.stringify(output))
    const tool = results.length > 0 ? undefined : findTool(body['tools'], wanted.tool)
    const item =
      tool === undefined
        ? { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: CONTENT, annotations: [] }] }
        : { type: 'function_call', id: 'fc_1', call_id: newId('call_'), ...tool, arguments: JSON.stringify(wanted.arguments) }
    const usage = { input_tokens: 1, input_tokens_details: null, output_tokens: 1, output_tokens_details: null, total_tokens: 2 }
    const id = `resp_${randomBytes(12).toString('hex')}`
    stream(response, [
      { type: 'response.created', response: { id } },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { id, usage, output: [item] } },
    ])
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uses,
    heard,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Body = Readonly<Record<string, unknown>>

const itemsOf = (value: unknown): Body[] =>
  Array.isArray(value) ? value.filter((item): item is Body => typeof item === 'object' && item !== null) : []

function findTool(tools: unknown, end: string): Tool | undefined {
  for (const { type, name, tools: inner } of itemsOf(tools)) {
    if (type === 'namespace' && typeof name === 'string') {
      const found = findTool(inner, end)
      if (found) return { ...found, namespace: name }
    } else if (typeof name === 'string' && name.endsWith(end)) return { name }
  }
  return undefined
}

async function readJson(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > MAX_BODY) throw new Error('more than a host would say')
    chunks.push(chunk)
  }
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Body)
}

function send(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function stream(response: ServerResponse, events: readonly ({ readonly type: string } & Body)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  response.end()
}
