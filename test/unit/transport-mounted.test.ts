/** Inside somebody else's server: whatever the framework, the same door, bounds, answers and sign-in. */

import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { connect } from '../support/authorization.ts'
import { bounds, say, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { findFreePort } from '../support/paths.ts'
import { type Served, type ServedOptions, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

interface App extends AsyncDisposable {
  readonly origin: string
  readonly url: string
  readonly served: Served
}

async function listen(listener: RequestListener, served: Served, path = '/mcp'): Promise<App> {
  const server = createServer(listener)
  server.on('upgrade', served.service.upgrade)
  const { url } = served.service
  await new Promise<void>((resolve) => server.listen(url === '' ? 0 : Number(new URL(url).port), '127.0.0.1', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    origin,
    url: origin + path,
    served,
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]()
      server.closeAllConnections()
      server.close()
    },
  }
}

let isAborted = 0
const entries = [
  tool('echo', ({ text }) => say(String(text))),
  tool('slow', async (_, call) => {
    call.notify({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })
    await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve()))
    isAborted++
    return say('late')
  }),
  tool('steps', async (_, call) => {
    for (let progress = 1; progress <= 3; progress++) {
      call.notify({ method: 'notifications/progress', params: { progressToken: 1, progress } })
      await delay(5)
    }
    return say('done')
  }),
]
const start = (over: ServedOptions = {}) => startService({ mounted: true }, { entries, ...over })
/** For what does not say on which port it came. */
const startAtPort = async (over: ServedOptions = {}) => startService({ mounted: true, port: await findFreePort() }, { entries, ...over })

const apps: Record<string, (served: Served) => Promise<App>> = {
  'bare node:http': (served) => listen((request, response) => served.service.node(request, response), served),
  'Express, before anything else': (served) => {
    const app = express()
    app.use(served.service.node)
    app.get('/', (_, response) => void response.send('the app'))
    return listen(app, served)
  },
  'Express, after parsers of bodies': (served) => {
    const app = express()
    app.use(express.json({ limit: '10mb' }), express.urlencoded({ extended: true }))
    app.use(served.service.node)
    app.get('/', (_, response) => void response.send('the app'))
    return listen(app, served)
  },
  Fastify: async (served) => {
    const app = fastify()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.all('/*', (request, reply) => {
      reply.hijack()
      served.service.node(request.raw, reply.raw)
    })
    await app.ready()
    return listen(app.routing as RequestListener, served)
  },
  'Hono, as a Request': (served) => {
    const app = new Hono()
    app.get('/', (context) => context.text('the app'))
    app.notFound((context) => served.service.fetch(context.req.raw, { address: '127.0.0.1' }))
    return listen(getRequestListener(app.fetch), served)
  },
}

for (const [name, mount] of Object.entries(apps))
  describe(`mounted in ${name}`, () => {
    const begin = name.startsWith('Hono') ? startAtPort : start
    it('a client finds the sign-in, a person signs in, and a call goes through', async () => {
      await using app = await mount(await begin())
      await app.served.account()
      const refused = await mcp(app.url).request('tools/list')
      assert.equal(refused.status, 401)
      const [, metadataUrl = ''] = /resource_metadata="([^"]+)"/.exec(String(refused.headers['www-authenticate'])) ?? []
      const metadata = (await (await fetch(metadataUrl)).json()) as { resource: string; authorization_servers: string[] }
      assert.deepEqual([metadata.resource, metadata.authorization_servers], [app.url, [app.origin]])
      const { tokens } = await connect({ issuer: app.origin, resource: app.url })
      for (const version of ['2026-07-28', '2025-11-25'] as const) {
        const answer = await mcp(app.url, { token: tokens.access_token, version }).call('echo', { text: 'à bord' })
        assert.equal(answer.result.content[0].text, 'à bord')
      }
    })
    it('streams, and stops the call of a caller who hangs up', async () => {
      await using app = await mount(await begin())
      const client = mcp(app.url, { key: app.served.key })
      const answer = await client.call('steps', {}, { progressToken: 1 })
      assert.deepEqual(
        answer.notifications.map(({ params }) => params.progress),
        [1, 2, 3],
      )
      assert.equal(answer.headers['x-accel-buffering'], 'no')
      const before = isAborted
      const stream = await client.open('tools/call', { name: 'slow', _meta: { progressToken: 1 } })
      assert.equal((await stream.messages.next()).value.params.progress, 1)
      stream.abort()
      await until('the call is stopped', () => isAborted === before + 1)
    })
    it('has the same door, and the same bounds', async () => {
      await using app = await mount(await begin({ bounds: { ...bounds, bodyBytes: 10_000 } }))
      const client = mcp(app.url, { key: app.served.key })
      assert.equal((await client.request('tools/list')).status, 200)
      for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }, { host: 'localhost:1' }])
        assert.equal((await client.request('tools/list', {}, headers)).status, 403, JSON.stringify(headers))
      const large = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { pad: 'a'.repeat(20_000) } })
      assert.equal((await client.post(large)).status, 413)
      const address = (await app.served.records()).at(-1)?.address
      assert.equal(address, '127.0.0.1')
    })
    it('once it is closed, it answers nobody any more, and the app goes on', async () => {
      await using app = await mount(await begin())
      assert.equal((await mcp(app.url).request('tools/list')).status, 401)
      await app.served.service.close()
      const late = await fetch(app.url, { method: 'POST' })
      // An app with paths of its own says that this is none of them; where all are ours, we do, without deciding anything.
      if (late.status !== 404) assert.deepEqual([late.status, await late.text()], [503, ''])
    })
    it('twice at once, each caller gets its own', async () => {
      await using app = await mount(await begin())
      const client = mcp(app.url, { key: app.served.key })
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => client.call('echo', { text: `caller ${at}` })))
      for (const [at, answer] of answers.entries()) assert.equal(answer.result.content[0].text, `caller ${at}`)
    })
  })

