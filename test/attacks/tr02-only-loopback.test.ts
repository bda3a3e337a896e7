// TR2: what is not told otherwise is reachable from this machine alone, and nobody is let in without a credential.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { MCPServer } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { mcp } from '../support/mcp.ts'
import { type Served, startService } from '../support/service.ts'
import { refusalOf } from '../support/websocket.ts'

verifies('TR2')

let served: Served
before(async () => {
  served = await startService({ port: 0 })
})
after(() => served[Symbol.asyncDispose]())

describe('a server that was told nothing', () => {
  it('listens on loopback alone', { skip: process.platform === 'linux' ? false : 'reads /proc' }, () => {
    const hex = Number(served.port).toString(16).toUpperCase().padStart(4, '0')
    const listening = ['/proc/net/tcp', '/proc/net/tcp6']
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === '0A')
      .map(([, local]) => local)
    assert.ok(listening.length > 0)
    for (const local of listening) assert.ok([`0100007F:${hex}`, `00000000000000000000000001000000:${hex}`].includes(String(local)), local)
  })
  it('is not to be had at the other addresses of this machine', async () => {
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
    for (const { address, internal, scopeid } of others) {
      if (internal || scopeid) continue
      const outcome = await new Promise((resolve) => {
        const socket = connect({ host: address, port: Number(served.port), timeout: 2_000 })
        socket.once('connect', () => (socket.destroy(), resolve('connected')))
        socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
        socket.once('timeout', () => (socket.destroy(), resolve('silence')))
      })
      assert.notEqual(outcome, 'connected', address)
    }
  })
  it('lets nobody in without a credential, on any method and over WebSocket', async () => {
    for (const method of ['POST', 'GET', 'DELETE']) assert.equal((await mcp(served.service.url).send(method, '/mcp')).status, 401, method)
    assert.equal((await refusalOf(served.service.url)).status, 401)
  })
})

describe('a server that was told to be open', () => {
  it('without TLS does not start, however it is written, and says what to do', async () => {
    for (const host of ['0.0.0.0', '::', '::0', '0', '192.0.2.1', '127.0.0.2', 'mcp.example.com']) {
      const server = new MCPServer({ host, port: 0, log: false })
      await assert.rejects(server.listen(), (error: Error) => {
        assert.match(error.message, /host: is not loopback.*tls: { cert, key }.*behindProxy: true/)
        return true
      })
    }
  })
})
