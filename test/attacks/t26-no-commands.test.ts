// T26: whatever comes over the network, the only processes there are were named by the operator. Tried in every way in which a
// gateway has been talked into starting one (CVE-2025-49596 and its kind), with the best credential there is.

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { verifies } from '../requirements.ts'
import { postJson } from '../support/authorization.ts'
import { createWitness, type Gateway, said, startGateway, type Witness } from '../support/gateway.ts'
import { type McpOptions, mcp, type Version } from '../support/mcp.ts'
import { processesOf } from '../support/sandbox.ts'

verifies('T26')

const started: ChildProcess[] = []
const onProcess = (message: unknown): void => void started.push((message as { process: ChildProcess }).process)

let gateway: Gateway
let witness: Witness
let key: string
let marker: string

before(async () => {
  subscribe('child_process', onProcess)
  gateway = await startGateway({
    servers: (folder) => {
      witness = createWitness(folder, 'notes', {
        era: 'legacy',
        name: 'notes',
        tools: [tool('look')],
        prompts: [{ name: 'greet', arguments: [{ name: 'who' }] }],
      })
      return { notes: { ...witness.entry, env: { GREETING: 'hello $(id) `id`' } } }
    },
  })
  key = (await gateway.key()).key
  marker = join(gateway.folder, 'marker')
})
after(async () => {
  unsubscribe('child_process', onProcess)
  await gateway[Symbol.asyncDispose]()
})

/** Nothing but what the operator configured runs, and it has started nothing either. */
async function nothingStarted(): Promise<void> {
  await delay(50)
  assert.deepEqual(
    // The rest are its sandbox, looking for one, and who stays to end it when we are killed.
    started.flatMap(({ spawnfile, spawnargs }) =>
      spawnargs.includes(witness.entry.args[0] as string) || !(spawnfile.endsWith('/bwrap') || isUndertaker(spawnargs))
        ? [spawnargs.slice(-3)]
        : [],
    ),
    [[witness.entry.command, ...witness.entry.args]],
  )
  assert.equal(witness.starts().length, 1)
  assert.equal(existsSync(marker), false)
  const [child] = processesOf(witness.entry.args.at(-1) as string)
  const tasks = `/proc/${child}/task`
  const files = existsSync(tasks) ? readdirSync(tasks).map((task) => join(tasks, task, 'children')) : []
  for (const file of files) if (existsSync(file)) assert.equal(readFileSync(file, 'utf8'), '')
}

/** Its script has no word of a caller in it (`sandbox/confine/undertaker.ts`). */
const isUndertaker = ([file, flag, script, ...more]: readonly string[]): boolean =>
  file === '/bin/sh' && flag === '-c' && script?.startsWith('read -r mark; read -r end\n') === true && more.length === 0

const touch = (): { command: string; args: string[] } => ({ command: 'touch', args: [marker] })
const authorized = (): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
})