describe('a body that a parser of the app has read', () => {
  it('is checked by what the parser made of it; where the bytes are kept, by those', async () => {
    const twice = '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}'
    const post = async (app: App) => (await mcp(app.url, { key: app.served.key, version: '2025-11-25' }).post(twice)).status
    const mount = async (parser?: express.Handler) => {
      const served = await start()
      const app = express()
      if (parser) app.use(parser)
      app.use(served.service.node)
      return listen(app, served)
    }
    await using raw = await mount()
    assert.equal(await post(raw), 400)
    await using parsed = await mount(express.json())
    assert.equal(await post(parsed), 200)
    const keep = express.json({ verify: (request, _, bytes) => void Object.assign(request, { rawBody: bytes }) })
    await using kept = await mount(keep)
    assert.equal(await post(kept), 400)
    await using buffered = await mount(express.raw({ type: '*/*' }))
    assert.equal(await post(buffered), 400)
    await using text = await mount(express.text({ type: '*/*' }))
    assert.equal(await post(text), 400)
  })
  it('and thrown away is answered as an empty one, not waited for', async () => {
    const served = await start()
    await using app = await listen((request, response) => {
      request.resume()
      request.on('end', () => served.service.node(request, response))
    }, served)
    assert.equal((await mcp(app.url, { key: served.key }).request('tools/list')).status, 400)
  })
})

