/** `sallyport guard` and the sandbox of what it starts: flags, what is said before and after, and how it ends where something is wrong. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createApiKeys } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { said, startGateway } from '../support/gateway.ts'
import {
  ALL_SCOPES,
  type Child,
  createTempDir,
  firstLine,
  type McpClient,
  mcp,
  ROOT,
  run,
  SALLYPORT,
  start,
  startGuard,
  stop,
  type TempDir,
  withBin,
} from '../support/index.ts'
import { grantedFlags, processesOf } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

verifies('sandbox-servers')

const SERVER = join(ROOT, 'test', 'fixtures', 'sandbox-server.mjs')
const own = (...args: string[]): string[] => ['--', process.execPath, SERVER, ...args]

let temp: TempDir
let notes: string
let shut: string
before(async () => {
  temp = await createTempDir('guard-sandbox')
  notes = join(temp.path, 'notes')
  shut = join(temp.path, 'shut')
  for (const folder of [notes, shut]) {
    mkdirSync(folder, { mode: 0o755 })
    writeFileSync(join(folder, 'a.md'), 'a note')
  }
})
after(() => temp.remove())

let runs = 0
const guardRun = (...args: string[]) =>
  run(process.execPath, [SALLYPORT, 'guard', '--port', '0', '--data-dir', join(temp.path, `data-${++runs}`), ...args], {
    cwd: temp.path,
    env: withBin({ NO_COLOR: '1', PORT: undefined }),
  })

/** As it is started by hand, for as long as `use` takes. */
async function whileGuarding(dataDir: string, args: readonly string[], use: (guard: Child) => Promise<void>): Promise<void> {
  const guard = start(process.execPath, [SALLYPORT, 'guard', '--port', '0', '--data-dir', dataDir, ...args], {
    cwd: temp.path,
    env: withBin({ NO_COLOR: '1', MINE: 'mine', OTHER: 'other' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    await use(guard)
  } finally {
    await stop(guard.process)
  }
}

/** Into the same data, as the command line would do it. */
async function clientOf(url: string, dataDir: string): Promise<McpClient> {
  const data = await openData({ dataDir })
  try {
    const keys = createApiKeys({ ...data, clock: Date.now })
    const { key } = await keys.create({ name: 'test', scopes: ALL_SCOPES, createdBy: 'test', expiresInDays: 1 })
    return mcp(url, { key })
  } finally {
    await data.store.close()
  }
}

async function aboutOf(client: McpClient): Promise<{ cwd: string; env: Record<string, string>; args: string[]; uid: number }> {
  return JSON.parse(said(await client.call('about')))
}

describe('a guarded command', needsBubblewrap, () => {
  test('has what its flags grant, and no more, and is shown with that; what it keeps at home is there at the next start', async () => {
    const dataDir = join(temp.path, 'data')
    const flags = [...grantedFlags({ read: [shut], write: [notes] }), '--allow-env', 'MINE']
    await whileGuarding(dataDir, ['--json', ...flags, ...own()], async (guard) => {
      const { url, issuer, sandboxes } = JSON.parse(await firstLine(guard, 30_000))
      const [[, found]] = Object.entries(sandboxes) as [[string, { depth: string; read: string[]; net: string[] }]]
      assert.deepEqual([found.depth, found.read, found.net], ['bubblewrap', [shut], []])
      const client = await clientOf(url, dataDir)
      assert.equal(said(await client.call('read', { path: join(shut, 'a.md') })), 'a note')
      assert.equal(said(await client.call('write', { path: join(notes, 'b.md'), text: 'hello' })), 'written')
      assert.match(said(await client.call('write', { path: join(shut, 'b.md'), text: 'hello' })), /^E(?:ROFS|ACCES)$/)
      for (const path of [join(dataDir, 'master.key'), dataDir, join(homedir(), '.profile'), '/etc/shadow'])
        assert.match(said(await client.call('read', { path })), /^E(?:NOENT|ACCES)$/, path)
      assert.match(said(await client.call('get', { url: issuer })), /^E(?:CONNREFUSED|NETUNREACH)|AI_AGAIN$|fetch failed/)
      const about = await aboutOf(client)
      assert.deepEqual([about.env['MINE'], about.env['OTHER'], about.env['HOME']], ['mine', undefined, '/home/sandbox'])
      assert.notEqual(about.uid, 0)
      assert.equal(said(await client.call('write', { path: '/home/sandbox/kept', text: 'kept' })), 'written')
    })
    assert.equal(readFileSync(join(notes, 'b.md'), 'utf8'), 'hello')
    await whileGuarding(dataDir, [...flags, '--allow-net', 'api.example.com:443', ...own()], async (guard) => {
      await until('the banner', () => guard.stdout().includes('A key instead') || guard.process.exitCode !== null, 30_000)
      const line = `  sandbox: bubblewrap · reads ${shut} · reads and writes ${notes} · network: api.example.com:443 · env: MINE\n`
      assert.ok(guard.stdout().includes(line), `${guard.stdout()}${guard.stderr()}`)
      const url = /http:\S+\/mcp/.exec(guard.stdout())?.[0] ?? ''
      assert.equal(said(await (await clientOf(url, dataDir)).call('read', { path: '/home/sandbox/kept' })), 'kept')
    })
  })

  test('that is given what it cannot see is told of before it is started, and as the reason where it does not start', async () => {
    const { code, stderr } = await guardRun(...own('--needs', join(shut, 'a.md')))
    assert.equal(code, 6, stderr)
    assert.match(stderr, /shut\/a\.md is given to it, and it cannot see it: add --allow-read \S+shut\/a\.md, or --allow-write/)
    assert.match(stderr, /error\[E-UPSTREAM\]: .*it exited with code 1; its last words: .*; \S+ is given to it, and it cannot see it/)
    assert.match(stderr, /\nfix: .*In its sandbox it has only what it was granted: --allow-read/)
  })

  test('without a sandbox, on the operator’s word, can do what the operator can, and that is said', async () => {
    await using guard = await startGuard({ args: ['--dangerously-no-sandbox', ...own()] })
    const client = await clientOf(guard.url, guard.dataDir)
    assert.equal(said(await client.call('read', { path: join(shut, 'a.md') })), 'a note')
    assert.match(guard.log(), /runs WITHOUT a sandbox, as it was told to, and can do whatever you can/)
  })
})

describe('a server that uses too much', needsBubblewrap, () => {
  test('is ended; its callers are told what of, the record says it, others are answered, and it is started again', async () => {
    await using gateway = await startGateway({
      servers: {
        greedy: { command: process.execPath, args: [SERVER, 'greedy'], sandbox: { memoryMb: 128 } },
        calm: { command: process.execPath, args: [SERVER, 'calm'], sandbox: {} },
      },
    })
    const client = mcp(gateway.url, { key: (await gateway.key()).key })
    assert.equal(said(await client.call('greedy__eat', { megabytes: 16 })), 'has eaten 16')
    const [before] = processesOf('greedy')
    const eating = client.call('greedy__eat', { megabytes: 2048 })
    const beside = await client.call('calm__eat', { megabytes: 16 })
    const answer = await eating
    assert.equal(said(beside), 'has eaten 16')
    assert.equal(answer.result.isError, true)
    assert.match(said(answer), /The server greedy used more than 128 MiB of memory and was ended\. It is being restarted/)
    const [record] = (await gateway.records()).filter(({ reason }) => reason === 'sandbox_stopped')
    assert.equal(record?.server, 'greedy')
    assert.match(gateway.log(), /greedy: it used more than 128 MiB of memory and was ended/)
    assert.equal(said(await client.call('greedy__eat', { megabytes: 16 })), 'has eaten 16')
    assert.notEqual(processesOf('greedy')[0], before)
  })
})

test('a grant of what is not there is said with its place, and nothing starts', async () => {
  writeFileSync(
    join(temp.path, 'sallyport.yaml'),
    JSON.stringify({ servers: { notes: { command: process.execPath, args: [SERVER], sandbox: { read: ['nowhere'] } } } }, null, 1),
  )
  const { code, stderr } = await guardRun('--config', 'sallyport.yaml')
  assert.match(stderr, /error\[E-CONFIG\]: sallyport\.yaml:\d+: servers\.notes\.sandbox\.read: there is no \S+nowhere/)
  assert.equal(code, 2, stderr)
})
