// Tools that are modules, behind a real server, with bubblewrap: what they answer, what they are refused, and what is on record.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ConfigError, type Log } from '../../src/core/index.ts'
import type { AuditQuery, AuditRecord } from '../../src/storage/index.ts'
import { openData } from '../../src/vault/index.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { ROOT } from '../support/paths.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const moduleAt = (name: string): URL => pathToFileURL(join(ROOT, 'test/fixtures/modules', name))
const text = { type: 'string', maxLength: 1000 } as const
const parameters = {
  type: 'object',
  properties: { act: text, path: text, value: text, port: { type: 'integer', minimum: 1, maximum: 65_535 } },
  required: ['act'],
} as const
const execute = moduleAt('probe.mjs')
const [GRANTED = ''] = readdirSync(join(ROOT, 'test/fixtures/kms'))

describe('tools that are modules', needsBubblewrap, () => {
  let server: TestServer
  let key: string
  let elsewhere: ReturnType<typeof createServer>
  let granted: string
  const lines: string[] = []
  const log: Log = (level, message) => void lines.push(`${level} ${message}`)
  const textOf = ({ result }: Json): string => result.content.map((block: Json) => block.text).join('\n')
  const call = (act: string, args: object = {}, name = 'probe'): Promise<Json> => mcp(server.url, { key }).call(name, { act, ...args })

  before(async () => {
    elsewhere = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1')
    await once(elsewhere, 'listening')
    granted = `127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
    process.env['SALLYPORT_TEST_ZONE'] = 'secret'
    process.env['TEST_ZONE'] = 'Europe/Oslo'
    server = await startServer({
      log,
      sandbox: { children: 4 },
      tools: [
        { name: 'probe', parameters, execute, sandbox: { env: ['TEST_ZONE'] } },
        { name: 'reader', parameters, execute, sandbox: { read: ['../kms'] } },
        { name: 'typed', parameters, execute, outputSchema: { type: 'object', properties: { value: { type: 'string', maxLength: 3 } } } },
        { name: 'tasked', parameters, execute, task: 'optional' },
        {
          name: 'fetching',
          parameters: { type: 'object', properties: { url: text } },
          execute: moduleAt('fetching.mjs'),
          sandbox: { net: [granted] },
        },
        { name: 'inline', execute: () => process.pid },
      ] as never,
    })
    key = await server.key()
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    elsewhere?.close()
  })
  /** Of the trail, newest first: written in batches, so that what is looked for may be a moment away. */
  async function trail(query: AuditQuery, has: (records: readonly AuditRecord[]) => boolean): Promise<readonly AuditRecord[]> {
    const data = await openData({ dataDir: server.dataDir })
    try {
      let found: readonly AuditRecord[] = []
      await until('it is on record', async () => {
        found = (await data.store.audit.search(query)).map(({ record }) => record)
        return has(found)
      })
      return found
    } finally {
      await data.store.close()
    }
  }
  const recordOf = async ({ result }: Json): Promise<AuditRecord | undefined> => {
    const isIt = ({ id }: AuditRecord): boolean => id === result._meta['sallyport/decision']
    return (await trail({}, (records) => records.some(isIt))).find(isIt)
  }
  const connectedTo = async (target: string): Promise<AuditRecord | undefined> => {
    const isIt = (record: AuditRecord): boolean => record.target === target
    return (await trail({ action: 'sandbox.connect' }, (records) => records.some(isIt))).find(isIt)
  }

  it('answer as functions do', async () => {
    assert.deepEqual((await call('echo', { value: 'x' })).result.structuredContent, { value: 'x' })
    assert.equal(textOf(await call('text')), 'plain text')
    assert.deepEqual((await call('nothing')).result.content, [])
    const whole = (await call('whole')).result
    assert.deepEqual([whole.isError, whole.content[0].text], [true, 'a whole result'])
    assert.deepEqual((await call('echo', { value: 'abc' }, 'typed')).result.structuredContent, { value: 'abc' })
    const broken = await call('echo', { value: 'abcd' }, 'typed')
    assert.equal(broken.result.isError, true)
    assert.doesNotMatch(JSON.stringify(broken.result), /abcd/)
  })

  it('are told who calls, without the credential, and nothing of our environment but what was granted', async () => {
    const { result } = await call('who')
    const { isFrozen, ...principal } = result.structuredContent
    assert.equal(isFrozen, true)
    assert.deepEqual(Object.keys(principal).sort(), ['clientId', 'issuer', 'roles', 'scopes', 'subject'])
    const { names } = (await call('env')).result.structuredContent
    assert.ok(names.includes('TEST_ZONE'))
    assert.ok(!names.includes('SALLYPORT_TEST_ZONE') && !names.includes('SALLYPORT_DATA_DIR'), names.join())
  })

  it('are refused what they were not granted, in words without a path, and that is on record', async () => {
    for (const [act, args, words] of [
      ['read', { path: '/etc/passwd' }, 'The tool probe tried to read what it was not granted.'],
      ['write', { path: join(ROOT, 'test/fixtures/modules/written') }, 'The tool probe tried to write where it was not granted to.'],
      ['spawn', {}, 'The tool probe tried to start what it was not granted.'],
      ['connect', { port: Number(granted.split(':')[1]) }, 'The tool probe tried to connect to where it was not granted to.'],
    ] as const) {
      const answer = await call(act, args)
      assert.equal(answer.result.isError, true, act)
      assert.equal(textOf(answer), `${words} (${answer.result._meta['sallyport/decision']})`)
      const { decision, reason, sentence } = (await recordOf(answer)) ?? {}
      assert.deepEqual([decision, reason, sentence], ['deny', 'sandbox_refused', words])
    }
    const own = await call('read', { path: join(server.dataDir, 'master.key') })
    assert.equal(own.result.isError, true)
    const file = fileURLToPath(import.meta.url)
    // Of a checkout below /tmp, which it has one of its own: the file is not there.
    assert.match(textOf(await call('read', { path: file })), /tried to read what it was not granted|The tool probe failed/)
    assert.match(textOf(await call('read', { path: join(ROOT, 'test/fixtures/kms', GRANTED) }, 'reader')), /\S/)
    assert.match(
      textOf(await call('write', { path: join(ROOT, 'test/fixtures/kms', GRANTED) }, 'reader')),
      /tried to write where it was not granted to/,
    )
  })

  it('that go too far are ended, others are answered meanwhile, and that is on record', async () => {
    const looping = call('exit')
    assert.deepEqual(
      (await mcp(server.url, { key: await server.key() }).call('probe', { act: 'echo', value: 'y' })).result.structuredContent,
      {
        value: 'y',
      },
    )
    const answer = await looping
    assert.match(textOf(answer), /^The tool probe ended before it answered\. \(dec_/)
    const { decision, reason } = (await recordOf(answer)) ?? {}
    assert.deepEqual([decision, reason], ['deny', 'sandbox_stopped'])
  })

  it('tell their caller what they mean to, and nothing else', async () => {
    const told = await call('fail')
    assert.deepEqual([told.result.isError, textOf(told)], [true, 'There is no such rate.'])
    const crashed = await call('throw')
    assert.doesNotMatch(JSON.stringify(crashed.result), /secret detail|RangeError/)
    const { decision, cause } = (await recordOf(crashed)) ?? {}
    assert.equal(decision, 'error')
    assert.match(cause ?? '', /^RangeError: secret detail\n {4}in the module \/.+\/probe\.mjs$/)
  })

  it('cannot break the server with what they say and answer', async () => {
    const meta = { 'io.modelcontextprotocol/logLevel': 'info' }
    const told = await mcp(server.url, { key }).call('probe', { act: 'deep' }, meta)
    assert.equal(textOf(told), 'still there')
    const answered = await call('deepAnswer')
    assert.equal(answered.result.isError, true)
    assert.equal(textOf(await call('text')), 'plain text')
  })

  it('say how far they are, and log', async () => {
    const meta = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' }
    const { notifications } = await mcp(server.url, { key }).call('probe', { act: 'progress' }, meta)
    assert.deepEqual(
      notifications.map(({ params: { progressToken, ...params } }: Json) =>
        progressToken === undefined || progressToken === 'p' ? params : progressToken,
      ),
      [
        { progress: 1, total: 2, message: 'half' },
        { level: 'info', data: { at: 'work' }, logger: 'probe' },
        { progress: 2, total: 2 },
      ],
    )
  })

  it('ask their caller, and go on with the answer', async () => {
    const client = mcp(server.url, { key, capabilities: { elicitation: { form: {} } } })
    const asked = (await client.call('probe', { act: 'ask' })).result
    assert.equal(asked.resultType, 'input_required')
    const params = { name: 'probe', arguments: { act: 'ask' }, requestState: asked.requestState }
    const inputResponses = { name: { action: 'accept', content: { name: 'Ana' } } }
    const { result } = await client.request('tools/call', { ...params, inputResponses })
    assert.deepEqual(result.structuredContent, { greeted: 'Ana', state: { step: 1 } })
    assert.equal((await call('forget')).result.isError, true, 'a question that is not returned')
  })

  it('become tasks', async () => {
    const client = mcp(server.url, { key, capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } })
    const { result } = await client.call('tasked', { act: 'echo', value: 'later' })
    assert.equal(result.resultType, 'task')
    for (let status = ''; status !== 'completed'; ) {
      const task = (await client.request('tasks/get', { taskId: result.taskId })).result
      status = task.status
      assert.ok(['working', 'completed'].includes(status), status)
      if (status === 'completed') assert.deepEqual(task.result.structuredContent, { value: 'later' })
    }
  })

  it('keep nothing of one caller for the next', async () => {
    const others = await Promise.all([server.key(), server.key()])
    for (const each of [key, ...others]) {
      const client = mcp(server.url, { key: each })
      const first = (await client.call('reader', { act: 'count' })).result.structuredContent.calls
      const second = (await client.call('reader', { act: 'count' })).result.structuredContent.calls
      assert.ok(second === first + 1 || second === 1)
      assert.ok(first <= 2, `${first}: it has counted somebody else’s calls`)
    }
  })

  it('reach the hosts that they were granted, and each connection is on record', async () => {
    const fetching = (url: string): Promise<Json> => mcp(server.url, { key }).call('fetching', { url })
    assert.deepEqual((await fetching(`http://${granted}/`)).result.structuredContent, { status: 200, text: 'reached' })
    assert.match(textOf(await fetching('https://example.com/')), /tried to connect to where it was not granted to/)
    const { decision, reason, facts, subject } = (await connectedTo('example.com:443')) ?? {}
    assert.deepEqual([decision, reason, facts?.['program']], ['deny', 'destination_not_granted', 'fetching'])
    assert.match(subject ?? '', /^spk_/)
  })

  it('can be replaced while they run', async () => {
    await server.server.update({ tools: [{ name: 'new', parameters, execute, sandbox: { timeoutMs: 9000 } }] as never })
    assert.equal(textOf(await call('text', {}, 'new')), 'plain text')
    assert.equal((await call('text')).error?.code, -32602)
    // A connection is told of when it has ended: with the child, which is not needed any more.
    assert.equal((await connectedTo(granted))?.decision, 'allow')
  })

  it('are told apart by doctor', async () => {
    const { stdout } = await run(process.execPath, [SALLYPORT, 'doctor', '--data-dir', server.dataDir, '--json'])
    const found = (JSON.parse(stdout).findings as Json[]).filter(({ name }) => name === 'mcp-server').map((each) => each.found)
    assert.deepEqual(found, ['in a sandbox (bubblewrap): new'])
  })
})

