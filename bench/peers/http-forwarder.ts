/** `node:http` in front of an HTTP upstream, over kept connections: `node http-forwarder.ts URL`. Nothing is checked. @module */

import { Agent, createServer, request as send } from 'node:http'
import { listen } from './serve.ts'

const upstream = process.argv[2]
if (!upstream) throw new Error('which upstream?')
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString())
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'content-length': Buffer.byteLength(body),
      }
      const forwarded = send(upstream, { method: 'POST', agent, headers }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          const { result } = JSON.parse(Buffer.concat(parts).toString())
          const text = JSON.stringify({ jsonrpc: '2.0', id, result })
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
          response.end(text)
        })
      })
      forwarded.on('error', () => response.writeHead(502).end())
      forwarded.end(body)
    })
  }),
)
