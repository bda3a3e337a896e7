import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { createCors } from '../../src/transports/index.ts'
import { verifies } from '../requirements.ts'
import { mcp } from '../support/mcp.ts'
import { type Served, startService } from '../support/service.ts'

verifies('cors')

// As the guide writes it.
const guide = {
  origin: ['https://trusted-app.com', 'https://admin.trusted-app.com'],
  methods: ['GET', 'POST'],
  allowHeaders: ['Authorization', 'Content-Type'],
  maxAge: 86400,
}
const PAGE = 'https://trusted-app.com'

let served: Served
const send = (headers: Record<string, string>, method = 'POST', path = '/mcp', body?: string) =>
  mcp(served.service.url).send(method, path, { 'content-type': 'application/json', accept: 'application/json', ...headers }, body)
const ask = (method: string, headers = '', origin = PAGE) =>
  send({ origin, 'access-control-request-method': method, ...(headers && { 'access-control-request-headers': headers }) }, 'OPTIONS')
const listed = (value: string | string[] | undefined): string[] =>
  String(value ?? '')
    .toLowerCase()
    .split(/, */)

before(async () => {
  served = await startService({ port: 0 }, { cors: guide })
})
after(() => served[Symbol.asyncDispose]())

describe('a preflight', () => {
  it('is answered with what was configured, and may be kept', async () => {
    const { status, headers } = await ask('POST', 'authorization,content-type')
    assert.equal(status, 204)
    assert.equal(headers['access-control-allow-origin'], PAGE)
    assert.equal(headers['access-control-allow-methods'], 'GET, POST')
    assert.equal(headers['access-control-max-age'], '86400')
    assert.equal(headers.vary, 'Origin')
    assert.equal(headers['access-control-allow-credentials'], undefined)
    for (const name of ['authorization', 'content-type']) assert.ok(listed(headers['access-control-allow-headers']).includes(name), name)
  })
  it('allows what the protocol cannot do without, though the configuration leaves it out, and nothing else', async () => {
    const { headers } = await ask('POST', 'mcp-method, mcp-param-region, x-api-key, x-evil, mcp-param-bad header')
    const allowed = listed(headers['access-control-allow-headers'])
    for (const name of ['mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id', 'last-event-id', 'mcp-param-region'])
      assert.ok(allowed.includes(name), name)
    for (const name of ['x-api-key', 'x-evil', 'mcp-param-bad header', '*']) assert.ok(!allowed.includes(name), name)
  })
  it('is no way in for others: an origin that differs in anything is told nothing', async () => {
    for (const origin of [
      'http://trusted-app.com',
      'https://trusted-app.com:8443',
      'https://x.trusted-app.com',
      'https://trusted-app.com.evil.example',
      'https://TRUSTED-APP.com',
      'null',
      '*',
    ]) {
      const { status, headers } = await ask('POST', 'authorization', origin)
      assert.equal(status, 403, origin)
      for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^access-control/, origin)
    }
  })
})

