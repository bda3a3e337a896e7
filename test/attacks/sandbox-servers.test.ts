/**
 * Guarded servers in the sandbox, against servers that want more than they were granted: the table of attacks on one server,
 * judged from outside; then what uses too much, on servers that it ends, while others are served; then what is left behind.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { MAX_MESSAGE_BYTES } from '../../src/gateway/upstream/link.ts'
import { type Canaries, GRANTED, SECRET, startCanaries } from '../fixtures/sandbox/canaries.ts'
import * as matrix from '../fixtures/sandbox/matrix.ts'
import { descendants, memoryOf, type Seen, self, threadsOf } from '../fixtures/sandbox/outside.ts'
import { canAssemble } from '../fixtures/sandbox/programs.ts'
import { whileServed } from '../fixtures/sandbox/while-served.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type Answer, type McpClient, mcp } from '../support/mcp.ts'
import { until } from '../support/until.ts'

verifies('sandbox-read', 'sandbox-write', 'sandbox-net', 'sandbox-kernel', 'sandbox-limits', 'sandbox-others', 'sandbox-left-behind')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/attack-server.mjs')
const limits = { memoryMb: 192, cpuSeconds: 1, maxProcesses: 64, scratchMb: 16 }
/** Ended by what is done to them: each has one of its own. */
const victims = [
  'loop',
  'promises',
  'expression',
  'heap',
  'strings',
  'buffers',
  'arrays',
  'scratch',
  'output',
  'endless',
  'bomb',
  'signals',
  'left',
] as const
/** Others ask all the time. */
const plenty = { max: 1_000_000 }
const UNLIMITED = { address: plenty, principal: plenty, client: plenty, tool: plenty }
type Victim = (typeof victims)[number]

let canaries: Canaries
let gateway: Gateway
let ana: McpClient
let ben: McpClient

before(async () => {
  if (needsBubblewrap.skip !== false) return
  process.env['CANARY_OF_OURS'] = `${SECRET} of our own environment`
  canaries = await startCanaries()
  const { readableFolder, programs, writable } = canaries.given
  const server = (env: object, more: object = {}, timeoutSeconds = 40): object => ({
    command: process.execPath,
    args: [SERVER],
    env,
    timeoutSeconds,
    sandbox: { read: [readableFolder, programs], write: [writable], ...more },
  })
  gateway = await startGateway({
    config: { limits: UNLIMITED },
    servers: {
      table: server({ OWN: 'its own' }),
      calm: server({ OF_ANOTHER: `${SECRET} of another server` }),
      open: { command: process.execPath, args: [SERVER], sandbox: { dangerouslyOff: true } },
      ...Object.fromEntries(
        victims.map((name) => [name, server({}, name === 'output' || name === 'endless' ? {} : limits, name === 'endless' ? 2 : 40)]),
      ),
    },
  })
  ana = mcp(gateway.url, { key: (await gateway.key()).key })
  ben = mcp(gateway.url, { key: (await gateway.key()).key })
})
after(async () => {
  delete process.env['CANARY_OF_OURS']
  await gateway?.[Symbol.asyncDispose]()
  await canaries?.[Symbol.asyncDispose]()
})

const attack = (server: 'table' | 'calm' | 'open' | Victim, name: string, client: McpClient = ana, more: object = {}): Promise<Answer> =>
  client.call(`${server}__attack`, { attack: name, given: { ...canaries.given, ...more } })
const ofServer = (name: 'table' | 'calm' | Victim): Promise<boolean> =>
  attack(name, 'answer', ana, { mark: 'here' }).then((answer) => said(answer) === 'here')

/** What somebody may be told: never where something is. */
function assertTellsNothing(answer: Answer): void {
  assert.doesNotMatch(JSON.stringify(answer.body), new RegExp(`${SECRET}|${gateway.dataDir}`))
}

describe('what a server was not granted it cannot reach', needsBubblewrap, () => {
  for (const row of [...matrix.files, ...matrix.network, ...matrix.processes])
    test(row.attack, async () => {
      const answer = await attack('table', row.attack)
      assert.equal(matrix.judge(row, said(answer), canaries.given), undefined, said(answer))
      assert.deepEqual(canaries.reached(), [])
      if (answer.result?.isError === true) assert.notEqual(said(answer), '', 'the caller is told something')
    })
  for (const row of matrix.kernel)
    test(row.attack, { skip: !canAssemble && 'programs are assembled for x64 and arm64' }, async () => {
      const answer = await attack('table', row.attack)
      assert.equal(matrix.judge(row, said(answer), canaries.given), undefined, said(answer))
    })
  test('every one of these calls has a record, without what was read or tried', async () => {
    const records = (await gateway.records()).filter(({ target, server }) => server === 'table' && target !== undefined)
    assert.ok(records.length >= matrix.files.length + matrix.network.length + matrix.processes.length)
    const { secret, writable } = canaries.given
    for (const word of [SECRET, String(secret), writable]) assert.ok(!JSON.stringify(records).includes(word))
  })
})

