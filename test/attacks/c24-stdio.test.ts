// C24, C15: a server that the client starts itself. What is started is what was written, with no shell to read it and nothing of our
// environment to tell; it is asked what it speaks before anything else; and one that speaks nonsense, or without end, is just an error.

import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { MCPClient, type MCPClientOptions } from '../../src/index.ts'
import { verifies } from '../requirements.ts'
import { problemOf } from '../support/client.ts'
import { createTempDir, type TempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('C24')

let folder: TempDir
before(async () => {
  folder = await createTempDir('stdio')
  await writeFile(join(folder.path, 'server.mjs'), SERVER)
})
after(() => folder.remove())

/** Writes down how it was started and what it was asked; `MODE` says how it answers. */
const SERVER = `
import { appendFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
const { MODE = '', OUT } = process.env
writeFileSync(OUT, JSON.stringify({ argv: process.argv.slice(2), env: process.env, ppid: process.ppid, pid: process.pid }) + '\\n')
const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n')
if (MODE === 'garbage') process.stdout.write('Welcome to my server!\\n\\u0000\\u001b[31m{}[]\\nnull\\n"x"\\n[1]\\n')
if (MODE === 'endless') { const chunk = 'x'.repeat(65536); const pour = () => { while (process.stdout.write(chunk)); }; process.stdout.on('drain', pour); pour() }
if (MODE === 'deep') process.stdout.write('{"a":'.repeat(1e4) + '\\n')
if (MODE === 'dies') process.exit(3)
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line)
  appendFileSync(OUT, method + '\\n')
  if (id === undefined || MODE === 'silent') continue
  if (MODE === 'legacy' && method === 'initialize')
    say({ jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } } })
  else if (method === 'server/discover' && MODE !== 'legacy')
    say({ jsonrpc: '2.0', id, result: { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' } })
  else if (method === 'tools/list')
    say({ jsonrpc: '2.0', id, result: { resultType: 'complete', tools: [], ttlMs: 0, cacheScope: 'private' } })
  else say({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
}
`

let runs = 0
interface Started {
  readonly outcome: string
  readonly started: { argv: string[]; env: Record<string, string>; ppid: number; pid: number }
  readonly methods: string[]
}
async function run(mode: string, args: readonly string[] = [], options: Partial<MCPClientOptions> = {}): Promise<Started> {
  const OUT = join(folder.path, `out-${++runs}`)
  const client = new MCPClient({
    command: process.execPath,
    args: [join(folder.path, 'server.mjs'), ...args],
    requestTimeoutSeconds: 5,
    maxMessageBytes: 100_000,
    log: () => {},
    ...options,
    env: { OUT, MODE: mode, ...options.env },
  })
  const outcome = await problemOf(Promise.resolve(client.listTools()))
  await client.close()
  const [first = '', ...methods] = (await readFile(OUT, 'utf8')).trimEnd().split('\n')
  const started = JSON.parse(first) as Started['started']
  await until('the server to be gone', () => !isAlive(started.pid))
  return { outcome, started, methods }
}
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('C24: what a server that is started is asked', () => {
  it('is what it speaks, before anything else', async () => {
    const { outcome, methods } = await run('modern')
    assert.equal(outcome, 'no error: []')
    assert.deepEqual(methods, ['server/discover', 'tools/list'])
  })
  it('and then the old way where it does not know that', async () => {
    const { outcome, methods } = await run('legacy')
    assert.equal(outcome, 'no error: []')
    assert.deepEqual(methods, ['server/discover', 'initialize', 'notifications/initialized', 'tools/list'])
  })
})

describe('C15: what is started', () => {
  it('gets its arguments as they are written, and no shell reads them', async () => {
    const mark = join(folder.path, 'was-here')
    const args = [
      `$(touch ${mark})`,
      `; touch ${mark}`,
      `\`touch ${mark}\``,
      '&& id',
      '| id',
      'a b',
      '"',
      "'",
      '\\',
      '*',
      '~',
      '$HOME',
      '%PATH%',
      '',
      'a\nb',
      '--eval=1',
    ]
    const { started } = await run('modern', args)
    assert.deepEqual(started.argv, args)
    assert.equal(started.ppid, process.pid, 'started by us, and by no shell')
    assert.ok(!(await readdir(folder.path)).includes('was-here'))
  })
  it('finds nothing of our environment but what every program needs', async () => {
    const secrets = {
      SALLYPORT_SECRET_X: 's1',
      AWS_SECRET_ACCESS_KEY: 's2',
      GITHUB_TOKEN: 's3',
      npm_config__auth: 's4',
      NODE_OPTIONS_X: 's5',
      HTTPS_PROXY_PASSWORD: 's6',
    }
    Object.assign(process.env, secrets)
    try {
      const { started } = await run('modern', [], { env: { NAMED: 'yes' } })
      assert.equal(started.env['NAMED'], 'yes')
      for (const name of Object.keys(secrets)) assert.equal(started.env[name], undefined, name)
    } finally {
      for (const name of Object.keys(secrets)) delete process.env[name]
    }
  })
  it('that is a line for a shell is no program', async () => {
    const mark = join(folder.path, 'was-here-too')
    for (const command of [`touch ${mark}`, `sh -c "touch ${mark}"`, `true; touch ${mark}`, `$(touch ${mark})`]) {
      await using client = new MCPClient({ command, log: () => {}, requestTimeoutSeconds: 5 })
      assert.match(await problemOf(Promise.resolve(client.listTools())), /^TransportError \w+$/, command)
    }
    assert.ok(!(await readdir(folder.path)).includes('was-here-too'))
  })
})

describe('a server that speaks nonsense', { concurrency: 3 }, () => {
  for (const [mode, expected] of [
    ['garbage', /^(?:no error: \[\]|TransportError \w+)$/],
    ['endless', /^TransportError (?:too_large|timeout)$/],
    ['deep', /^(?:no error: \[\]|TransportError (?:too_large|malformed))$/],
    ['dies', /^TransportError \w+$/],
    ['silent', /^TransportError (?:timeout|closed)$/],
  ] as const)
    it(`(${mode}) is an error and is ended`, async () => {
      assert.match((await run(mode, [], { requestTimeoutSeconds: 2 })).outcome, expected)
    })
})
