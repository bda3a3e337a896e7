/**
 * Our client against servers that nobody here wrote, over each way that there is to a server: the reference server over stdio and over
 * Streamable HTTP, Context7 (2026-07-28), a guard in front of one of them, what `npm start` shows, and our own server over wss.
 */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { MCPClient, resource, tool } from '../../src/index.ts'
import { startChild, stopChild } from '../../src/process/index.ts'
import { guardFiles } from '../clients/files.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { createTempDir, findFreePort, firstLine, ROOT, run, SALLYPORT, start, stop, withBin } from '../support/index.ts'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'

verifies('client-servers')

const EVERYTHING = join(ROOT, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js')
const CONTEXT7 = createRequire(join(ROOT, 'test', 'servers', 'package.json')).resolve('@upstash/context7-mcp/dist/index.js')
const textOf = (content: readonly { type: string; text?: string }[]): string => content.map(({ text }) => text ?? '').join('\n')

interface Running extends AsyncDisposable {
  readonly url: string
}
/** A program that listens on a port that it is told. */
async function listening(args: readonly string[], env: Record<string, string>, port: number): Promise<Running> {
  const child = startChild({ command: process.execPath, args, cwd: ROOT, env })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (words += String(chunk)))
  await until('the server to listen', () => /listening|running/i.test(words), 20_000)
  return { url: `http://127.0.0.1:${port}/mcp`, [Symbol.asyncDispose]: () => stopChild(child) }
}

/** What the reference server shows, whichever way it is reached. */
async function uses(client: MCPClient): Promise<void> {
  assert.equal((await client.serverInfo()).protocolVersion, '2025-11-25')
  const names = (await client.listTools()).map(({ name }) => name)
  assert.ok(names.includes('echo') && names.includes('get-sum'), names.join())
  assert.match(textOf((await client.callTool('echo', { message: 'a quiet harbour' })).content), /a quiet harbour/)
  assert.match(textOf((await client.callTool('get-sum', { a: 20, b: 22 })).content), /42/)
  const [first] = await client.listResources()
  assert.ok(first)
  assert.equal((await client.readResource(first.uri)).contents[0]?.uri, first.uri)
  const prompt = await client.getPrompt('simple-prompt')
  assert.ok(prompt.messages.length > 0)
  const progress: number[] = []
  await client.callTool(
    'trigger-long-running-operation',
    { duration: 0.2, steps: 2 },
    { onProgress: (each) => progress.push(each.progress) },
  )
  assert.deepEqual(progress, [1, 2])
  assert.equal((await client.callTool('echo', { message: 1 })).isError, true)
}

test('server-everything over stdio', async () => {
  await using client = new MCPClient({ command: process.execPath, args: [EVERYTHING, 'stdio'] })
  await uses(client)
})

test('server-everything over Streamable HTTP', async () => {
  const port = await findFreePort()
  await using server = await listening([EVERYTHING, 'streamableHttp'], { PORT: String(port) }, port)
  await using client = new MCPClient({ serverUrl: server.url })
  await uses(client)
})

test('Context7 over Streamable HTTP: its tools are listed, and one that cannot reach its own service says so', async () => {
  const port = await findFreePort()
  const args = [CONTEXT7, '--transport', 'http', '--port', String(port)]
  // Nothing answers there: the test is the same with and without the internet.
  await using server = await listening(
    args,
    { CONTEXT7_API_URL: 'http://127.0.0.1:9', OTEL_EXPORTER_PROMETHEUS_PORT: '0', OTEL_METRICS_EXPORTER: 'none' },
    port,
  )
  await using client = new MCPClient({ serverUrl: server.url })
  const { name, protocolVersion } = await client.serverInfo()
  assert.deepEqual([name, protocolVersion], ['Context7', '2026-07-28'])
  const tools = await client.listTools()
  assert.deepEqual(tools.map(({ name }) => name).sort(), ['query-docs', 'resolve-library-id'])
  const { content } = await client.callTool('resolve-library-id', { libraryName: 'node', query: 'streams' })
  assert.ok(content.length > 0)
  await assert.rejects(client.readResource('nothing://here'), (error: Error) => ['MCPRequestError', 'TransportError'].includes(error.name))
})

test('server-filesystem behind a guard, with a key', async () => {
  await using files = await guardFiles()
  await using client = new MCPClient({
    serverUrl: files.guard.url,
    auth: { type: 'api_key', apiKey: await files.guard.key(['tools:read']) },
  })
  const names = (await client.listTools()).map(({ name }) => name)
  assert.ok(names.includes('read_text_file') && !names.includes('write_file'), names.join())
  assert.match(textOf((await client.callTool('read_text_file', { path: files.note })).content), new RegExp(files.text))
})

test('what npm start shows, with a key', async () => {
  await using temp = await createTempDir('start')
  const dataDir = join(temp.path, 'data')
  const args = ['scripts/run.mjs', 'start', '--port', '0', '--data-dir', dataDir, '--ready-json']
  const child = start(process.execPath, args, { cwd: ROOT, env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const { url } = JSON.parse(await firstLine(child, 60_000)) as { url: string }
    const scopes = ['--scope', 'tools:read', '--scope', 'tools:execute']
    const { stdout } = await run(process.execPath, [
      SALLYPORT,
      'key',
      'create',
      '--name',
      'e2e',
      ...scopes,
      '--json',
      '--data-dir',
      dataDir,
    ])
    const { key } = JSON.parse(stdout) as { key: string }
    await using client = new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: key } })
    assert.equal((await client.listTools()).length, 14)
    assert.ok(textOf((await client.callTool('read_text_file', { path: 'bread.md' })).content).length > 0)
  } finally {
    await stop(child.process)
  }
})

test('our own server over wss, with a certificate of its own authority', async () => {
  const authority = await createTestAuthority()
  await using world = await startServer({
    tls: await authority.issue(['localhost', '127.0.0.1']),
    tools: [tool({ name: 'look', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'the tide is out' })],
    resources: [resource({ uri: 'note://tide', name: 'tide', read: () => 'out' })],
  })
  const serverUrl = world.url.replace('https:', 'wss:')
  assert.match(serverUrl, /^wss:/)
  const auth = { type: 'api_key', apiKey: await world.key(['tools:read', 'resources:read']) } as const
  await using client = new MCPClient({ serverUrl, auth, ca: authority.cert })
  assert.deepEqual(
    (await client.listTools()).map(({ name }) => name),
    ['look'],
  )
  assert.equal(textOf((await client.callTool('look')).content), 'the tide is out')
  assert.deepEqual((await client.readResource('note://tide')).contents, [{ uri: 'note://tide', text: 'out' }])
  // Without the authority the certificate is nobody's: not a byte of a credential is sent.
  await using stranger = new MCPClient({ serverUrl, auth })
  await assert.rejects(Promise.resolve(stranger.listTools()), { code: 'unreachable' })
})