describe('T26: no commands from the network', () => {
  it('the watch sees the one process that was configured', async () => {
    await nothingStarted()
    assert.equal(processesOf(witness.entry.args.at(-1) as string).length, 1)
  })
  it('paths and query strings, as other proxies have them, start nothing', async () => {
    const query = new URLSearchParams({
      transportType: 'stdio',
      command: 'touch',
      args: marker,
      env: '{}',
      url: `file://${marker}`,
      server: `touch ${marker}`,
    })
    for (const path of [
      '/sse',
      '/stdio',
      '/message',
      '/proxy',
      '/servers',
      '/api/servers',
      '/servers/evil/sse',
      '/config',
      '/health',
      '/',
      '/mcp/',
      '/mcp/start',
      '/mcp/..;/sse',
      '/.env',
      '/authorize',
      '/setup',
    ]) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const { status } = await mcp(gateway.url).send(
          method,
          `${path}?${query}`,
          authorized(),
          method === 'GET' ? undefined : JSON.stringify(touch()),
        )
        assert.ok(status >= 400 || (method === 'OPTIONS' && status === 204), `${method} ${path}: ${status}`)
      }
    }
    // On the endpoint itself a query string changes nothing: it is served as without.
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', ...touch() } }
    const answer = await mcp(`${gateway.url}?${query}`, { key, version: '2025-11-25' }).post(body)
    assert.equal(said(answer), 'notes: look')
    await nothingStarted()
  })
  it('headers start nothing', async () => {
    const line = `touch ${marker}`
    const headers = Object.fromEntries(
      [
        'x-command',
        'x-mcp-command',
        'mcp-server-command',
        'x-mcp-proxy-command',
        'x-server',
        'x-env',
        'x-args',
        'mcp-param-command',
        'x-custom-auth-headers',
        'x-http-method-override',
      ].map((name) => [name, line]),
    )
    const shellshock = { 'user-agent': `() { :; }; ${line}`, referer: `$(${line})` }
    for (const version of ['2026-07-28', '2025-11-25'] as const) {
      const answer = await mcp(gateway.url, { key, version, headers: { ...headers, ...shellshock } }).call('look')
      assert.equal(said(answer), 'notes: look')
    }
    await nothingStarted()
  })
  it('methods that would add, start or change a server do not exist, whoever asks', async () => {
    const methods = [
      'servers/add',
      'servers/start',
      'servers/update',
      'servers/list',
      'server/spawn',
      'gateway/exec',
      'config/set',
      'tools/add',
      'tools/install',
      'process/start',
      'shell/exec',
      'sampling/createMessage',
      'elicitation/create',
      'roots/list',
      'tasks/create',
      '__proto__',
      'constructor',
    ]
    const callers: McpOptions[] = [{ key }, { token: await gateway.token() }]
    for (const version of ['2026-07-28', '2025-11-25'] as Version[]) {
      for (const caller of callers) {
        const client = mcp(gateway.url, { ...caller, version })
        for (const method of methods) {
          const { status, error } = await client.request(method, {
            name: 'evil',
            ...touch(),
            server: touch(),
            mcpServers: { evil: touch() },
          })
          assert.deepEqual([status, error.code], [version === '2026-07-28' ? 404 : 200, -32601], method)
        }
        // A notification is accepted and forgotten.
        assert.equal((await client.notify('notifications/servers/add', touch())).status, 202)
      }
    }
    assert.equal(
      witness.messages().some(({ method }) => methods.includes(method)),
      false,
    )
    await nothingStarted()
  })
  it('nor do tools, prompts or resources of such names, nor does what a client declares of itself', async () => {
    const client = mcp(gateway.url, { key })
    for (const name of [
      'servers__add',
      `look;touch ${marker}`,
      `look\ntouch ${marker}`,
      '../../../bin/touch',
      `$(touch ${marker})`,
      'notes__look',
    ]) {
      assert.ok((await client.request('tools/call', { name, arguments: touch() })).error, name)
      assert.ok((await client.request('prompts/get', { name, arguments: {} })).error, name)
      assert.ok((await client.request('resources/read', { uri: `exec://${name}` })).error, name)
    }
    const capabilities = { experimental: { servers: { evil: touch() } }, roots: { listChanged: true } }
    const clientInfo = { name: `x$(touch ${marker})`, version: '1', command: `touch ${marker}` }
    const initialize = { protocolVersion: '2025-11-25', capabilities, clientInfo, ...touch(), mcpServers: { evil: touch() } }
    const answer = await mcp(gateway.url, { key, version: '2025-11-25' }).request('initialize', initialize)
    assert.equal(answer.result.serverInfo.name, 'sallyport')
    await nothingStarted()
  })
  it('a client’s registration starts and fetches nothing', async () => {
    const urls = {
      logo_uri: `file://${marker}`,
      jwks_uri: 'http://127.0.0.1:9/keys',
      client_uri: `javascript:touch ${marker}`,
      policy_uri: `x$(touch ${marker})`,
    }
    const response = await postJson(`${gateway.issuer}/register`, {
      client_name: `$(touch ${marker})`,
      redirect_uris: ['http://127.0.0.1:1/'],
      software_id: `;touch ${marker}`,
      ...touch(),
      ...urls,
    })
    assert.ok(response.status === 201 || response.status === 400)
    await nothingStarted()
  })
  it('what a command may reach is not for callers to say either', async () => {
    const [child] = processesOf(witness.entry.args.at(-1) as string)
    const seenBy = (): string => readFileSync(`/proc/${child}/mountinfo`, 'utf8')
    const before = seenBy()
    const sandbox = { dangerouslyOff: true, read: ['/'], write: ['/'], net: ['*.example.com:443'], run: ['touch'], env: ['PATH'] }
    const beside = { sandbox, grants: sandbox, strict: false, ...touch(), _meta: { 'sallyport/sandbox': sandbox, sandbox } }
    for (const version of ['2026-07-28', '2025-11-25'] as const) {
      const client = mcp(gateway.url, { key, version, headers: { 'x-sallyport-sandbox': 'off', 'mcp-param-sandbox': 'off' } })
      for (const method of ['tools/call', 'sandbox/set', 'sandbox/grant', 'servers/restart'])
        await client.request(method, { name: 'look', arguments: { sandbox }, ...beside })
      await client.notify('notifications/sandbox/changed', beside)
    }
    await nothingStarted()
    assert.equal(seenBy(), before)
  })
  it('arguments with every character that a shell knows reach the server as they are, and are data', async () => {
    const texts = [
      `; touch ${marker}`,
      `$(touch ${marker})`,
      `\`touch ${marker}\``,
      `| touch ${marker}`,
      `&& touch ${marker}`,
      `a\ntouch ${marker}\n`,
      `" ; touch ${marker} ; "`,
      `' ; touch ${marker} ; '`,
      '--upload-pack=touch',
      '-o',
      '\u0000',
      '%0atouch',
      '{"jsonrpc":"2.0","id":1,"method":"x"}\n{"method":"y"}',
      '\u2028',
      'ordinary',
    ]
    for (const version of ['2026-07-28', '2025-11-25'] as const) {
      for (const text of texts) assert.equal(said(await mcp(gateway.url, { key, version }).call('look', { text })), 'notes: look')
    }
    const arrived = witness
      .messages()
      .flatMap(({ method, params }) =>
        method === 'tools/call' && typeof params.arguments?.text === 'string' ? [params.arguments.text] : [],
      )
    assert.deepEqual(arrived, [...texts, ...texts])
    await nothingStarted()
  })
  it('what the operator configured is started without a shell, its arguments and variables as they are written', async () => {
    const [start] = witness.starts()
    assert.equal(start?.env['GREETING'], 'hello $(id) `id`')
    assert.deepEqual(start?.argv, witness.entry.args.slice(1))
  })
})
