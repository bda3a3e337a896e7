/** The measure of all others: `node:http`, parse, compute, answer. No check of anything. @module */

import { createServer } from 'node:http'
import { calculate } from './calculator.ts'
import { listen } from './serve.ts'

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString())
      const body = JSON.stringify({
        jsonrpc: '2.0',
        id: message.id,
        result: { resultType: 'complete', ...calculate(message.params.arguments) },
      })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    })
  }),
)
