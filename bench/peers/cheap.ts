/** What the two cheap upstreams answer: as little work as can be, so that the gateway is what is measured. @module */

const tool = { name: 'echo', description: 'Answers at once', inputSchema: { type: 'object' } }
const info = { name: 'cheap', version: '1.0.0' }

/** Speaks 2025-11-25 only, like nearly every server that somebody wants to guard. Undefined: a notification. */
export function answer(line: string): string | undefined {
  const { id, method } = JSON.parse(line)
  if (id === undefined) return undefined
  switch (method) {
    case 'tools/call':
      return reply(id, { content: [{ type: 'text', text: 'hi' }] })
    case 'initialize':
      return reply(id, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: info })
    case 'tools/list':
      return reply(id, { tools: [tool] })
    case 'ping':
      return reply(id, {})
    default:
      return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
  }
}

const reply = (id: unknown, result: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, result })
