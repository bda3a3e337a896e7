// TR1, T30: pages of other origins, against a server on loopback, under a public name, behind a proxy, and over WebSocket.

import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { say, tool } from '../support/engine.ts'
import { type Served, startService } from '../support/service.ts'
import { modern, openSocket, refusalOf } from '../support/websocket.ts'

verifies('TR1', 'T30')

let executed = 0
const entries = [tool('echo', () => (executed++, say('hi')))]
const authority = await createTestAuthority()
const tls = await authority.issue(['mcp.test', 'localhost', '127.0.0.1'])
const cors = { origin: 'https://app.example' }

interface Way {
  readonly name: string
  readonly serve: () => Promise<Served>
  /** The Host that callers name; the loopback one where it is not public. */
  readonly host?: string
  readonly isTls: boolean
}
const ways: readonly Way[] = [
  { name: 'loopback', serve: () => startService({ port: 0 }, { entries, cors }), isTls: false },
  { name: 'loopback with TLS', serve: () => startService({ port: 0, tls }, { entries, cors }), isTls: true },
  {
    name: 'a public name with TLS',
    serve: () => startService({ port: 0, tls, publicUrl: 'https://mcp.test' }, { entries, cors }),
    host: 'mcp.test',
    isTls: true,
  },
  {
    name: 'a public name behind a proxy',
    serve: () => startService({ port: 0, behindProxy: true, publicUrl: 'https://mcp.test' }, { entries, cors }),
    host: 'mcp.test',
    isTls: false,
  },
]

const foreign = (own: URL): string[] => [
  'http://evil.example',
  'https://evil.example',
  'null',
  'file://',
  'chrome-extension://abcdef',
  `${own.protocol === 'https:' ? 'http' : 'https'}://${own.host}`,
  `${own.protocol}//${own.hostname}:1`,
  `${own.protocol}//${own.hostname}.evil.example`,
  `${own.protocol}//evil.example/${own.host}`,
  `${own.origin}, https://evil.example`,
  'https://app.example.evil',
  'https://APP.example',
  '',
]

for (const { name, serve, host, isTls } of ways)
  describe(`an Origin that is not allowed, against ${name}`, () => {
    let served: Served
    let base: { host: string; own: URL; at: string }
    before(async () => {
      served = await serve()
      const own = new URL(served.service.url)
      const at = `${isTls ? 'https' : 'http'}://127.0.0.1:${served.port}/mcp`
      base = { host: host ?? `localhost:${served.port}`, own: new URL(own.origin), at }
    })
    after(() => served[Symbol.asyncDispose]())

    function post(headers: Record<string, string>): Promise<{ status: number; headers: Record<string, unknown> }> {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number; headers: Record<string, unknown> }>()
      const send = isTls ? httpsRequest : httpRequest
      const outgoing = send(
        base.at,
        {
          method: 'POST',
          ca: authority.cert,
          servername: 'mcp.test',
          headers: {
            host: base.host,
            authorization: `Bearer ${served.key}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': 'tools/call',
            'mcp-name': 'echo',
            ...headers,
          },
        },
        (answer) => {
          answer.resume()
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers })
        },
      )
      outgoing.once('error', reject)
      outgoing.end(
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {}, _meta: modern() } }),
      )
      return promise
    }
    const socket = (headers: Record<string, string>) => ({
      key: served.key,
      ca: authority.cert,
      servername: 'mcp.test',
      headers: { host: base.host, ...headers },
    })

    it('is 403 on HTTP with a good credential; nothing runs, and the page may not read why', async () => {
      const runs = executed
      for (const origin of foreign(base.own)) {
        const { status, headers } = await post({ origin })
        assert.equal(status, 403, origin)
        for (const field of Object.keys(headers)) assert.doesNotMatch(field, /^access-control/, origin)
      }
      assert.equal(executed, runs)
    })
    it('is 403 on WebSocket, before there is one', async () => {
      for (const origin of foreign(base.own)) assert.equal((await refusalOf(base.at, socket({ origin }))).status, 403, origin)
      assert.equal(
        (
          await refusalOf(base.at, {
            ...socket({ origin: 'https://evil.example' }),
            headers: { host: base.host, origin: 'https://evil.example' },
          })
        ).status,
        403,
      )
    })
    it('is told from ours, from one that was named, and from none at all', async () => {
      for (const headers of [{}, { origin: base.own.origin }, { origin: 'https://app.example' }]) {
        const runs = executed
        assert.equal((await post(headers)).status, 200, JSON.stringify(headers))
        const client = await openSocket(base.at, socket(headers))
        await client.request('tools/call', { name: 'echo', arguments: {} })
        client.ws.terminate()
        assert.equal(executed, runs + 2)
      }
    })
    it('is no worse than a Host that is not ours, on either', async () => {
      const { port } = served
      for (const wrong of [
        'evil.example',
        `evil.example:${port}`,
        '127.0.0.2',
        `${base.host}.evil.example`,
        host ? `localhost:${port}` : 'localhost',
      ]) {
        assert.equal((await post({ host: wrong })).status, 403, wrong)
        assert.equal((await refusalOf(base.at, socket({ host: wrong }))).status, 403, wrong)
      }
    })
  })
