import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { type Call, createRedactor, type Decision, type Entry, type JsonObject, type Produced } from '../../src/core/index.ts'
import { createGateway, type Gateway, loadConfig } from '../../src/gateway/index.ts'
import { startChild, stopChild } from '../../src/process/index.ts'
import { ODD_SERVER, textOf } from '../fixtures/start-upstream.ts'
import { until } from '../support/until.ts'

const require = createRequire(import.meta.url)
const reference = (name: string): string => {
  for (let dir = import.meta.dirname; dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'node_modules/@modelcontextprotocol', `server-${name}`, 'dist/index.js')
    if (existsSync(path)) return path
  }
  return require.resolve(`@modelcontextprotocol/server-${name}/dist/index.js`)
}

const root = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'))
const open: { close(): Promise<unknown> }[] = []
after(async () => {
  await Promise.all(open.map((one) => one.close()))
  rmSync(root, { recursive: true })
})

interface Opened {
  readonly gateway: Gateway
  readonly log: string[]
  readonly dir: string
  changes(): number
}
let folders = 0
async function start(servers: JsonObject, dir: string = join(root, String(++folders))): Promise<Opened> {
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'sallyport.json'), JSON.stringify({ servers }, undefined, 1))
  const config = loadConfig({ cwd: dir, env: {} })
  const log: string[] = []
  const gateway = await createGateway({
    servers: config.servers,
    redactor: createRedactor(),
    clock: Date.now,
    lockFile: join(dir, 'sallyport.lock'),
    serverInfo: { name: 'sallyport-test', version: '1' },
    log: (level, message) => void (level !== 'debug' && log.push(`${level} ${message}`)),
  })
  open.push(gateway)
  let changes = 0
  gateway.onChange(() => changes++)
  await gateway.start()
  return { gateway, log, dir, changes: () => changes }
}
const node = (path: string, ...args: string[]): JsonObject => ({ command: process.execPath, args: [path, ...args] })
const find = (gateway: Gateway, name: string): Entry =>
  gateway.entries().find((entry) => entry.name === name) ?? assert.fail(`${name} is not there`)

/** What the pipeline does once everything is approved. */
function use(entry: Entry, method: string, params: JsonObject): Decision<Produced> | Promise<Decision<Produced>> {
  const { arguments: args } = params
  const call = { entry, method, params, args, meta: {}, capabilities: {}, deadlineAt: Date.now() + 10_000, onAbort() {}, notify() {} }
  return entry.executor.execute(call as unknown as Call)
}
const classOf = ({ permission }: Entry): string => (permission.access === 'protected' ? permission.scopes.join() : permission.access)

test('real servers stand side by side, each with its own names, and every kind of entry can be used', async () => {
  const notes = join(root, 'notes')

  mkdirSync(notes)
  writeFileSync(join(notes, 'hello.txt'), 'hello from a file')
  const { gateway } = await start({
    files: { ...node(reference('filesystem'), notes), tools: { 'read_*': 'read' } },
    memory: { ...node(reference('memory')), env: { MEMORY_FILE_PATH: join(root, 'memory.json') } },
    everything: node(reference('everything')),
    thinking: node(reference('sequential-thinking')),
  })
  assert.deepEqual(
    gateway.status().map(({ server, state, version, tools }) => [server, state, version, tools > 0]),
    ['files', 'memory', 'everything', 'thinking'].map((server) => [server, 'ready', '2025-11-25', true]),
  )
  const read = find(gateway, 'files__read_text_file')
  assert.deepEqual([classOf(read), read.rule.replace(/:\d+/, ':N')], ['tools:read', 'sallyport.json:N files: read_*'])
  assert.equal(classOf(find(gateway, 'files__write_file')), 'tools:execute')
  assert.equal(read.check?.({ path: 1 })?.path, 'arguments/path')
  assert.equal(
    textOf(await use(read, 'tools/call', { name: 'ignored', arguments: { path: join(notes, 'hello.txt') } })),
    'hello from a file',
  )
  assert.match(textOf(await use(find(gateway, 'everything__echo'), 'tools/call', { arguments: { message: 'hi' } })), /hi/)
  assert.match(textOf(await use(find(gateway, 'memory__read_graph'), 'tools/call', {})), /entities/)

  const prompt = await use(find(gateway, 'everything__args-prompt'), 'prompts/get', { arguments: { city: 'Paris' } })
  assert.ok(prompt.allowed && JSON.stringify(prompt.value).includes('Paris'))
  const template = gateway.entries().find((entry) => entry.matches?.('demo://resource/dynamic/text/7')) as Entry
  assert.equal(template.kind, 'template')
  const resource = await use(template, 'resources/read', { uri: 'demo://resource/dynamic/text/7' })
  assert.ok(resource.allowed && JSON.stringify(resource.value).includes('demo://resource/dynamic/text/7'))
  const completion = await use(find(gateway, 'everything__completable-prompt'), 'completion/complete', {
    ref: { type: 'ref/prompt', name: 'everything__completable-prompt' },
    argument: { name: 'department', value: 'E' },
  })
  assert.ok(completion.allowed && JSON.stringify(completion.value).includes('Engineering'))
  assert.equal(gateway.features().completions, true)
  assert.match(gateway.instructions() ?? '', /^# everything\n/)
})

test('a real server over HTTP works alone, under its own names', async () => {
  const port = await freePort()
  const child = startChild({
    command: process.execPath,
    args: [reference('everything'), 'streamableHttp'],
    cwd: root,
    env: { PORT: String(port) },
  })
  open.push({ close: () => stopChild(child) })
  child.stdout.resume()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk))
  await until('the server', () => /listening/i.test(said))
  const { gateway } = await start({ web: { url: `http://127.0.0.1:${port}/mcp` } })
  assert.deepEqual(
    gateway.status().map(({ state, version }) => [state, version]),
    [['ready', '2025-11-25']],
  )
  assert.match(textOf(await use(find(gateway, 'echo'), 'tools/call', { arguments: { message: 'over HTTP' } })), /over HTTP/)
})

