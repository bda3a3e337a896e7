/** What the specification asks of a server that takes tokens, on a server in code: RS1–RS3, RS6–RS8, RS11–RS13, RS31–RS34. */

import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, connect } from '../support/authorization.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

verifies('RS1', 'RS2', 'RS3', 'RS6', 'RS7', 'RS8', 'RS11', 'RS12', 'RS13', 'RS31', 'RS32', 'RS33', 'RS34')

const ran: string[] = []
let world: TestServer
let key: string
let reader: string

before(async () => {
  const tools = [
    { name: 'look', permissions: { requiredScopes: ['tools:read'] }, execute: () => void ran.push('look') },
    { name: 'change', execute: () => void ran.push('change') },
    { name: 'mine', permissions: { access: 'private', clients: ['trusted'], requiredScopes: ['tools:read'] }, execute: () => 'mine' },
    {
      name: 'talk',
      permissions: { requiredScopes: ['tools:read'] },
      execute: (_: unknown, context: { log(level: string, data: unknown): void }) => {
        context.log('debug', 'a detail')
        context.log('error', { token: `spk_12345678_${'a1B2'.repeat(9)}cD` })
        return 'said'
      },
    },
  ]
  const resources = [
    { uri: 'note://one', name: 'one', read: () => 'one' },
    { uri: 'note://secret', name: 'secret', permissions: { requiredScopes: ['admin'] }, read: () => 'secret' },
  ]
  world = await startServer({ tools, resources } as unknown as MCPServerOptions)
  key = await world.key()
  reader = await world.key(['tools:read', 'resources:read'])
  await world.user(ANA.name, ANA.password)
})
after(() => world[Symbol.asyncDispose]())

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

describe('metadata', () => {
  test('names the authorization server, at the path of the endpoint and at the root (RFC 9728 §3.1)', async () => {
    for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
      const { status, body } = await mcp(world.url).send('GET', path)
      assert.equal(status, 200)
      assert.equal(body.resource, world.url)
      assert.deepEqual(body.authorization_servers, [world.issuer])
      assert.deepEqual(body.bearer_methods_supported, ['header'])
    }
  })
  test('asks for the scopes that something needs, never for offline_access, and a wildcard is none', async () => {
    const { body } = await mcp(world.url).send('GET', '/.well-known/oauth-protected-resource/mcp')
    const { headers } = await mcp(world.url).request('tools/list')
    const asked = /scope="([^"]*)"/.exec(String(headers['www-authenticate']))?.[1]?.split(' ')
    for (const scopes of [body.scopes_supported, asked]) {
      assert.deepEqual(new Set(scopes), new Set(['admin', 'resources:read', 'tools:execute', 'tools:read']))
    }
  })
})

describe('without a good credential', () => {
  test('everything is 401 with where to sign in, whatever is sent, and nothing of it is looked at', async () => {
    const bodies = [
      '',
      'not json',
      '[]',
      '{"jsonrpc":"2.0"}',
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look' } }),
    ]
    for (const body of bodies)
      for (const type of ['application/json', 'text/plain'])
        for (const headers of [{}, { authorization: 'Bearer nothing' }, { 'x-api-key': 'nothing' }]) {
          const answer = await mcp(world.url).send('POST', '/mcp', { 'content-type': type, ...headers }, body)
          assert.equal(answer.status, 401)
          assert.match(
            String(answer.headers['www-authenticate']),
            /resource_metadata="http:\/\/localhost:\d+\/\.well-known\/oauth-protected-resource\/mcp"/,
          )
        }
    assert.deepEqual(ran, [])
  })
  test('a token in the query string is none', async () => {
    const { status } = await mcp(world.url).send('POST', `/mcp?access_token=${key}&api_key=${key}`, json, '{}')
    assert.equal(status, 401)
  })
  test('an invalid one is 401 invalid_token, two at once are 400 invalid_request', async () => {
    const invalid = await mcp(world.url, { key: 'nothing' }).request('tools/list')
    assert.match(String(invalid.headers['www-authenticate']), /error="invalid_token"/)
    const twice = await mcp(world.url, { key, headers: { 'x-api-key': key } }).request('tools/list')
    assert.equal(twice.status, 400)
    assert.match(String(twice.headers['www-authenticate']), /error="invalid_request"/)
  })
  test('a token that lacks a scope is 403, with all that the call needs', async () => {
    const { tokens } = await connect({ issuer: world.issuer, resource: world.url }, { changes: { scope: 'tools:read' } })
    const token = tokens.access_token
    const { status, headers } = await mcp(world.url, { token }).call('change')
    assert.equal(status, 403)
    assert.match(String(headers['www-authenticate']), /error="insufficient_scope", scope="tools:read tools:execute"/)
  })
})

