// G6, G13: of what a caller sends along, parameter headers that we do not know and trace context go on as they came, and
// nothing else: an intermediary that adds, drops or takes over other things here hands out credentials or breaks traces.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, type Seen, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { createWitness, type Gateway, said, startGateway, type Witness } from '../support/gateway.ts'
import { mcp, type Version } from '../support/mcp.ts'

verifies('G6', 'G13')

const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']
const region = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } }

let gateway: Gateway
let web: HttpWitness
let old: HttpWitness
let child: Witness
let key: string

before(async () => {
  web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look', { inputSchema: region })], prompts: [{ name: 'greet' }] })
  old = await startHttpWitness({ era: 'legacy', name: 'old', tools: [tool('look')] })
  gateway = await startGateway({
    servers: (folder) => {
      child = createWitness(folder, 'child', { era: 'legacy', name: 'child', tools: [tool('look')] })
      return { web: { url: web.url, headers: { 'x-team': 'blue' } }, old: { url: old.url }, child: child.entry }
    },
  })
  key = (await gateway.key()).key
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await old[Symbol.asyncDispose]()
})

const last = ({ seen }: HttpWitness): Seen => seen.at(-1) as Seen
const parametersOf = ({ headers }: Seen): Record<string, string> =>
  Object.fromEntries(headers.filter(([name]) => name.startsWith('mcp-param-')))

describe('G6: parameter headers', () => {
  it('one that we do not know reaches a modern upstream as it came', async () => {
    const unknown = {
      'mcp-param-tenant': 'blue; v="1", x',
      'mcp-param-note': '=?base64?SGVsbG8sIOS4lueVjA==?=',
      'mcp-param-odd': '=?base64?not canonical',
      'mcp-param-empty': '',
    }
    for (const version of ERAS) {
      const client = mcp(gateway.url, { key, version, headers: unknown })
      assert.equal(said(await client.call('web__look')), 'web: look')
      assert.deepEqual(parametersOf(last(web)), unknown)
      assert.ok((await client.request('prompts/get', { name: 'web__greet' })).result)
      assert.deepEqual(parametersOf(last(web)), unknown)
    }
    assert.equal(said(await mcp(gateway.url, { key }).call('web__look')), 'web: look')
    assert.deepEqual(parametersOf(last(web)), {})
  })
  it('one that we know is made of the arguments, and a caller cannot put another value there', async () => {
    const client = mcp(gateway.url, { key })
    const look = (args: object, headers: Record<string, string>) =>
      client.request('tools/call', { name: 'web__look', arguments: args }, headers)
    const calls = web.seen.length
    for (const [args, headers] of [
      [{ region: 'eu' }, { 'mcp-param-region': 'us' }],
      [{ region: 'eu' }, {}],
      [{}, { 'mcp-param-region': 'us' }],
    ] as const) {
      const refused = await look(args, headers as Record<string, string>)
      assert.deepEqual([refused.status, refused.error.code], [400, -32020])
    }
    assert.equal(web.seen.length, calls)
    assert.equal(said(await look({ region: 'eu' }, { 'mcp-param-region': 'eu', 'MCP-PARAM-Tenant': 'blue' })), 'web: look')
    assert.deepEqual(parametersOf(last(web)), { 'mcp-param-region': 'eu', 'mcp-param-tenant': 'blue' })
    // The legacy revision knows no such headers: what is sent as one is neither compared nor believed.
    const legacy = mcp(gateway.url, { key, version: '2025-11-25', headers: { 'mcp-param-region': 'us' } })
    await legacy.call('web__look', { region: 'eu' })
    assert.deepEqual(parametersOf(last(web)), { 'mcp-param-region': 'eu' })
    await legacy.call('web__look', {})
    assert.deepEqual(parametersOf(last(web)), {})
  })
  it('no other header goes on, whatever it is called, nor does one that was for this connection only', async () => {
    const canary = 'canary-b5e0'
    const names = [
      'x-api-version',
      'cookie',
      'cookie2',
      'x-forwarded-for',
      'forwarded',
      'via',
      'te',
      'x-mcp-param-x',
      'mcp-parameter',
      'mcp-params-x',
      'mcp-client',
      'last-event-id',
      'proxy-authorization',
      'x-team',
      'origin-agent',
      'traceparent',
      'baggage',
      'user-agent',
      'accept-language',
      'range',
      'if-none-match',
    ]
    const headers = {
      ...Object.fromEntries(names.map((name) => [name, canary])),
      connection: 'keep-alive, Mcp-Param-Hop',
      'mcp-param-hop': canary,
    }
    for (const version of ERAS) {
      for (const server of ['web', 'old'])
        assert.equal(said(await mcp(gateway.url, { key, version, headers }).call(`${server}__look`)), `${server}: look`)
    }
    for (const witness of [web, old]) assert.equal(witness.everything().includes(canary), false)
    assert.equal(new Map(last(web).headers).get('x-team'), 'blue')
  })
})

describe('G13: trace context', () => {
  const trace = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    baggage: 'userId=am%C3%A9lie,serverNode=DF%2028;isProduction=false',
    'vendor.example/nested': { deep: [1, { two: 'drei' }] },
  }
  const protocol = {
    'io.modelcontextprotocol/clientInfo': { name: 'spy', version: '9' },
    'io.modelcontextprotocol/anything': 'private',
    'io.modelcontextprotocol/logLevel': 'debug',
  }

  for (const version of ERAS) {
    it(`of a caller of ${version} reaches every kind of upstream unchanged, and the protocol’s own keys do not`, async () => {
      const client = mcp(gateway.url, { key, version })
      for (const server of ['web', 'old', 'child']) {
        const meta = { ...trace, ...protocol, progressToken: 'the-callers-own' }
        assert.equal(said(await client.call(`${server}__look`, {}, meta)), `${server}: look`)
        const arrived = server === 'child' ? child.messages().at(-1) : last(server === 'web' ? web : old).body
        const { _meta: got } = arrived.params
        const foreign = Object.fromEntries(
          Object.entries(got).filter(([name]) => !name.startsWith('io.modelcontextprotocol/') && name !== 'progressToken'),
        )
        assert.deepEqual(foreign, trace)
        // Ours, since two callers may have chosen the same one.
        assert.equal(got.progressToken, arrived.id)
        const own = Object.keys(got)
          .filter((name) => name.startsWith('io.modelcontextprotocol/'))
          .sort()
        const modern = ['clientCapabilities', 'clientInfo', 'protocolVersion'].map((name) => `io.modelcontextprotocol/${name}`)
        assert.deepEqual(own, server === 'web' ? modern : [])
        if (server === 'web') assert.equal(got['io.modelcontextprotocol/clientInfo'].name, 'sallyport')
        assert.doesNotMatch(JSON.stringify(arrived), /spy|private|the-callers-own/)
      }
    })
  }
  it('is on record, where it is one', async () => {
    const client = mcp(gateway.url, { key })
    await client.call('child__look', {}, { traceparent: trace.traceparent })
    await client.call('child__look', {}, { traceparent: `${'0'.repeat(300)}` })
    const [valid, odd] = (await gateway.records()).slice(-2)
    assert.deepEqual([valid?.traceparent, odd?.traceparent], [trace.traceparent, undefined])
  })
})
