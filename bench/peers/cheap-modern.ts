/** What the clients call: a server of 2026-07-28 over HTTP with one tool, and as little work as can be. @module */

import { createServer } from 'node:http'
import { listen } from './serve.ts'

const tool = {
  name: 'echo',
  description: 'Answers at once',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
}
const kept = { resultType: 'complete', ttlMs: 300_000, cacheScope: 'private' }
const results: Readonly<Record<string, object>> = {
  'server/discover': {
    ...kept,
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    serverInfo: { name: 'cheap', version: '1.0.0' },
  },
  'tools/list': { ...kept, tools: [tool] },
}

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString())
      const result = results[method] ?? { resultType: 'complete', content: [{ type: 'text', text: params.arguments.text }] }
      const body = JSON.stringify({ jsonrpc: '2.0', id, result })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    })
  }),
)