describe('tools that are modules, where the sandbox lacks something', () => {
  const options = { sandbox: { depth: 'node-permission' }, tools: [{ name: 'probe', parameters, execute }] } as const

  it('start with a warning that names what, and hold what they can', { skip: process.platform === 'win32' }, async () => {
    const warnings: string[] = []
    const log: Log = (level, message) => void (level === 'warn' && warnings.push(message))
    await using server = await startServer({ ...options, log } as never)
    assert.ok(warnings.some((warning) => warning === 'tools probe: the sandbox is node-permission, which does not hold off everything'))
    assert.ok(
      warnings.some((warning) => /network/i.test(warning)),
      warnings.join('\n'),
    )
    const client = mcp(server.url, { key: await server.key() })
    assert.equal((await client.call('probe', { act: 'text' })).result.content[0].text, 'plain text')
    const { content } = (await client.call('probe', { act: 'read', path: '/etc/passwd' })).result
    assert.match(content[0].text, /^The tool probe tried to read what it was not granted/)
  })

  it('do not start where the server is strict', { skip: process.platform === 'win32' }, async () => {
    await assert.rejects(startServer({ ...options, strict: true } as never), (error: ConfigError) => {
      assert.match(error.problems.join(), /^tools probe: strict: /)
      return error instanceof ConfigError
    })
  })
})