describe('the paths of an app', () => {
  it('stay the app’s, and what it says of CORS stays with those', async () => {
    const served = await start()
    const express5 = express()
    express5.use((_, response, next) => {
      response.setHeader('Access-Control-Allow-Origin', '*')
      next()
    })
    express5.use(served.service.node)
    express5.get('/', (_, response) => void response.send('the app'))
    await using app = await listen(express5, served)
    const own = await fetch(app.origin)
    assert.deepEqual([await own.text(), own.headers.get('access-control-allow-origin')], ['the app', '*'])
    const ours = await mcp(app.url).request('tools/list')
    assert.deepEqual([ours.status, ours.headers['access-control-allow-origin']], [401, undefined])
    assert.equal((await fetch(`${app.origin}/nothing`)).status, 404)
  })
  it('may have ours below one of them: addresses, metadata and challenge follow the public URL', async () => {
    const served = await startService({ mounted: true, publicUrl: 'http://localhost:4711/inner/app/' }, { entries })
    const outer = express()
    outer.use('/inner', served.service.node)
    outer.use(served.service.node)
    await using app = await listen(outer, served)
    const at = (path: string, method = 'GET') => mcp(app.origin).send(method, path, { host: 'localhost:4711' })
    const refused = await at('/inner/app/mcp', 'POST')
    assert.equal(refused.status, 401)
    assert.match(String(refused.headers['www-authenticate']), /localhost:4711\/\.well-known\/oauth-protected-resource\/inner\/app\/mcp"/)
    const resource = (await at('/.well-known/oauth-protected-resource/inner/app/mcp')).body
    assert.deepEqual(
      [resource.resource, resource.authorization_servers],
      ['http://localhost:4711/inner/app/mcp', ['http://localhost:4711/inner/app']],
    )
    const metadata = (await at('/.well-known/oauth-authorization-server/inner/app')).body
    assert.equal(metadata.token_endpoint, 'http://localhost:4711/inner/app/token')
    assert.equal((await at('/inner/app/jwks')).body.keys.length, 1)
    assert.equal((await at('/mcp', 'POST')).status, 404)
  })
})

describe('an app that does not say where it is', () => {
  it('is taken to be at localhost by its first request, and for nothing else', async () => {
    const served = await start()
    await using app = await listen((request, response) => served.service.node(request, response), served)
    assert.equal(served.service.url, '')
    assert.equal((await mcp(app.url).request('tools/list', {}, { host: 'evil.example' })).status, 403)
    assert.equal(served.service.url, '')
    assert.match(served.log(), /set publicUrl to its URL/)
    // Not even the port is taken from what somebody wrote.
    assert.equal((await mcp(app.url).request('tools/list', {}, { host: 'localhost:1' })).status, 403)
    assert.equal(served.service.url, app.url)
    const link = await served.service.setupLink()
    assert.ok(link?.startsWith(`${app.origin}/setup?code=`))
  })
  it('serves nobody from elsewhere, whatever interfaces it listens on', async () => {
    await using served = await startService({ mounted: true, port: 3000 }, { entries })
    const ask = (address?: string) =>
      served.service.fetch(new Request('http://localhost:3000/mcp', { method: 'POST' }), address === undefined ? {} : { address })
    assert.equal((await ask('127.0.0.1')).status, 401)
    assert.equal((await ask('::1')).status, 401)
    for (const address of ['192.0.2.7', 'unknown', '', undefined]) assert.equal((await ask(address)).status, 403, address)
  })
})

describe('fetch', () => {
  const here = { mounted: true, port: 3000 } as const
  const from = { address: '127.0.0.1' }
  it('holds a stream back while nobody reads, and lets it go when the reader leaves', async () => {
    let isAborted = false
    let sent = 0
    const flood = tool('flood', async (_, call) => {
      call.onAbort(() => (isAborted = true))
      for (let at = 0; at < 200 && !isAborted; at++) {
        call.notify({ method: 'notifications/progress', params: { progressToken: 1, progress: at, message: 'x'.repeat(50_000) } })
        sent++
        await delay(1)
      }
      return say('done')
    })
    await using served = await startService(here, { entries: [flood] })
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      progressToken: 1,
    }
    const controller = new AbortController()
    const response = await served.service.fetch(
      new Request('http://localhost:3000/mcp', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${served.key}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'flood',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'flood', _meta: meta } }),
        signal: controller.signal,
      }),
      from,
    )
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await until('most of it was sent', () => sent > 60)
    await until('all of it was sent', () => sent === 200)
    // Most of the 10 MB are dropped: progress may be lost, memory may not.
    let got = 0
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) got += chunk.value.length
    assert.ok(got < 3_000_000, String(got))

    const again = await served.service.fetch(
      new Request('http://localhost:3000/mcp', {
        method: 'GET',
        headers: { authorization: `Bearer ${served.key}`, accept: 'text/event-stream' },
      }),
      from,
    )
    assert.equal(again.status, 200)
    await again.body?.cancel()
    await until('the stream is on record', async () => (await served.records()).length === 2)
  })
  it('answers HEAD and OPTIONS without a body, and says what is missing', async () => {
    await using served = await startService(here, { entries })
    const ask = (method: string, path = '/mcp') => served.service.fetch(new Request(`http://localhost:3000${path}`, { method }), from)
    const options = await ask('OPTIONS')
    assert.deepEqual([options.status, options.body, options.headers.get('allow')], [204, null, 'POST, GET, DELETE, OPTIONS'])
    assert.equal((await ask('HEAD', '/.well-known/oauth-protected-resource')).body, null)
    assert.equal((await ask('GET', '/nothing')).status, 404)
    assert.equal((await ask('POST')).status, 401)
  })
  it('is given up by its signal', async () => {
    await using served = await startService(here, { entries })
    const request = new Request('http://localhost:3000/mcp', {
      method: 'GET',
      headers: { authorization: `Bearer ${served.key}`, accept: 'text/event-stream' },
      signal: AbortSignal.timeout(100),
    })
    const response = await served.service.fetch(request, from)
    await assert.rejects(response.text())
  })
})
