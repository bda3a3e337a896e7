/** `sallyport guard` as a program: what it is given, how it ends, and what it says where it cannot start. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { createTempDir, firstLine, mcp, ROOT, run, SALLYPORT, start, startGuard, stop, withBin } from '../support/index.ts'
import { granted, grantedFlags } from '../support/sandbox.ts'

const FILESYSTEM = join(ROOT, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js')
const behind = (folder: string): string[] => [...grantedFlags({ read: [folder] }), '--', process.execPath, FILESYSTEM, folder]

test('--classify annotations takes the hints over once, into sallyport.lock, and never again by itself', async () => {
  await using temp = await createTempDir('classify')
  const dataDir = join(temp.path, 'data')
  {
    await using guard = await startGuard({ dataDir, args: behind(temp.path) })
    assert.equal((await mcp(guard.url, { key: await guard.key(['tools:read']) }).list('tools')).length, 0, 'a hint alone opens nothing')
  }
  const lock = join(dataDir, 'sallyport.lock')
  assert.equal(existsSync(lock), false)
  {
    await using guard = await startGuard({ dataDir, args: ['--classify', 'annotations', ...behind(temp.path)] })
    assert.equal((await mcp(guard.url, { key: await guard.key(['tools:read']) }).list('tools')).length, 10)
    assert.ok(existsSync(lock))
  }
  const accepted = readFileSync(lock, 'utf8')
  {
    await using guard = await startGuard({ dataDir, args: ['--classify', 'annotations', ...behind(temp.path)] })
    assert.equal((await mcp(guard.url, { key: await guard.key(['tools:read']) }).list('tools')).length, 10)
  }
  assert.equal(readFileSync(lock, 'utf8'), accepted)
})

test('--stdio speaks the protocol on stdin and stdout, with what the configuration grants to the local user', async () => {
  await using temp = await createTempDir('stdio')
  const config = join(temp.path, 'sallyport.yaml')
  const server = {
    command: process.execPath,
    args: [FILESYSTEM, temp.path],
    tools: { 'read_*': 'read' },
    sandbox: granted({ read: [temp.path] }),
  }
  writeFileSync(config, JSON.stringify({ servers: { files: server }, local: { scopes: ['tools:read'] } }))
  const args = [SALLYPORT, 'guard', '--stdio', '--data-dir', join(temp.path, 'data'), '--config', config]
  const child = start(process.execPath, args, { cwd: temp.path, env: withBin({ SALLYPORT_KEY: undefined }), stdio: 'pipe' })
  try {
    const answers = createInterface({ input: child.process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    const ask = async (message: object) => {
      child.process.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
      return 'id' in message ? JSON.parse((await answers.next()).value as string) : undefined
    }
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
    assert.equal((await ask({ id: 1, method: 'initialize', params })).result.protocolVersion, '2025-11-25')
    await ask({ method: 'notifications/initialized' })
    const { result } = await ask({ id: 2, method: 'tools/list' })
    assert.deepEqual(result.tools.map(({ name }: { name: string }) => name).sort(), [
      'read_file',
      'read_media_file',
      'read_multiple_files',
      'read_text_file',
    ])
    const refused = await ask({ id: 3, method: 'tools/call', params: { name: 'write_file', arguments: { path: 'x', content: '' } } })
    assert.equal(refused.result.isError, true)
    // The other side hangs up: that is the end.
    const gone = new Promise((resolve) => child.process.once('exit', resolve))
    child.process.stdin?.end()
    assert.equal(await gone, 0, child.stderr())
  } finally {
    await stop(child.process)
  }
})

test('^C ends it with 130', async () => {
  await using temp = await createTempDir('interrupt')
  const args = [SALLYPORT, 'guard', '--port', '0', '--ready-json', '--data-dir', join(temp.path, 'data'), ...behind(temp.path)]
  const child = start(process.execPath, args, { cwd: temp.path, env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  await firstLine(child, 60_000)
  const gone = new Promise((resolve) => child.process.once('exit', resolve))
  child.process.kill('SIGINT')
  assert.equal(await gone, 130)
})

test('what cannot start says why and how to mend it', async () => {
  await using temp = await createTempDir('wrong')
  const busy = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => busy.once('listening', resolve))
  const { port } = busy.address() as AddressInfo
  const guard = (...args: string[]) =>
    run(process.execPath, [SALLYPORT, 'guard', '--data-dir', join(temp.path, 'data'), ...args], {
      cwd: temp.path,
      env: { PORT: undefined },
    })
  const config = (text: string): string => {
    const file = join(temp.path, 'wrong.yaml')
    writeFileSync(file, text)
    return file
  }
  try {
    for (const [args, exit, error] of [
      [['--port', '0'], 2, /error\[E-USAGE\]: there is nothing to guard\nfix: name a URL/],
      [['--port', '0', '--'], 2, /error\[E-USAGE\]: there is no command after `--`/],
      [['--port', '0', 'server.js'], 2, /error\[E-USAGE\]: what should be guarded is not a URL\nfix: put `--`/],
      [['--stdio', '--ready-json', 'http://127.0.0.1:9/mcp'], 2, /error\[E-USAGE\]: --stdio leaves stdout to the protocol/],
      [
        ['--port', String(port), ...behind(temp.path)],
        1,
        new RegExp(`error\\[E-PORT\\]: port ${port} is in use by process ${process.pid} `),
      ],
      [['--port', '0', '--', 'no-such-program-anywhere'], 6, /error\[E-UPSTREAM\]: .*\nfix: run the command by itself/],
      [['--port', '0', '--', process.execPath, '-e', 'process.exit(3)'], 6, /error\[E-UPSTREAM\]: /],
      [
        ['--config', join(temp.path, 'none.yaml')],
        2,
        /error\[E-CONFIG\]: .*none\.yaml: there is no such file: write one \(docs\/configuration\.md\), or name another/,
      ],
      [
        ['--config', config('servers:\n  a:\n    comand: node\n')],
        2,
        /error\[E-CONFIG\]: wrong\.yaml:3: servers\.a\.comand: .*did you mean "command"\?/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await guard(...args)
      assert.equal(stdout, '', args.join(' '))
      assert.match(stderr, error)
      assert.equal(code, exit, stderr)
    }
  } finally {
    busy.close()
  }
})

test('without --ready-json it says how to connect each client', async () => {
  await using temp = await createTempDir('banner')
  const args = [SALLYPORT, 'guard', '--port', '0', '--data-dir', join(temp.path, 'data'), ...behind(temp.path)]
  const child = start(process.execPath, args, { cwd: temp.path, env: withBin({ NO_COLOR: '1' }), stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    while (!child.stdout().includes('A key instead')) {
      assert.equal(child.process.exitCode, null, child.stderr())
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const [, url = ''] = /(http:\/\/localhost:\d+\/mcp)/.exec(child.stdout()) ?? []
    for (const line of [
      `claude mcp add --transport http filesystem ${url}`,
      `codex mcp add filesystem --url ${url}`,
      `code --add-mcp '{"name":"filesystem","type":"http","url":"${url}"}'`,
      `npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list`,
    ])
      assert.ok(child.stdout().includes(line), `${line}\n${child.stdout()}`)
    assert.match(child.stdout(), /✓ filesystem: secure-filesystem-server \S+ \(MCP 2025-11-25\), 14 tools\n/)
    assert.match(child.stdout(), /sign-in required · loopback only · scopes tools:execute\n/)
  } finally {
    await stop(child.process)
  }
})