test('hints are taken over once, on the operator’s word, and never again by themselves', async () => {
  const { gateway, dir } = await start({ odd: node(ODD_SERVER) })
  assert.equal(classOf(find(gateway, 'echo')), 'tools:execute')
  assert.deepEqual(gateway.classifyFromAnnotations(), [{ server: 'odd', read: 1, execute: 22, written: true }])
  assert.equal(classOf(find(gateway, 'echo')), 'tools:read')
  assert.match(find(gateway, 'echo').rule, /^sallyport\.lock odd: echo \(hint accepted \d{4}-\d\d-\d\d\)$/)
  assert.equal(classOf(find(gateway, 'die')), 'tools:execute')

  // A tool that appears later with a read-only hint was never accepted.
  await use(find(gateway, 'change'), 'tools/call', {})
  await until('the new tool', () => gateway.entries().some(({ name }) => name === 'added-23'))
  const before = readFileSync(join(dir, 'sallyport.lock'), 'utf8')
  assert.equal(gateway.classifyFromAnnotations()[0]?.written, false)
  assert.equal(readFileSync(join(dir, 'sallyport.lock'), 'utf8'), before)
  assert.equal(classOf(find(gateway, 'added-23')), 'tools:execute')

  // And what was accepted still is, after a restart.
  const again = await start({ odd: node(ODD_SERVER) }, dir)
  assert.equal(classOf(find(again.gateway, 'echo')), 'tools:read')
})

test('a list that changes is read again, once for a bunch of announcements', async () => {
  const { gateway, changes } = await start({ odd: node(ODD_SERVER) })
  const [tools, before] = [gateway.status()[0]?.tools, changes()]
  assert.equal(textOf(await use(find(gateway, 'change'), 'tools/call', {})), 'changed')
  await until('the change', () => changes() > before)
  assert.equal(gateway.status()[0]?.tools, (tools ?? 0) + 1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(changes(), before + 1)
})

test('an upstream that is down keeps its entries and says so; one that never came has none, and the others do not mind', async () => {
  const { gateway, log } = await start({
    odd: node(ODD_SERVER),
    broken: node(ODD_SERVER, '--die-at-start'),
    absent: { command: 'no-such-program-at-all' },
  })
  assert.deepEqual(
    gateway.status().map(({ server, state, tools }) => [server, state, tools > 0]),
    [
      ['odd', 'ready', true],
      ['broken', 'down', false],
      ['absent', 'down', false],
    ],
  )
  assert.match(gateway.status()[1]?.error ?? '', /the disk is full/)
  assert.match(gateway.status()[2]?.error ?? '', /was not found/)
  assert.match(textOf(await use(find(gateway, 'odd__die'), 'tools/call', {})), /^denied: The server odd stopped/)
  assert.ok(gateway.entries().some(({ name }) => name === 'odd__echo'))
  assert.equal(textOf(await use(find(gateway, 'odd__echo'), 'tools/call', { arguments: { text: 'again' } })), 'again')
  assert.ok(log.some((line) => line.startsWith('warn broken: ')))
  await gateway.close()
  assert.match(textOf(await use(find(gateway, 'odd__echo'), 'tools/call', {})), /^denied: The server odd is not running/)
})

test('secrets that are handed to an upstream are known to the redactor', async () => {
  const dir = join(root, 'secrets')

  mkdirSync(dir)
  writeFileSync(
    join(dir, 'sallyport.yaml'),
    `servers: { odd: { command: "${process.execPath}", args: ["${ODD_SERVER}"], env: { API_TOKEN: "\${env:T}" } } }`,
  )
  const redactor = createRedactor()
  const { servers } = loadConfig({ cwd: dir, env: { T: 'correct-horse-battery' } })
  const gateway = await createGateway({
    servers,
    redactor,
    clock: Date.now,
    lockFile: join(dir, 'sallyport.lock'),
    serverInfo: { name: 'x', version: '1' },
    log() {},
  })
  assert.equal(redactor.text('it is correct-horse-battery'), 'it is [redacted]')
  await gateway.close()
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
