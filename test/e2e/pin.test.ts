/** Packages and the command line: the question at a terminal, a guard that runs what was pinned, and `sallyport pin`. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Finished, run } from '../support/child.ts'
import { SALLYPORT, startGuard } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir } from '../support/paths.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { startTerminal } from '../support/terminal.ts'

/** A whole server in one file: one tool, which says who it is. */
const server = (version: string): string => `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line)
  if (id === undefined) return
  const result = method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'pinned', version: '${version}' } }
    : method === 'tools/list' ? { tools: [{ name: 'who', inputSchema: { type: 'object' } }] }
    : method === 'tools/call' ? { content: [{ type: 'text', text: '${version}' }] } : undefined
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error: { code: -32601, message: 'no' } }) }))
})
`
const publish = (registry: Registry, version: string): void =>
  registry.publish({ name: '@acme/who-server', version, bin: './cli.js', files: { 'cli.js': server(version) } })

test('at a terminal a package without a version is shown and asked about, and from then on its pinned version runs', async () => {
  await using folder = await createTempDir('pin')
  await using registry = await startRegistry(folder.path)
  publish(registry, '1.0.0')
  const dataDir = join(folder.path, 'data')
  const args = ['guard', '--port', '0', '--data-dir', dataDir, '--config', join(folder.path, 'sallyport.yaml')]
  writeFileSync(join(folder.path, 'sallyport.yaml'), 'listen: 0\n')
  const words = ['--', 'npx', '-y', '@acme/who-server']
  {
    await using terminal = startTerminal([...args, ...words], { ...registry.env })
    await terminal.shows(/asks for @acme\/who-server@latest, which is no exact version/)
    await terminal.shows(/@acme\/who-server@1\.0\.0, published 2026-01-02/)
    await terminal.shows(/integrity +sha512-/)
    await terminal.shows(/install scripts +none/)
    await terminal.shows(/Pin that, and run it from now on\? \[y\/N\]/)
    terminal.type('y\r')
    await terminal.shows(/who: pinned 1\.0\.0/)
    terminal.type('\u0003')
    assert.equal(await terminal.ended(), 130)
  }
  publish(registry, '2.0.0')
  await registry.close()
  await using guard = await startGuard({
    dataDir,
    args: ['--config', join(folder.path, 'sallyport.yaml'), ...words],
    env: { ...registry.env },
    readyMs: 60_000,
  })
  const client = mcp(guard.url, { key: await guard.key() })
  assert.equal((await client.call('who')).result.content[0].text, '1.0.0')
})

test('sallyport pin says what is started, and what has changed; guard --accept and pin accept are the word for it', async () => {
  await using folder = await createTempDir('pin')
  await using registry = await startRegistry(folder.path)
  publish(registry, '1.0.0')
  const env = { ...registry.env }
  const file = join(folder.path, 'sallyport.yaml')
  const config = (range: string, more = {}): void =>
    writeFileSync(
      file,
      JSON.stringify({ listen: 0, servers: { who: { command: 'npx', args: ['-y', `@acme/who-server@${range}`] }, ...more } }),
    )
  const dataDir = join(folder.path, 'data')
  const cli = (...args: string[]): Promise<Finished> =>
    run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir], { cwd: folder.path, env, timeoutMs: 60_000 })
  config('^1.0.0')
  {
    await using guard = await startGuard({ dataDir, args: ['--config', file, '--accept'], env, readyMs: 60_000 })
    assert.equal((await mcp(guard.url, { key: await guard.key() }).call('who')).result.content[0].text, '1.0.0')
  }
  config('~1.0.0')
  const { stdout } = await cli('pin', 'list')
  assert.match(stdout, /who +@acme\/who-server@\^1\.0\.0 +@acme\/who-server@1\.0\.0 +0 packages +yes/)
  assert.match(stdout, /! who: changed since: args\.1 \(sallyport pin accept who\)/)
  const changed = await cli('guard', '--port', '0')
  assert.deepEqual([changed.code, /who: it is started otherwise than was accepted: args\.1/.test(changed.stderr)], [2, true])
  const accepted = await cli('pin', 'accept', 'who')
  assert.match(accepted.stderr, /^\+ args\.1: "@acme\/who-server@~1\.0\.0"$/m)
  assert.match(accepted.stdout, /who: accepted as it is configured now/)
  // Another that comes to it is shown as what it is, and waits.
  config('~1.0.0', { more: { url: 'http://127.0.0.1:1/mcp', headers: { 'X-Key': '${env:HOME}' } } })
  const known = await cli('pin', 'list')
  assert.match(known.stdout, /more +its URL +not yet/)
  assert.match(known.stdout, /! more: not accepted yet \(sallyport pin accept more\)/)
  assert.match(
    (await cli('pin', 'accept', 'more')).stderr,
    /^\+ url: "http:\/\/127\.0\.0\.1:1\/mcp"\n\+ headers\.x-key: "\$\{env:HOME\}"$/m,
  )
  assert.match((await cli('pin', 'remove', 'more')).stdout, /more: forgotten; before its next start it is asked about, as one that is new/)
  assert.deepEqual(JSON.parse((await cli('pin', 'remove', 'who', '--json')).stdout), { server: 'who', removed: true })
  assert.doesNotMatch(readFileSync(join(folder.path, 'sallyport.lock'), 'utf8'), /who/)
})