describe('nothing is remembered', () => {
  test('each request on one connection is judged by its own credential, version and capabilities', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const list = (headers: Record<string, string>): Promise<{ status: number; names: string[] }> =>
      new Promise((resolve, reject) => {
        const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } })
        const sent = request(world.url.replace('localhost', '127.0.0.1'), {
          method: 'POST',
          agent,
          headers: { ...json, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list', ...headers },
        })
        sent.on('error', reject).on('response', async (response) => {
          let text = ''
          for await (const chunk of response) text += chunk
          const tools: Json = response.statusCode === 200 ? JSON.parse(text).result.tools : []
          resolve({ status: response.statusCode ?? 0, names: tools.map(({ name }: Json) => name).sort() })
        })
        sent.end(body)
      })
    assert.deepEqual(await list({ authorization: `Bearer ${key}` }), { status: 200, names: ['change', 'look', 'talk'] })
    assert.deepEqual(await list({}), { status: 401, names: [] })
    assert.deepEqual(await list({ authorization: `Bearer ${reader}` }), { status: 200, names: ['look', 'talk'] })
    assert.deepEqual(await list({ authorization: `Bearer ${key}` }), { status: 200, names: ['change', 'look', 'talk'] })
    agent.destroy()
  })
  test('what a client calls itself opens nothing', async () => {
    const clientInfo = { name: 'trusted', version: '1' }
    const { error } = await mcp(world.url, { key }).call('mine', {}, { 'io.modelcontextprotocol/clientInfo': clientInfo })
    assert.equal(error.message, 'Unknown tool')
  })
  test('a field of _meta that is needed and missing is −32602 and 400', async () => {
    for (const missing of ['protocolVersion', 'clientCapabilities']) {
      const { status, error } = await mcp(world.url, { key }).request('tools/list', {
        _meta: { [`io.modelcontextprotocol/${missing}`]: undefined },
      })
      assert.equal(status, 400)
      assert.equal(error.code, -32602)
    }
  })
})

describe('what a caller hears', () => {
  test('is no log message unless it asked, then from its level on, without secrets', async () => {
    const client = mcp(world.url, { key })
    assert.deepEqual((await client.call('talk')).notifications, [])
    const { notifications } = await client.call('talk', {}, { 'io.modelcontextprotocol/logLevel': 'warning' })
    assert.deepEqual(
      notifications.map(({ method, params }: Json) => [method, params.level, params.data]),
      [['notifications/message', 'error', { token: '[redacted]' }]],
    )
    const { status } = await client.call('talk', {}, { 'io.modelcontextprotocol/logLevel': 'loud' })
    assert.equal(status, 400)
  })
  test('of a subscription begins with what was agreed, is marked, and is nothing that it did not ask for or may not read', async () => {
    const stream = await mcp(world.url, { key }).open('subscriptions/listen', {
      notifications: { promptsListChanged: true, resourceSubscriptions: ['note://one', 'note://secret', 'note://none'] },
    })
    const heard: Json[] = []
    const reading = (async () => {
      for await (const message of stream.messages) heard.push(message)
    })()
    await until('it is agreed', () => heard.length === 1)
    for (const uri of ['note://one', 'note://secret', 'note://none']) world.server.resourceUpdated(uri)
    await world.server.update({ tools: [{ name: 'look', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'new' }] } as never)
    await until('what it asked for', () => heard.length === 2)
    await delay(100)
    stream.abort()
    await reading.catch(() => {})
    assert.deepEqual(
      heard.map(({ method }) => method),
      ['notifications/subscriptions/acknowledged', 'notifications/resources/updated'],
    )
    assert.deepEqual(heard[0].params.notifications, { promptsListChanged: true, resourceSubscriptions: ['note://one'] })
    assert.equal(heard[1].params.uri, 'note://one')
    for (const { params } of heard) assert.ok(params._meta['io.modelcontextprotocol/subscriptionId'] !== undefined)
  })
})