describe('an answer to a page', () => {
  const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
  const readable = (headers: IncomingHttpHeaders) => {
    assert.equal(headers['access-control-allow-origin'], PAGE)
    assert.equal(headers.vary, 'Origin')
    for (const name of ['www-authenticate', 'mcp-session-id', 'retry-after'])
      assert.ok(listed(headers['access-control-expose-headers']).includes(name), name)
  }
  it('can be read by it whatever it says: 200, 400, 401, 404, 405, 415', async () => {
    const authorization = `Bearer ${served.key}`
    for (const [status, answer] of [
      [200, await send({ origin: PAGE, authorization }, 'POST', '/mcp', call)],
      [400, await send({ origin: PAGE, authorization }, 'POST', '/mcp', '{')],
      [401, await send({ origin: PAGE }, 'POST', '/mcp', call)],
      [404, await send({ origin: PAGE, authorization }, 'GET', '/nothing')],
      [406, await send({ origin: PAGE, authorization, accept: 'text/html' }, 'POST', '/mcp', call)],
      [415, await send({ origin: PAGE, authorization, 'content-type': 'text/plain' }, 'POST', '/mcp', call)],
    ] as const) {
      assert.equal(answer.status, status)
      readable(answer.headers)
    }
  })
  it('can be read when a budget is spent, on the endpoint and on metadata', async () => {
    const once = { max: 1, windowMs: 60_000 }
    const many = { max: 1_000, windowMs: 60_000 }
    await using limited = await startService(
      { port: 0 },
      { cors: guide, rates: { address: once, principal: many, client: many, tool: many } },
    )
    const get = (path: string) => mcp(limited.service.url).send('GET', path, { origin: PAGE })
    await get('/mcp')
    const spent = await get('/mcp')
    assert.equal(spent.status, 429)
    readable(spent.headers)
    const metadata = await get('/.well-known/oauth-protected-resource/mcp')
    assert.equal(metadata.status, 429)
    assert.equal(metadata.headers['access-control-allow-origin'], '*')
  })
  it('of the metadata can be read by every page, and by none with credentials', async () => {
    for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-authorization-server']) {
      const { status, headers } = await send({ origin: 'https://any.example' }, 'GET', path)
      assert.equal(status, 200)
      assert.equal(headers['access-control-allow-origin'], '*')
      assert.equal(headers['access-control-allow-credentials'], undefined)
    }
  })
  it('varies with the origin for whoever asks, so that no cache hands one page’s answer to another', async () => {
    assert.equal((await send({}, 'POST', '/mcp', call)).headers.vary, 'Origin')
  })
  it('to a request with a method that is not in the list is a refusal, since browsers let some pass unasked', async () => {
    const refused = await send({ origin: PAGE, authorization: `Bearer ${served.key}` }, 'DELETE')
    assert.equal(refused.status, 403)
    await using getOnly = await startService({ port: 0 }, { cors: { origin: PAGE, methods: ['GET'] } })
    const posted = await mcp(getOnly.service.url, { key: getOnly.key }).request('tools/list', {}, { origin: PAGE })
    assert.equal(posted.status, 403)
    assert.equal((await mcp(getOnly.service.url, { key: getOnly.key }).request('tools/list')).status, 200)
  })
})

describe('cross-origin options', () => {
  it('are closed unless an origin is named', async () => {
    await using closed = await startService({ port: 0 })
    const answer = await mcp(closed.service.url, { key: closed.key }).request('tools/list', {}, { origin: PAGE })
    assert.equal(answer.status, 403)
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
    assert.equal((await mcp(closed.service.url, { key: closed.key }).request('tools/list')).headers.vary, undefined)
  })
  it('take no wildcard and no pattern, and say everything that is wrong', async () => {
    for (const origin of ['*', 'https://*.example.com', 'null', 'example.com', 'https://example.com/', ['https://fine.example', '*']])
      await assert.rejects(startService({ port: 0 }, { cors: { origin } }), (error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, /^cors\.origin.*must be an origin, like https:\/\/app\.example\.com; "\*" and patterns are not taken/)
        return true
      })
    const wrong = { origin: PAGE, methods: ['PUT'], allowHeaders: ['*', 'a b'], maxAge: -1, exposeHeader: [] } as never
    await assert.rejects(startService({ port: 0 }, { cors: wrong }), (error) => {
      assert.ok(error instanceof ConfigError)
      const said = error.problems.join('\n')
      for (const part of [/cors\.methods\.0/, /cors\.allowHeaders\.1/, /cors\.maxAge/, /exposeHeader/]) assert.match(said, part)
      return true
    })
  })
  it('say what they were told: an origin as browsers write it, one list of each, cookies only where asked', () => {
    const page = 'https://app.example'
    const cors = createCors({
      origin: 'HTTPS://App.example:443',
      exposeHeaders: ['X-Trace', 'www-authenticate'],
      credentials: true,
      maxAge: 5,
    })
    assert.ok(cors.allows(page, 'DELETE'))
    const fields = Object.fromEntries(pairs(cors.answer(page)))
    assert.equal(fields['Access-Control-Allow-Origin'], page)
    assert.equal(fields['Access-Control-Allow-Credentials'], 'true')
    assert.deepEqual(listed(fields['Access-Control-Expose-Headers']), ['www-authenticate', 'dpop-nonce', 'mcp-session-id', 'x-trace'])
  })
  it('cost a request no list: the same one is given each time', () => {
    const cors = createCors(guide)
    assert.equal(cors.answer(PAGE), cors.answer(PAGE))
    const request = { headers: { origin: PAGE, 'access-control-request-headers': 'authorization' } } as never
    assert.equal(cors.preflight(request), cors.preflight(request))
  })
})

const pairs = (fields: readonly string[]): [string, string][] =>
  fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] as string] as [string, string]] : []))
