/** `node:http` in front of the cheap stdio upstream: ids remapped, nothing else. What a gateway without guards could reach. @module */

import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { listen } from './serve.ts'

const child = spawn(process.execPath, [fileURLToPath(new URL('cheap-stdio.ts', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] })
const waiting = new Map<number, (result: unknown) => void>()
let lastId = 0
let rest = ''
child.stdout.setEncoding('utf8')
child.stdout.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) {
    const { id, result } = JSON.parse(line)
    waiting.get(id)?.(result)
    waiting.delete(id)
  }
})
child.on('exit', () => process.exit(1))

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString())
      const upstreamId = ++lastId
      waiting.set(upstreamId, (result) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id, result })
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
        response.end(body)
      })
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: upstreamId, method, params })}\n`)
    })
  }),
)
