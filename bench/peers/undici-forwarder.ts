/** The same as `http-forwarder.ts` with undici, the HTTP client of the gateway: `node undici-forwarder.ts URL`. Nothing is checked. @module */

import { createServer } from 'node:http'
import { Pool } from 'undici'
import { listen } from './serve.ts'

const upstream = URL.parse(process.argv[2] ?? '')
if (!upstream) throw new Error('which upstream?')
const pool = new Pool(upstream.origin, { connections: 256, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, allowH2: false })
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString())
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const parts: Buffer[] = []
      pool.dispatch(
        { path: upstream.pathname, method: 'POST', headers, body },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData: (_, part) => void parts.push(part),
          onResponseEnd() {
            const { result } = JSON.parse(Buffer.concat(parts).toString())
            const text = JSON.stringify({ jsonrpc: '2.0', id, result })
            response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
            response.end(text)
          },
          onResponseError: () => void response.writeHead(502).end(),
        },
      )
    })
  }),
)