describe('what a server was granted it can do', needsBubblewrap, () => {
  const expected: Readonly<Record<string, RegExp>> = {
    'read a granted file': new RegExp(`^${GRANTED}$`),
    'list a granted folder': /file\.txt/,
    'write to a granted folder': /^written$/,
    'follow a link to a granted file': new RegExp(`^${GRANTED}$`),
    'write to /tmp': /^mine$/,
    'listen and connect in here': /^inside$/,
    'start a granted program': /^hello$/m,
    'ordinary calls of the kernel': /^(?!.*"results":\[[^\]]*-).*$/,
    '50 MiB of memory': /^50 MiB$/,
    'a second of work in turns': /turns$/,
    '100 KB of answer': /^y{100000}$/,
    'a megabyte in /tmp': /^1 MiB$/,
    'words on stderr': /^said$/,
    'an answer with structure': /^\{"rows":\[1,2,3\]/,
  }
  for (const [name, answer] of Object.entries(expected))
    test(name, async () => {
      assert.match(said(await attack('table', name)), answer)
    })
})

describe('each attack is one: without a sandbox', needsBubblewrap, () => {
  const { files, network, processes } = matrix
  // Not those that would change this machine, or that need another to be there.
  const harmless = [
    'read outside',
    'list the folders above',
    'follow a link in a folder that may be read',
    'follow a link that it made',
    'follow a link that it made in /tmp',
    'follow a link that is swapped',
    'a hard link to a file outside',
    'through /proc',
    'read who has an account here',
    'connect over IPv4',
    'connect to this machine by other names',
    'fetch a page',
    'HTTP/2',
    'UDP',
    'a unix socket',
    'an abstract socket',
    '/proc/net',
    'see other processes',
    'the environment of others',
  ]
  for (const name of harmless)
    test(`${name} gets there`, async () => {
      const row = [...files, ...network, ...processes].find(({ attack: each }) => each === name)
      assert.ok(row, name)
      const text = said(await attack('open', name))
      const reached = canaries.reached()
      assert.ok(matrix.judge(row, text, canaries.given) !== undefined || reached.length > 0, text)
    })
})

describe('from outside, a server', needsBubblewrap, () => {
  // The one that is in no sandbox was started by us.
  const programs = (): Seen[] =>
    descendants().filter(
      ({ command, status }) =>
        command.includes('attack-server.mjs') && status['Name'] !== 'bwrap' && status['PPid'] !== String(process.pid),
    )

  test('is another user without a single capability, behind a filter, with nothing to gain', () => {
    const seen = programs()
    assert.ok(seen.length > 0)
    for (const { status } of seen) {
      assert.equal(status['NoNewPrivs'], '1')
      assert.equal(status['Seccomp'], '2')
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(String(status[set]), /^0+$/, set)
      if (process.getuid?.() === 0) for (const uid of String(status['Uid']).split('\t')) assert.ok(Number(uid) > 65_535, uid)
    }
  })
  test('has namespaces of its own, which no other server has', () => {
    const ours = self().namespaces
    for (const kind of ['mnt', 'net', 'pid', 'ipc', 'uts', ...(process.getuid?.() === 0 ? [] : ['user'])]) {
      const theirs = programs().map(({ namespaces }) => namespaces[kind])
      assert.ok(!theirs.includes(ours[kind]), kind)
      assert.equal(new Set(theirs).size, theirs.length, kind)
    }
  })
  test('has no limit to raise, and dumps no core', () => {
    for (const { limits } of programs()) {
      for (const name of ['Max processes', 'Max open files', 'Max core file size', 'Max data size', 'Max file size', 'Max msgqueue size']) {
        const [, soft, hard] = new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(limits) ?? []
        assert.equal(soft, hard, name)
        assert.notEqual(soft, 'unlimited', name)
      }
      assert.match(limits, /^Max core file size +0 +0/m)
    }
  })
  test('shows no secret on its command line, and has none of another’s in its environment', () => {
    const all = descendants().filter(({ pid }) => !(canaries.given['pids'] as number[]).includes(pid))
    for (const { command } of all) assert.ok(!command.includes(SECRET), command)
    const others = all.filter(({ environment }) => environment.includes(`${SECRET} of another server`))
    assert.ok(others.length > 0, 'the server that it belongs to has it')
    for (const { environment } of all) assert.ok(!environment.includes(`${SECRET} of our own environment`))
    const groups = new Set(others.map(({ namespaces }) => namespaces['net']))
    groups.delete(self().namespaces['net'] as string)
    assert.equal(groups.size, 1, 'and nobody else')
  })
  test('has no debugger that anybody could speak to', async () => {
    await attack('table', 'open the debugger')
    const socket = connect(9229, '127.0.0.1')
    const [error] = await once(socket, 'error')
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED')
  })
})

describe('what uses too much is ended or refused, and others are served meanwhile', needsBubblewrap, () => {
  const served = (attacked: Promise<Answer>, lasts: boolean): Promise<Answer> =>
    whileServed(attacked, async () => assert.equal(said(await attack('calm', 'answer', ben, { mark: 'me' })), 'me'), { lasts })

  const ended: Victim[] = []
  async function assertEnded(server: Victim, answer: Answer, words: RegExp): Promise<void> {
    assert.equal(answer.result?.isError, true, JSON.stringify(answer.body).slice(0, 300))
    assert.match(said(answer), words)
    assertTellsNothing(answer)
    ended.push(server)
    await until(`${server} is back`, () => ofServer(server))
  }
  for (const [server, name] of [
    ['loop', 'loop for ever'],
    ['promises', 'promises without end'],
    ['expression', 'a regular expression'],
  ] as const)
    test(name, async () => {
      const answer = await served(attack(server, name), true)
      await assertEnded(server, answer, /processor time|stopped while/)
    })
  for (const [server, name] of [
    ['heap', 'allocate on the heap'],
    ['strings', 'allocate strings'],
    ['buffers', 'allocate buffers'],
    ['arrays', 'allocate array buffers'],
  ] as const)
    test(name, async () => {
      let most = 0
      const looking = setInterval(() => {
        most = Math.max(most, memoryOf(descendants().filter(({ command }) => command.includes('attack-server.mjs'))))
      }, 200)
      const answer = await served(attack(server, name), false)
      clearInterval(looking)
      await assertEnded(server, answer, /memory|stopped while/)
      // All fourteen servers together, of which thirteen do nothing.
      assert.ok(most < 2500, `${most} MiB at once`)
    })
  test('each of these calls has a record that says so', async () => {
    const records = await gateway.records()
    assert.equal(ended.length, 7)
    for (const server of ended) {
      const { reason } = records.find((each) => each.server === server && each.decision === 'deny') ?? {}
      assert.ok(reason === 'sandbox_stopped' || reason === 'upstream_unavailable', `${server}: ${reason}`)
    }
  })
  test('WebAssembly gets no four gigabytes', async () => {
    const answer = await attack('heap', 'allocate for WebAssembly')
    assert.doesNotMatch(said(answer), /allocated/)
  })
  test('what is in memory as files has a size', async () => {
    const answer = await served(attack('scratch', 'fill what is in memory'), false)
    // Its /tmp, and one for shared memory.
    assert.ok(Number(said(answer)) <= 2 * limits.scratchMb + 1, said(answer))
  })
  // A server may speak for as long as it runs: what it says is not kept. A fifth of a gigabyte shows it where each byte is looked at.
  const bytes = 200_000_000
  test('a gigabyte of noise is not kept', { timeout: 240_000 }, async () => {
    const before = process.memoryUsage().rss
    await served(attack('output', 'a gigabyte on stderr', ana, { bytes }), false)
    await served(attack('output', 'a gigabyte on stdout', ana, { bytes }), false)
    await served(attack('output', 'three million lines'), false)
    assert.ok(process.memoryUsage().rss - before < 300 * 1024 * 1024)
    assert.ok(await ofServer('output'))
  })
  // Longer than any message. Whose answer it was cannot be told: the caller hears that its time is up.
  test('an answer without an end is none', { timeout: 120_000 }, async () => {
    const answer = await served(
      attack('endless', 'a gigabyte on stdout in one line', ana, { bytes: MAX_MESSAGE_BYTES + 10_000_000 }),
      false,
    )
    assert.equal(answer.result?.isError, true)
    await until('it is back', () => ofServer('endless'), 60_000)
  })
  test('calling itself for ever ends in an error of its own', async () => {
    assert.match(said(await attack('table', 'call itself for ever')), /call stack/)
  })
  test('a fork bomb has as many processes as were granted, and nobody else has fewer', { skip: !canAssemble }, async () => {
    let most = 0
    const looking = setInterval(() => {
      most = Math.max(most, threadsOf(descendants().filter(({ command }) => command.includes('/programs/bomb'))))
    }, 20)
    await served(attack('bomb', 'a fork bomb'), false)
    clearInterval(looking)
    assert.ok(most > 8, 'it went off')
    assert.ok(most <= limits.maxProcesses, `${most} processes`)
    await until('it is back', () => ofServer('bomb'))
  })
  test('signals reach nothing outside, whoever they are for', async () => {
    for (const name of ['signal the parent', 'signal the first process', 'signal everybody']) {
      const answer = await attack('signals', name)
      assertTellsNothing(answer)
      assert.deepEqual(canaries.reached(), [])
      await until('it is back', () => ofServer('signals'))
    }
  })
  test('a core that is dumped lies nowhere', async () => {
    const answer = await attack('signals', 'dump core')
    assert.equal(answer.result?.isError, true)
    await until('it is back', () => ofServer('signals'))
  })
})

describe('when it has ended', needsBubblewrap, () => {
  test('what it left running is gone with it', { skip: !canAssemble }, async () => {
    const left = (): Seen[] => descendants().filter(({ command }) => command.includes('/programs/sleeper'))
    assert.match(said(await attack('left', 'leave a process behind')), /^left/)
    await until('it runs', () => left().length > 0)
    await gateway.stop()
    await until('it is gone', () => left().length === 0)
    await until('nothing of any server is left', () => descendants().every(({ command }) => !command.includes('attack-server.mjs')))
  })
})
