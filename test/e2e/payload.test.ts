// Payload encryption from one end to the other: what our client seals, our server opens, and the other way round. Between them stand a
// gateway of ours and `mcp-proxy`, and on each wire somebody who writes down every byte: none of them sees a value, and what they have
// caught opens nothing.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { MCPClient, type MCPClientOptions, type ToolCallView } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { type Bank, CARD, createBank, IBAN, OWNER } from '../fixtures/bank.ts'
import { verifies } from '../requirements.ts'
import { findInBytes, findInFolder } from '../support/at-rest.ts'
import { start, stop } from '../support/child.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { run, SALLYPORT } from '../support/index.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir, findFreePort, type TempDir } from '../support/paths.ts'
import { granted } from '../support/sandbox.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Json } from '../support/sse.ts'
import { type StdioTap, startTcpTap, stdioTap, type TcpTap } from '../support/taps.ts'
import { until } from '../support/until.ts'

verifies('payload-between', 'payload-encryption')

const BANK = join(import.meta.dirname, '..', 'fixtures', 'bank.ts')
const SECRETS = [CARD, IBAN, OWNER]
const PAID = { iban: IBAN, owner: OWNER, paid: 7 }
const ARGS = { card: { number: CARD }, amount: 7 }

let folder: TempDir
let bank: Bank
let server: TestServer
let serverKey: string
let wire: TcpTap
let pipe: StdioTap
let gateway: Gateway
let front: TcpTap
let key: string

const connect = (serverUrl: string, apiKey: string | undefined, more: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ serverUrl, log: silentLog, ...(apiKey !== undefined && { auth: { type: 'api_key', apiKey } }), ...more })

