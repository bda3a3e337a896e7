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
import { type McpClient, mcp } from '../support/mcp.ts'

verifies('sandbox-vulnerable', 'sandbox-read', 'sandbox-net', 'sandbox-limits')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/dvmcp-8.mjs')
const limits = { memoryMb: 1024, maxProcesses: 64, scratchMb: 16 }
let canaries: Canaries
before(async () => void (canaries = await startCanaries()))
after(() => canaries[Symbol.asyncDispose]())

async function start(variant: 'server.py' | 'server_sse.py', more: object): Promise<{ gateway: Gateway; client: McpClient }> {
  const gateway = await startGateway({ servers: { dvmcp: { command: process.execPath, args: [SERVER, variant], ...more } } })
  return { gateway, client: mcp(gateway.url, { key: (await gateway.key()).key }) }
}
const secret = (): string => String(canaries.given['secret'])
const tcp = (): number => Number(canaries.given['tcp'])

describe('DVMCP 8, server.py, in a sandbox', needsBubblewrap, () => {
  let rig: Awaited<ReturnType<typeof start>>
  const shell = (command: string): Promise<string> => rig.client.call('execute_shell_command', { command }).then(said)
  const code = (text: string): Promise<string> => rig.client.call('execute_code', { code: text }).then(said)
  before(async () => void (rig = await start('server.py', { sandbox: limits })))
  after(() => rig.gateway[Symbol.asyncDispose]())

  test('neither code nor a shell reads what was not granted', async () => {
    for (const path of [secret(), '/etc/shadow', `/proc/1/root${secret()}`]) {
      const said = [
        await shell(`cat ${path}`),
        await shell(`c=cat; $c "${path}"; echo; head -c 100 ${path}`),
        await code(`import { readFileSync } from 'node:fs'; console.log(readFileSync(${JSON.stringify(path)}, 'utf8'))`),
      ]
      for (const text of said) assert.doesNotMatch(text, new RegExp(`${SECRET} of|^root:[^:]*:\\d`, 'm'))
    }
    assert.match(String((await rig.client.call('analyze_file', { file_path: secret() })).result.isError), /true/)
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
        threadsOf(descendants().filter(({ command }) => command.includes('dvmcp-8.mjs') || command.startsWith('sleep '))),
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
  let rig: Awaited<ReturnType<typeof start>>
  const evaluate = (expression: string): Promise<string> => rig.client.call('evaluate_expression', { expression }).then(said)
  before(async () => void (rig = await start('server_sse.py', { sandbox: limits })))
  after(() => rig.gateway[Symbol.asyncDispose]())

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
  test('a tool that waits for a person runs nothing, and the one beside it reads any file', async () => {
    const { gateway, client } = await start('server.py', {
      sandbox: { dangerouslyOff: true },
      tools: { execute_code: 'ask', execute_shell_command: 'deny', '*': 'read' },
    })
    await using _ = gateway
    assert.match(said(await client.call('execute_code', { code: 'console.log(1)' })), /agree/)
    assert.ok((await client.call('execute_shell_command', { command: 'id' })).error)
    assert.match(said(await client.call('analyze_file', { file_path: secret() })), new RegExp(SECRET))
  })
  test('nothing stops an expression', async () => {
    const { gateway, client } = await start('server_sse.py', { sandbox: { dangerouslyOff: true } })
    await using _ = gateway
    const expression = `process.getBuiltinModule('node:fs').readFileSync(${JSON.stringify(secret())}, 'utf8')`
    assert.match(said(await client.call('evaluate_expression', { expression })), new RegExp(SECRET))
  })
})
