/**
 * Challenge 8 of DVMCP, malicious code execution, in both of its variants: a server that runs what it is given. In the sandbox what it
 * runs is held as it is; without one, only that nobody may call it.
 */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Canaries, SECRET, startCanaries } from '../fixtures/sandbox/canaries.ts'
import { descendants, threadsOf } from '../fixtures/sandbox/outside.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type Answer, mcp } from '../support/mcp.ts'

verifies('sandbox-vulnerable', 'sandbox-read', 'sandbox-net', 'sandbox-limits')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/dvmcp-8.mjs')
const limits = { memoryMb: 1024, maxProcesses: 64, scratchMb: 16 }
/** Both variants, behind one guard. */
interface Rig {
  readonly gateway: Gateway
  /** As `server.py` has them, and `server_sse.py`. */
  py(tool: string, args: object): Promise<Answer>
  sse(tool: string, args: object): Promise<Answer>
}
let canaries: Canaries
let kept: Rig
before(async () => {
  canaries = await startCanaries()
  if (needsBubblewrap.skip === false) kept = await start({ sandbox: limits }, { sandbox: limits })
})
after(async () => {
  await kept?.gateway[Symbol.asyncDispose]()
  await canaries[Symbol.asyncDispose]()
})

async function start(py: object, sse: object): Promise<Rig> {
  const server = (variant: string, more: object): object => ({ command: process.execPath, args: [SERVER, variant], ...more })
  const gateway = await startGateway({ servers: { py: server('server.py', py), sse: server('server_sse.py', sse) } })
  const client = mcp(gateway.url, { key: (await gateway.key()).key })
  return {
    gateway,
    py: (tool, args) => client.call(`py__${tool}`, args),
    sse: (tool, args) => client.call(`sse__${tool}`, args),
  }
}
const secret = (): string => String(canaries.given['secret'])
const tcp = (): number => Number(canaries.given['tcp'])

describe('DVMCP 8, server.py, in a sandbox', needsBubblewrap, () => {
  const shell = (command: string): Promise<string> => kept.py('execute_shell_command', { command }).then(said)
  const code = (text: string): Promise<string> => kept.py('execute_code', { code: text }).then(said)

  test('neither code nor a shell reads what was not granted', async () => {
    for (const path of [secret(), '/etc/shadow', `/proc/1/root${secret()}`]) {
      const said = [
        await shell(`cat ${path}`),
        await shell(`c=cat; $c "${path}"; echo; head -c 100 ${path}`),
        await code(`import { readFileSync } from 'node:fs'; console.log(readFileSync(${JSON.stringify(path)}, 'utf8'))`),
      ]
      for (const text of said) assert.doesNotMatch(text, new RegExp(`${SECRET} of|^root:[^:]*:\\d`, 'm'))
    }
    assert.match(String((await kept.py('analyze_file', { file_path: secret() })).result.isError), /true/)
  })
  test('nor sees who has an account or what runs here', async () => {
    assert.doesNotMatch(await shell('cat /etc/passwd; id'), /daemon|uid=0/)
    assert.doesNotMatch(
      await shell('for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do tr "\\0" " " < $f; done; true'),
      new RegExp(SECRET),
    )
  })
  test('nor connects, by any program of the machine', async () => {
    await code(
      `import { connect } from 'node:net'; connect(${tcp()}, '127.0.0.1', function () { this.write('hello') }).on('error', () => {})`,
    )
    await shell(`exec 3<>/dev/tcp/127.0.0.1/${tcp()}; echo hello >&3; true`)
    await shell(`curl -s -m 2 http://127.0.0.1:${tcp()}/; wget -q -T 2 -O - http://0.0.0.0:${tcp()}/; true`)
    assert.deepEqual(canaries.reached(), [])
  })
  test('nor has more processes than it was granted', async () => {
    let most = 0
    const looking = setInterval(() => {
      most = Math.max(
        most,
        threadsOf(descendants().filter(({ command }) => command.includes('dvmcp-8.mjs server.py') || command.startsWith('sleep '))),
      )
    }, 100)
    await shell('i=0; while [ $i -lt 300 ]; do sleep 2 & i=$((i+1)); done; wait')
    clearInterval(looking)
    // bwrap stands around it twice.
    assert.ok(most > 16 && most <= limits.maxProcesses + 2, `${most} processes`)
  })
  test('nor fills anything with a gigabyte', async () => {
    const said = await shell(
      'head -c 1073741824 /dev/zero > /tmp/large 2>/dev/null; stat -c %s /tmp/large 2>/dev/null || wc -c < /tmp/large; rm /tmp/large',
    )
    assert.ok(Number(said) <= limits.scratchMb * 1024 * 1024, said)
  })
  test('the benign twin: code and commands that need nothing run', async () => {
    assert.equal(await code('console.log(6 * 7)'), '42\n')
    assert.equal(await shell('echo one two | wc -w | tr -d " "'), '2\n')
    assert.equal(await shell('echo kept > /tmp/own && cat /tmp/own'), 'kept\n')
  })
})

describe('DVMCP 8, server_sse.py, in a sandbox', needsBubblewrap, () => {
  const evaluate = (expression: string): Promise<string> => kept.sse('evaluate_expression', { expression }).then(said)

  test('an expression that becomes code reaches nothing', async () => {
    const module = (name: string): string => `process.getBuiltinModule('node:${name}')`
    for (const path of [secret(), '/etc/shadow'])
      assert.doesNotMatch(await evaluate(`${module('fs')}.readFileSync(${JSON.stringify(path)}, 'utf8')`), new RegExp(`${SECRET}|root:`))
    assert.doesNotMatch(
      await evaluate(`${module('child_process')}.execSync('cat ${secret()} /etc/shadow; id; true').toString()`),
      /CANARY|uid=0/,
    )
    await evaluate(`new Promise((done) => ${module('net')}.connect(${tcp()}, '127.0.0.1').on('error', done).on('connect', done))`)
    assert.doesNotMatch(await evaluate('JSON.stringify(process.env)'), new RegExp(SECRET))
    assert.deepEqual(canaries.reached(), [])
  })
  test('the benign twin: it computes', async () => {
    assert.equal(await evaluate('(2 + 3) * 4'), '20')
  })
})

describe('DVMCP 8 without a sandbox: which layer stops what', () => {
  let off: Rig
  before(async () => {
    const sandbox = { dangerouslyOff: true }
    off = await start({ sandbox, tools: { execute_code: 'ask', execute_shell_command: 'deny', '*': 'read' } }, { sandbox })
  })
  after(() => off.gateway[Symbol.asyncDispose]())

  test('a tool that waits for a person runs nothing, and the one beside it reads any file', async () => {
    assert.match(said(await off.py('execute_code', { code: 'console.log(1)' })), /agree/)
    assert.ok((await off.py('execute_shell_command', { command: 'id' })).error)
    assert.match(said(await off.py('analyze_file', { file_path: secret() })), new RegExp(SECRET))
  })
  test('nothing stops an expression', async () => {
    const expression = `process.getBuiltinModule('node:fs').readFileSync(${JSON.stringify(secret())}, 'utf8')`
    assert.match(said(await off.sse('evaluate_expression', { expression })), new RegExp(SECRET))
  })
})