before(async () => {
  folder = await createTempDir('payload')
  bank = createBank()
  server = await startServer({ name: 'bank', tools: bank.tools })
  serverKey = await server.key()
  wire = await startTcpTap(server.url)
  const beside = join(folder.path, 'beside')
  mkdirSync(beside)
  pipe = stdioTap(beside, 'child', BANK, join(beside, 'child'))
  gateway = await startGateway({
    servers: {
      web: { url: wire.url, headers: { authorization: `Bearer ${serverKey}` } },
      child: {
        command: pipe.command,
        args: pipe.args,
        release: { account: { maxBytes: 2048 } },
        sandbox: granted({ write: [beside] }),
      },
    },
    config: { audit: { arguments: 'sealed' } },
  })
  front = await startTcpTap(gateway.url)
  key = (await gateway.key()).key
})
after(async () => {
  await front[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await wire[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await folder.remove()
})

/** The sealed calls that somebody on the wire has read. */
const caught = (tap: Pick<TcpTap, 'bytes'>): Json[] =>
  tap
    .bytes()
    .toString()
    .split(/\r?\n/)
    .flatMap((line) => line.match(/\{"jsonrpc".*\}/g) ?? [])
    .map((text) => JSON.parse(text) as Json)
    .filter(({ method, params }) => method === 'tools/call' && params.arguments?.card?.startsWith('ey'))

function assertNothingIn(tap: Pick<TcpTap, 'bytes'>, where: string): void {
  const bytes = tap.bytes()
  assert.ok(bytes.includes('Pays with a card.') && bytes.includes('"amount":7'), `${where} was read`)
  assert.deepEqual(findInBytes(bytes, SECRETS, where), [])
}

describe('through our gateway', () => {
  it('a value and a result are read at the two ends alone, over HTTP and over pipes, whatever the gateway calls the tool', async () => {
    const views: ToolCallView[] = []
    await using client = connect(front.url, key, { onToolCall: (view) => views.push(view) > 0 })
    const tools = await client.listTools()
    for (const upstream of ['web', 'child']) {
      const listed = tools.find(({ name }) => name === `${upstream}__pay`) as Json
      assert.deepEqual(listed.inputSchema.properties.card.properties, { number: { type: 'string' } }, 'as its author wrote it')
      assert.equal(listed.inputSchema.properties.card['x-sallyport-encrypted'], true)
      const { structuredContent, content } = await client.callTool(`${upstream}__pay`, ARGS)
      assert.deepEqual(structuredContent, PAID)
      assert.deepEqual(content, [{ type: 'text', text: JSON.stringify(PAID) }])
      assert.deepEqual(
        (await client.request({ method: 'tools/call', params: { name: `${upstream}__pay`, arguments: ARGS } }))['structuredContent'],
        PAID,
      )
    }
    assert.deepEqual(bank.ran.at(-1), { tool: 'pay', args: ARGS })
    assert.deepEqual(JSON.parse(views[0]?.arguments ?? ''), ARGS, 'who is asked sees what is meant')
    for (const [where, tap] of Object.entries({ front, wire, pipe })) assertNothingIn(tap, where)
  })

  it('a result is encrypted also where no argument is', async () => {
    await using client = connect(front.url, key)
    assert.deepEqual((await client.callTool('web__account')).structuredContent, { ...PAID, paid: 0 })
  })

  it('a result that is larger than its budget is refused: no part of it would open', async () => {
    await using client = connect(front.url, key)
    const { isError, content } = await client.callTool('child__account')
    assert.equal(isError, true)
    assert.match(JSON.stringify(content), /2048/)
    assert.ok(!JSON.stringify(content).includes('resource_link'))
  })

  it('an agreement is made once for a tool; the key is another for each connection', async () => {
    const before = new Set(caught(wire).map(({ params }) => params.arguments.card))
    for (let clients = 0; clients < 2; clients++) {
      await using client = connect(front.url, key)
      await Promise.all([client.callTool('web__pay', ARGS), client.callTool('web__pay', ARGS)])
      await client.callTool('web__pay', ARGS)
    }
    const calls = caught(wire).filter(({ params }) => !before.has(params.arguments.card))
    assert.equal(calls.length, 6)
    const keys = new Set(calls.map(({ params }) => params._meta['sallyport/encryption'].epk.x))
    assert.equal(keys.size, 2)
    const asked =
      wire
        .bytes()
        .toString()
        .match(/sallyport-agree\./g) ?? []
    const all = new Set(caught(wire).map(({ params }) => params._meta['sallyport/encryption'].epk.x))
    assert.equal(asked.length, all.size, 'once for each')
  })

  it('a question in the middle of a call is answered, and the same sealed value goes again', async () => {
    const onInput = { elicitation: async () => ({ action: 'accept' as const, content: { yes: true } }) }
    await using client = connect(front.url, key, { onInput })
    assert.deepEqual((await client.callTool('web__confirm', ARGS)).structuredContent, PAID)
    const rounds = caught(wire).filter(({ params }) => params.name === 'confirm')
    assert.ok(rounds.length >= 2)
    assert.equal(new Set(rounds.map(({ params }) => params.arguments.card)).size, 1)
    assert.equal(bank.ran.at(-1)?.tool, 'confirm')
  })

  it('neither its audit, nor its log, nor its data folder has any of it', async () => {
    const records = await gateway.records()
    assert.ok(records.length > 5)
    assert.deepEqual(findInBytes(Buffer.from(JSON.stringify(records)), SECRETS, 'audit'), [])
    assert.deepEqual(findInBytes(Buffer.from(gateway.log()), SECRETS, 'log'), [])
    assert.deepEqual(findInFolder(gateway.folder, SECRETS), [])
    for (const [where, tap] of Object.entries({ front, wire, pipe })) assertNothingIn(tap, where)
  })

  it('what was caught on the wire opens nothing: not again, not cut, not for another tool, field or caller', async () => {
    const ran = bank.ran.length
    const [{ params }] = caught(wire).filter(({ params }) => params.name === 'pay') as [Json]
    const { arguments: args, _meta: meta } = params
    const sealed = { 'sallyport/encryption': meta['sallyport/encryption'] }
    const [same, other] = [mcp(server.url, { token: serverKey }), mcp(server.url, { token: await server.key() })]
    const problems: Json[] = []
    for (const [client, name, given] of [
      [same, 'pay', args],
      [same, 'pay', { ...args, card: args.card.slice(0, -8) }],
      [same, 'pay', { ...args, card: args.card.replace(/.{4}(\.[^.]+)$/, '$1') }],
      [same, 'hold', args],
      [same, 'hold', { ...args, spare: args.card }],
      [other, 'pay', args],
    ] as const) {
      const { result } = await client.call(name, given, sealed)
      assert.equal(result.isError, true)
      problems.push(result._meta['sallyport/encryption'].problem)
    }
    assert.deepEqual(problems, ['used_before', 'malformed', 'does_not_open', 'bound_elsewhere', 'bound_elsewhere', 'bound_elsewhere'])
    assert.equal(bank.ran.length, ran)
  })
})

describe('through mcp-proxy', () => {
  for (const [era, flags] of [
    ['2026-07-28', []],
    ['2025-11-25', ['--no-modern']],
  ] as const)
    it(`at ${era}: neither side of it has a value or a result in clear`, async () => {
      const manifest = findPackageJSON('mcp-proxy', import.meta.url) ?? assert.fail('mcp-proxy is installed')
      const program = join(
        dirname(manifest),
        (JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { 'mcp-proxy': string } }).bin['mcp-proxy'],
      )
      const behind = stdioTap(folder.path, `proxy-${era}`, BANK, join(folder.path, `proxy-${era}`))
      const port = await findFreePort()
      const own = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', ...flags]
      const proxy = start(process.execPath, [program, ...own, '--', behind.command, ...behind.args], { cwd: folder.path })
      try {
        const ping = `http://127.0.0.1:${port}/ping`
        await until(
          'it listens',
          () =>
            fetch(ping).then(
              ({ ok }) => ok,
              () => false,
            ),
          20_000,
        )
        await using before = await startTcpTap(`http://127.0.0.1:${port}/mcp`)
        await using client = connect(before.url, undefined)
        assert.equal((await client.serverInfo()).protocolVersion, era)
        assert.deepEqual((await client.callTool('pay', ARGS)).structuredContent, PAID)
        assert.deepEqual((await client.callTool('account')).structuredContent, { ...PAID, paid: 0 })
        assertNothingIn(before, 'between client and proxy')
        assertNothingIn(behind, 'between proxy and server')
        assert.deepEqual(findInBytes(Buffer.from(proxy.stderr()), SECRETS, 'its log'), [])
      } finally {
        await stop(proxy.process)
      }
    })
})

describe('without anybody in between', () => {
  it('it works over WebSocket, and over the pipes of a server that the client starts', async () => {
    await using socket = connect(server.url, serverKey, { transport: 'websocket' })
    assert.deepEqual((await socket.callTool('pay', ARGS)).structuredContent, PAID)
    await using started = new MCPClient({ command: process.execPath, args: [BANK, join(folder.path, 'started')], log: silentLog })
    assert.deepEqual((await started.callTool('pay', ARGS)).structuredContent, PAID)
  })

  it('a client that cannot encrypt gets a clear error, and the function does not run', async () => {
    const ran = bank.ran.length
    const says = /encrypted: use a client that can.*MCPClient/s
    const official = new Client({ name: 'official', version: '1' })
    const headers = { authorization: `Bearer ${serverKey}` }
    await official.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } }))
    await official.listTools()
    for (const call of [{ name: 'pay', arguments: ARGS }, { name: 'account' }]) {
      const refused = (await official.callTool(call)) as Json
      assert.equal(refused.isError, true)
      assert.match(refused.content[0].text, says)
    }
    await official.close()
    const plain = await mcp(server.url, { token: serverKey }).call('pay', ARGS)
    assert.match(plain.result.content[0].text, says)
    assert.deepEqual(findInBytes(Buffer.from(JSON.stringify(plain.body)), SECRETS, 'the answer'), [])
    assert.equal(bank.ran.length, ran)
  })

  it('the commands encrypt, say so, and can be told whom to believe', async () => {
    const env = { SALLYPORT_API_KEY: serverKey }
    const cli = (...args: string[]) => run(process.execPath, [SALLYPORT, ...args, '--data-dir', join(folder.path, 'cli')], { env })
    const called = await cli('call', server.url, 'pay', '--args', JSON.stringify(ARGS), '--yes', '--json')
    assert.equal(called.code, 0, called.stderr)
    assert.deepEqual(JSON.parse(called.stdout).structuredContent, PAID)
    assert.match(called.stderr, /goes encrypted: \/arguments\/card/)
    assert.match((await cli('tools', server.url)).stdout, /pay\s+🔒/)
    const other = await cli('call', server.url, 'pay', '--args', JSON.stringify(ARGS), '--yes', '--identity', 'A'.repeat(43))
    assert.notEqual(other.code, 0)
    assert.match(other.stderr, /E-TRUST.*another identity/s)
    assert.deepEqual(findInBytes(Buffer.from(other.stdout + other.stderr), SECRETS, 'what it says'), [])
  })
})
