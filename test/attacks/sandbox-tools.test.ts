/**
 * Tools as modules in the sandbox, against modules that want more than they were granted: the same table of attacks as for guarded
 * servers, and what only a tool may not, such as to start anything; what uses too much; and what one principal leaves for the next.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { tool } from '../../src/index.ts'
import type { SandboxOptions } from '../../src/sandbox/index.ts'
import type { AuditRecord } from '../../src/storage/index.ts'
import { openData } from '../../src/vault/index.ts'
import { type Canaries, GRANTED, SECRET, startCanaries } from '../fixtures/sandbox/canaries.ts'
import * as matrix from '../fixtures/sandbox/matrix.ts'
import { descendants, memoryOf, type Seen, self, threadsOf } from '../fixtures/sandbox/outside.ts'
import { canAssemble } from '../fixtures/sandbox/programs.ts'
import { whileServed } from '../fixtures/sandbox/while-served.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { said } from '../support/gateway.ts'
import { type Answer, type McpClient, mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

verifies(
  'sandbox-read',
  'sandbox-write',
  'sandbox-net',
  'sandbox-run',
  'sandbox-kernel',
  'sandbox-limits',
  'sandbox-others',
  'sandbox-principals',
)

const MODULE = new URL('../fixtures/sandbox/attacks.mjs', import.meta.url)
const limits = { timeoutMs: 2000, memoryMb: 192, cpuSeconds: 1, maxProcesses: 64, scratchMb: 8, maxOutputBytes: 262_144 }
type Name = 'table' | 'greedy' | 'hungry' | 'calm' | 'late' | 'runs' | 'volume'
const isModule = ({ command, status }: Seen): boolean => command.includes('/runner.js') && status['Name'] !== 'bwrap'

let canaries: Canaries
let server: TestServer
let ana: McpClient
let ben: McpClient

const isRoot = process.getuid?.() === 0
let volume: string

before(async () => {
  if (needsBubblewrap.skip !== false) return
  process.env['CANARY_OF_OURS'] = `${SECRET} of our own environment`
  canaries = await startCanaries()
  const { readableFolder, programs, writable, folder } = canaries.given
  volume = join(String(folder), 'volume')
  mkdirSync(volume)
  // A disk of its own, so that nobody's is filled.
  if (isRoot) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m,mode=1777', 'tmpfs', volume])
  const define = (name: Name, sandbox: SandboxOptions) =>
    tool({
      name,
      description: 'Tries.',
      annotations: { readOnlyHint: true },
      parameters: {
        type: 'object',
        properties: { attack: { type: 'string' }, given: { type: 'object', additionalProperties: true } },
        required: ['attack', 'given'],
      },
      execute: MODULE,
      sandbox,
    })
  const grants = { read: [readableFolder], write: [writable] }
  server = await startServer({
    rateLimit: { max: 1_000_000 },
    tools: [
      define('table', grants),
      define('greedy', limits),
      // Memory that nobody has touched yet may come slowly.
      define('hungry', { ...limits, timeoutMs: 40_000, cpuSeconds: 30 }),
      define('calm', {}),
      define('late', limits),
      define('runs', {
        ...limits,
        ...grants,
        timeoutMs: 15_000,
        run: ['hello', 'calls', 'ordinary', 'bomb', 'other-x32', 'other-i386'].map((name) => join(programs, name)),
      }),
      define('volume', { ...limits, timeoutMs: 40_000, cpuSeconds: 30, write: [volume] }),
    ],
    sandbox: { children: 8 },
  })
  ana = mcp(server.url, { key: await server.key() })
  ben = mcp(server.url, { key: await server.key() })
})
after(async () => {
  delete process.env['CANARY_OF_OURS']
  await server?.[Symbol.asyncDispose]()
  if (isRoot && volume) execFileSync('umount', [volume])
  await canaries?.[Symbol.asyncDispose]()
})

const attack = (name: Name, what: string, client: McpClient = ana, more: object = {}): Promise<Answer> =>
  client.call(name, { attack: what, given: { ...canaries.given, ...more } })

async function records(): Promise<readonly AuditRecord[]> {
  const data = await openData({ dataDir: server.dataDir })
  try {
    for (let before = -1; ; ) {
      const found = await data.store.audit.search({ limit: 10_000 })
      if (found.length === before) return found.map(({ record }) => record).reverse()
      before = found.length
      await delay(200)
    }
  } finally {
    await data.store.close()
  }
}

describe('what a tool was not granted it cannot reach', needsBubblewrap, () => {
  const rows = [...matrix.files, ...matrix.network, ...matrix.spawning, ...matrix.processes]
  for (const row of rows)
    test(row.attack, async () => {
      const answer = await attack('table', row.attack)
      assert.equal(matrix.judge(row, said(answer), canaries.given), undefined, said(answer))
      assert.deepEqual(canaries.reached(), [])
      if (answer.result?.isError !== true) return
      // What is told is a sentence of ours: no path, no error of the module's.
      assert.match(said(answer), /^The tool table (tried to|failed)/)
      assert.doesNotMatch(said(answer), /\/tmp|canar/)
    })
  test('every one of these calls has a record, and most of them say which grant was missing', async () => {
    const found = (await records()).filter(({ target }) => target === 'table')
    assert.equal(found.length, rows.length)
    const reasons = found.map(({ reason }) => reason)
    // `crashed`: a file that is not there in its world, which it did not catch. `allowed`: it caught what it ran into.
    assert.deepEqual([...new Set(reasons)].sort(), ['allowed', 'crashed', 'sandbox_refused'])
    assert.ok(reasons.filter((reason) => reason === 'sandbox_refused').length > rows.length / 2)
    const sentences = found.flatMap(({ sentence = '' }) => sentence)
    for (const grant of ['read', 'write', 'connect', 'start'])
      assert.ok(
        sentences.some((sentence) => sentence.includes(`tried to ${grant}`)),
        grant,
      )
    assert.ok(!JSON.stringify(found).includes(SECRET))
  })
})

describe('what a tool was granted it can do', needsBubblewrap, () => {
  const expected: Readonly<Record<string, RegExp>> = {
    'read a granted file': new RegExp(`^${GRANTED}$`),
    'list a granted folder': /file\.txt/,
    'write to a granted folder': /^written$/,
    'write to /tmp': /^mine$/,
    '50 MiB of memory': /^50 MiB$/,
    'a second of work in turns': /turns$/,
    '100 KB of answer': /^y{100000}$/,
    'a megabyte in /tmp': /^1 MiB$/,
    'words on stderr': /^said$/,
    'an answer with structure': /^\{"rows":\[1,2,3\]/,
  }
  for (const [name, answer] of Object.entries(expected)) test(name, async () => assert.match(said(await attack('table', name)), answer))
  test('programs that it may start, and they are held as it is', {
    skip: !canAssemble && 'programs are assembled for x64 and arm64',
  }, async () => {
    assert.match(said(await attack('runs', 'start a granted program')), /^hello$/m)
    assert.match(said(await attack('runs', 'ordinary calls of the kernel')), /^(?!.*"results":\[[^\]]*-).*$/)
    for (const row of matrix.kernel.slice(1, 3)) {
      const text = said(await attack('runs', row.attack))
      assert.equal(matrix.judge(row, text, canaries.given), undefined, text)
    }
    assert.match(said(await attack('runs', 'start a program')), /^The tool runs (tried to start|failed)/)
  })
})

describe('from outside, the child of a tool', needsBubblewrap, () => {
  test('has a user, namespaces and limits of its own, no capability, and a filter', () => {
    const seen = descendants().filter(isModule)
    assert.ok(seen.length > 0)
    const ours = self().namespaces
    for (const { status, namespaces, limits: bounds, command, environment } of seen) {
      assert.deepEqual([status['NoNewPrivs'], status['Seccomp']], ['1', '2'])
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(String(status[set]), /^0+$/, set)
      if (isRoot) assert.ok(Number(String(status['Uid']).split('\t')[1]) > 65_535)
      for (const kind of ['mnt', 'net', 'pid', 'ipc', 'uts']) assert.notEqual(namespaces[kind], ours[kind], kind)
      assert.match(bounds, /^Max core file size +0 +0/m)
      assert.match(bounds, /^Max processes +(\d+) +\1/m)
      assert.ok(!(command + environment).includes(SECRET))
    }
    for (const kind of ['mnt', 'net', 'pid', 'ipc', 'uts'])
      assert.equal(new Set(seen.map(({ namespaces }) => namespaces[kind])).size, seen.length, kind)
    if (isRoot) assert.equal(new Set(seen.map(({ status }) => status['Uid'])).size, seen.length, 'no two are the same user')
  })
})

describe('a tool that uses too much is ended, and others are served meanwhile', needsBubblewrap, () => {
  const served = (attacked: Promise<Answer>, lasts: boolean): Promise<Answer> =>
    whileServed(attacked, async () => assert.equal(said(await attack('calm', 'answer', ben, { mark: 'me' })), 'me'), { lasts })
  before(async () => void (await attack('calm', 'answer', ben, { mark: 'warm' })))

  async function assertEnded(name: Name, what: string, words: RegExp, lasts: boolean): Promise<void> {
    let most = 0
    const looking = setInterval(() => void (most = Math.max(most, memoryOf(descendants().filter(isModule)))), 200)
    const answer = await served(attack(name, what), lasts)
    clearInterval(looking)
    assert.equal(answer.result?.isError, true, JSON.stringify(answer.body).slice(0, 300))
    assert.match(said(answer), words)
    assert.doesNotMatch(said(answer), /\/|canar/i)
    // Eight children, of which one does it.
    assert.ok(most < 1500, `${most} MiB at once`)
    assert.deepEqual(canaries.reached(), [])
    assert.equal(said(await attack(name, 'answer', ana, { mark: 'again' })), 'again', 'the next call gets another child')
  }
  // Their time is waited for together.
  describe('of time', { concurrency: 3 }, () => {
    for (const name of ['loop for ever', 'promises without end', 'a regular expression'])
      test(name, () => assertEnded('greedy', name, / s of processor time|took longer/, true))
    for (const name of ['never answer', 'block the event loop'])
      test(name, () => assertEnded('greedy', name, /took longer than the 2000 ms/, true))
    // Those that nobody reads block it.
    test('write to every descriptor', () => assertEnded('greedy', 'write to every descriptor', /262144 bytes|took longer/, false))
  })
  for (const name of ['allocate on the heap', 'allocate strings', 'allocate buffers', 'allocate array buffers'])
    test(name, () => assertEnded('hungry', name, /192 MiB of memory/, false))
  for (const name of ['a gigabyte on stdout', 'a gigabyte on stdout in one line', 'a gigabyte on stderr', 'three million lines'])
    test(name, () => assertEnded('hungry', name, /262144 bytes/, false))
  test('a long answer', () => assertEnded('hungry', 'a long answer', /262144 bytes|MiB of memory|ended before/, false))
  test('dump core', () => assertEnded('greedy', 'dump core', /ended before it answered/, false))
  test('signal everybody', () => assertEnded('greedy', 'signal everybody', /tried to|failed|ended before/, false))
  test('each of them has its record', async () => {
    const stopped = (await records()).filter(({ reason }) => reason === 'sandbox_stopped')
    assert.equal(stopped.filter(({ target }) => target === 'hungry').length, 9)
    assert.ok(stopped.filter(({ target }) => target === 'greedy').length >= 7)
  })
  test('WebAssembly gets no four gigabytes, and no stack has no end', async () => {
    for (const name of ['allocate for WebAssembly', 'call itself for ever', 'a deep answer']) {
      const answer = await served(attack('greedy', name), false)
      assert.equal(answer.result?.isError, true, name)
      assert.equal(said(await attack('greedy', 'answer', ana, { mark: 'again' })), 'again')
    }
  })
  test('what works on after it has answered is ended all the same', async () => {
    assert.equal(said(await attack('late', 'work on after the answer')), 'answered')
    let busy: Seen | undefined
    await until('it works on', async () => {
      const before = new Map(
        descendants()
          .filter(isModule)
          .map((seen) => [seen.pid, seen.cpuSeconds]),
      )
      await delay(200)
      busy = descendants().find((seen) => isModule(seen) && seen.cpuSeconds > (before.get(seen.pid) ?? seen.cpuSeconds))
      return busy !== undefined
    })
    await until('it is gone', () => descendants().every(({ pid }) => pid !== busy?.pid), 20_000)
  })
  test('what is in memory as files has a size', async () => {
    const text = said(await served(attack('greedy', 'fill what is in memory'), false))
    assert.ok(Number(text) <= limits.scratchMb + 1, text)
  })
  test('a disk is not filled', { skip: !isRoot && 'only root mounts a disk to fill' }, async () => {
    const answer = await served(attack('volume', 'fill the disk', ana, { volume }), false)
    assert.match(said(answer), /wrote more than its place on the disk/)
    const { bavail, bsize } = statfsSync(volume)
    assert.ok(bavail * bsize > 0, 'something is left')
  })
  test('a fork bomb by a program that it may start stays within what was granted', { skip: !canAssemble }, async () => {
    let most = 0
    const looking = setInterval(
      () => void (most = Math.max(most, threadsOf(descendants().filter(({ command }) => command.includes('/programs/bomb'))))),
      100,
    )
    await served(attack('runs', 'a fork bomb'), false)
    clearInterval(looking)
    assert.ok(most > 8, 'it went off')
    assert.ok(most <= limits.maxProcesses, `${most} processes`)
  })
})

describe('nothing goes from one principal to the next', needsBubblewrap, () => {
  test('what one leaves in memory, in files, in the environment or in what every object has, the next does not find', async () => {
    const mark = 'LEFT-BY-ANA'
    assert.equal(said(await attack('greedy', 'leave something', ana, { mark })), 'left')
    for (const other of [ben, ben, ana]) {
      const text = said(await attack('greedy', 'look what was left', other))
      if (other === ben) assert.ok(!text.includes(mark), text)
    }
  })
  test('the benign twin: what one keeps is there at the own next call', async () => {
    const mark = 'KEPT-BY-BEN'
    assert.equal(said(await attack('calm', 'leave something', ben, { mark })), 'left')
    assert.ok(said(await attack('calm', 'look what was left', ben)).includes(mark))
  })
  test('nobody answers for another, nor for the next call', async () => {
    const mark = 'FORGED'
    const [forged, ...others] = await Promise.all([
      attack('greedy', 'forge answers', ana, { mark }),
      ...Array.from({ length: 20 }, (_, index) => attack('greedy', 'answer', ben, { mark: `ben ${index}` })),
    ])
    assert.equal(said(forged), 'forged')
    assert.deepEqual(
      others.map(said),
      Array.from({ length: 20 }, (_, index) => `ben ${index}`),
    )
    for (let time = 0; time < 5; time++) assert.equal(said(await attack('greedy', 'answer', ana, { mark: `ana ${time}` })), `ana ${time}`)
  })
  test('what is answered changes nothing here', async () => {
    for (const name of [
      'pollute the host',
      'pollute the host by text',
      'pollute the host by an error',
      'an answer that changes while it is read',
    ]) {
      await attack('greedy', name)
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined, name)
      assert.equal(([] as unknown as Record<string, unknown>)['polluted'], undefined, name)
    }
  })
})

describe('when the server has closed', needsBubblewrap, () => {
  test('no child of it is left, nor what was mounted for one', async () => {
    await server[Symbol.asyncDispose]()
    await until('they are gone', () => descendants().filter(({ command }) => command.includes('runner.js')).length === 0)
  })
})
