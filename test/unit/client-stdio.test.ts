import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createStdioTransport } from '../../src/client/connection/stdio-transport.ts'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { ConfigError, createRedactor, silentLog } from '../../src/core/index.ts'
import { problemOf } from '../support/client.ts'
import { ROOT } from '../support/paths.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const ODD = join(ROOT, 'test/fixtures/odd-server.ts')
const SECRET = 'Sup3rSecretValue-0123456789-abcdef'
const start = (flags: readonly string[] = [], more: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ command: process.execPath, args: [ODD, ...flags], log: silentLog, ...more })
const textOf = (result: Json): string => result.content[0].text
const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
function problemsOf(options: object): readonly string[] {
  try {
    new MCPClient(options)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}

// Side by side: most of the time goes into starting children, and into waiting for those that do not answer.
describe('a server that is started', { concurrency: 4 }, () => {
  for (const flags of [['--modern'], [], ['--noise'], ['--only-legacy']]) {
    const kind = flags[0] ?? 'legacy'
    it(`is listed, called, says how far it is, and is told when nobody waits (${kind})`, async () => {
      await using client = start(flags)
      assert.ok((await client.listTools()).some(({ name }) => name === 'echo'))
      assert.equal(textOf(await client.callTool('echo', { text: 'grüße' })), 'grüße')
      assert.equal(textOf(await client.callTool('partial')), 'grüße 世界')
      const seen: number[] = []
      assert.equal(textOf(await client.callTool('progress', {}, { onProgress: ({ progress }) => seen.push(progress) })), 'done')
      assert.deepEqual(seen, [1, 2, 3])
      const stop = new AbortController()
      const never = client.callTool('never', {}, { signal: stop.signal })
      await client.callTool('echo')
      stop.abort(new Error('enough'))
      await assert.rejects(never, /^Error: enough$/)
      assert.notEqual(JSON.parse(textOf(await client.callTool('echo'))).lastCancelled, null)
    })

    it(`that misbehaves is described in our words, and the next request is answered (${kind})`, async () => {
      await using client = start(flags, { maxMessageBytes: 1_000_000 })
      for (const [tool, problem] of [
        ['huge', 'TransportError too_large'],
        ['huge-at-the-end', 'TransportError too_large'],
        ['deep', 'TransportError malformed'],
        ['garbled', 'TransportError malformed'],
        ['die', 'TransportError closed'],
      ] as const)
        assert.equal(await problemOf(client.callTool(tool)), problem, tool)
      for (const tool of ['noise', 'wrong-id', 'twice']) assert.match(textOf(await client.callTool(tool)), /after|at last|first/)
    })

    it(`that never answers is waited for as long as was said, and the next request is answered (${kind})`, async () => {
      await using client = start(flags, { requestTimeoutSeconds: 3 })
      assert.match(textOf(await client.callTool('echo')), /meta/)
      assert.equal(await problemOf(client.callTool('never')), 'TransportError timeout')
      assert.match(textOf(await client.callTool('echo')), /meta/)
    })
  }
})

describe('a process of the client', { concurrency: 4 }, () => {
  it('gets the environment that was named, and nothing else of ours', async () => {
    process.env['CLIENT_STDIO_SECRET'] = 'ours'
    await using client = start([], { env: { GIVEN: 'yes', SALLYPORT_KEY: 'spk_given' }, cwd: ROOT })
    const { names, cwd } = JSON.parse(textOf(await client.callTool('environment')))
    assert.ok(names.includes('GIVEN') && names.includes('SALLYPORT_KEY') && names.includes('PATH'))
    assert.ok(!names.includes('CLIENT_STDIO_SECRET'))
    assert.equal(cwd, ROOT.replace(/\/$/, ''))
  })

  it('is never given to a shell', async () => {
    await using client = new MCPClient({ command: `${process.execPath} ${ODD}; true`, log: silentLog })
    await assert.rejects(client.callTool('echo'), /^TransportError: .* could not be started \(ENOENT\)\. Check command, args and cwd/)
    await using argument = start(['$(touch /tmp/never)', '; exit 1'])
    assert.match(textOf(await argument.callTool('echo')), /meta/)
  })

  it('ends with the client, also where it will not', async () => {
    const client = start(['--ignore-end'])
    const { pid } = JSON.parse(textOf(await client.callTool('environment')))
    assert.ok(isRunning(pid))
    await client.close()
    await until('it is gone', () => !isRunning(pid))
    assert.equal(await problemOf(client.callTool('echo')), 'TransportError closed')
  })

  it('that cannot be found is told by the error, not by the stack nor by what Node ends with', async () => {
    await using client = new MCPClient({ command: process.execPath, args: ['no-such-server.js'], log: () => {} })
    await assert.rejects(client.ping(), /exited with code 1\. Its last words: Error: Cannot find module '.*no-such-server\.js'/)
  })

  it('that cannot be written to any more is told by how it ended', async () => {
    const closing = `require('node:fs').closeSync(0)
      setTimeout(() => {
        console.error('the disk is full')
        process.exit(3)
      }, 200)`
    const transport = createStdioTransport({
      command: { command: process.execPath, args: ['-e', closing], cwd: ROOT, env: {} },
      host: 'it',
      inbound: { admits: () => true, answered: () => {} },
      log: silentLog,
      redactor: createRedactor(),
      maxMessageBytes: 1_000_000,
    })
    await transport.start()
    const ping = { jsonrpc: '2.0', method: 'notifications/initialized' } as const
    let problem: unknown
    await until('it reads no more', () =>
      transport.send(ping).then(
        () => false,
        (error: unknown) => ((problem = error), true),
      ),
    )
    assert.match(String(problem), /^TransportError: it exited with code 3\. Its last words: the disk is full/)
  })

  it('that went is started anew by the next request, and its last words are told without a secret', async () => {
    await using client = start(['--modern'], { env: { TOKEN: SECRET } })
    await assert.rejects(client.callTool('die'), /exited with code 1\. Its last words: segmentation fault \(not really\)/)
    assert.match(textOf(await client.callTool('echo')), /meta/)
    await using failing = start(['--die-at-start'])
    await assert.rejects(failing.callTool('echo'), /exited with code 3\. Its last words: cannot start: the disk is full/)
    await using leaking = start(['--secret-at-start'], { env: { TOKEN: SECRET } })
    await assert.rejects(leaking.callTool('never'), (error: Error) => {
      assert.doesNotMatch(error.message, /Sup3r|0123456789/)
      return true
    })
  })

  it('writes to the log at debug what it says on stderr, bounded and without secrets', async () => {
    const lines: string[] = []
    const log = (level: string, message: string): void => void lines.push(`${level} ${message}`)
    await using client = start([], { log, env: { TOKEN: SECRET } })
    await client.callTool('loud', { text: SECRET })
    await until('it is said', () => lines.some((line) => line.startsWith('debug') && line.includes('the token is [redacted]')))
    await client.callTool('flood')
    await until('it is cut', () => lines.some((line) => line.includes('more than 200 lines a second')))
    assert.ok(lines.length < 450)
  })

  it('that never answers server/discover is asked to initialize', async () => {
    await using client = start(['--silent-probe'], { requestTimeoutSeconds: 3 })
    assert.match(textOf(await client.callTool('echo')), /meta/)
  })

  it('that leaves at a request before initialize is started again, and asked only that', async () => {
    const shy = `let first = true
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
        const { id, method, params } = JSON.parse(line)
        if (first && method !== 'initialize') process.exit(1)
        first = false
        if (id === undefined) return
        const result = method === 'initialize'
          ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'shy', version: '1' } }
          : { content: [{ type: 'text', text: 'here' }] }
        process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
      })`
    await using client = new MCPClient({ command: process.execPath, args: ['-e', shy], log: silentLog })
    assert.equal(textOf(await client.callTool('any')), 'here')
  })

  it('that is slow to start, and knows only 2026-07-28, is waited for', async () => {
    const slow = `setTimeout(() => {
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
        const { id, method } = JSON.parse(line)
        const result = method === 'server/discover'
          ? { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' }
          : { resultType: 'complete', content: [{ type: 'text', text: 'here' }] }
        const answer = method === 'initialize' ? { error: { code: -32601, message: 'Method not found' } } : { result }
        if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...answer }) + '\\n')
      })
    }, 1500)`
    const trust = { drift: 'off', findings: 'off' } as const
    await using client = new MCPClient({ command: process.execPath, args: ['-e', slow], log: silentLog, requestTimeoutSeconds: 4, trust })
    assert.equal(textOf(await client.callTool('any')), 'here')
    assert.equal((await client.serverInfo()).protocolVersion, '2026-07-28')
  })

  it('cannot make us answer without end', async () => {
    const lines: string[] = []
    await using client = start([], { log: (_, message) => void lines.push(message) })
    assert.equal(textOf(await client.callTool('pings', { text: '500' })), 'asked')
    const { answers } = JSON.parse(textOf(await client.callTool('echo')))
    assert.ok(answers.length > 0)
  })
})

it('options that do not go together are named', () => {
  const command = 'node'
  assert.deepEqual(problemsOf({}), ['client.serverUrl: needs the URL of a server, or `command` to start one'])
  assert.deepEqual(problemsOf({ command, serverUrl: 'https://example.com' }), [
    'client.command: a server is at serverUrl, or is started by command: not both',
  ])
  assert.deepEqual(problemsOf({ command, transport: 'http', auth: { type: 'api_key', apiKey: 'x' }, headers: { 'x-a': 'b' } }), [
    'client.transport: "http" needs serverUrl; a command is for "stdio"',
    'client.auth: a server that is started takes its credential from its environment: give it in env',
    'client.headers: is for a server at serverUrl',
  ])
  assert.deepEqual(problemsOf({ serverUrl: 'https://example.com', transport: 'stdio', args: [], cwd: '/' }), [
    'client.args: is for a server that command starts',
    'client.cwd: is for a server that command starts',
    'client.transport: "stdio" needs command',
  ])
  assert.deepEqual(problemsOf({ command, args: ['a\0b'], env: { 'A=B': '' } }), [
    'client.args.0: must not have a NUL in it',
    'client.env.A=B: this name cannot be used',
  ])
})
