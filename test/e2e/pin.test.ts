/** Packages and the command line: the question at a terminal, a guard that runs what was pinned, and `sallyport pin`. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Finished, run } from '../support/child.ts'
import { SALLYPORT, startGuard } from '../support/guard.ts'
import { createTempDir } from '../support/paths.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { startTerminal } from '../support/terminal.ts'

/** A whole server in one file, which says which it is. */
const server = (version: string): string => `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line)
  if (id === undefined) return
  const serverInfo = { name: 'pinned-${version}', version: '${version}' }
  const result = method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }
    : method === 'tools/list' ? { tools: [{ name: 'who', inputSchema: { type: 'object' } }] } : undefined
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error: { code: -32601, message: 'no' } }) }))
})
`
const publish = (registry: Registry, version: string): void =>
  registry.publish({ name: '@acme/who-server', version, bin: './cli.js', files: { 'cli.js': server(version) } })

test('at a terminal a package without a version is shown and asked about; from then on its pinned version runs, as it was accepted', async () => {
  await using folder = await createTempDir('pin')
  await using registry = await startRegistry(folder.path)
  publish(registry, '1.0.0')
  const env = { ...registry.env }
  const dataDir = join(folder.path, 'data')
  const file = join(folder.path, 'sallyport.yaml')
  const words = ['npx', '-y', '@acme/who-server']
  const [command = '', ...args] = words
  const configure = (servers: object): void => writeFileSync(file, JSON.stringify({ listen: 0, servers }))
  const cli = (...given: string[]): Promise<Finished> =>
    run(process.execPath, [SALLYPORT, ...given, '--data-dir', dataDir], { cwd: folder.path, env, timeoutMs: 60_000 })
  configure({})
  {
    await using terminal = startTerminal(['guard', '--port', '0', '--data-dir', dataDir, '--config', file, '--', ...words], env)
    await terminal.shows(/asks for @acme\/who-server@latest, which is no exact version/)
    await terminal.shows(/@acme\/who-server@1\.0\.0, published 2026-01-02/)
    await terminal.shows(/integrity +sha512-/)
    await terminal.shows(/install scripts +none/)
    await terminal.shows(/Pin that, and run it from now on\? \[y\/N\]/)
    terminal.type('y\r')
    await terminal.shows(/who: pinned-1\.0\.0 1\.0\.0/)
    terminal.type('\u0003')
    assert.equal(await terminal.ended(), 130)
  }
  publish(registry, '2.0.0')
  await registry.close()

  // Its entry in the configuration is shown whole, and accepted by the word of whoever types this.
  configure({ who: { command, args } })
  const first = await cli('pin', 'accept', 'who')
  assert.match(first.stderr, /^\+ command: "npx"\n\+ args\.0: "-y"\n\+ args\.1: "@acme\/who-server"$/m)
  assert.match(first.stdout, /who: accepted as it is configured now/)

  const more = { url: 'http://127.0.0.1:1/mcp', headers: { 'X-Key': '${env:HOME}' } }
  configure({ who: { command, args: [...args, '--quiet'] }, more })
  const { stdout } = await cli('pin', 'list')
  assert.match(stdout, /who +@acme\/who-server@latest +@acme\/who-server@1\.0\.0 +0 packages +yes/)
  assert.match(stdout, /more +its URL +not yet/)
  assert.match(stdout, /! who: changed since: args\.2 \(sallyport pin accept who\)/)
  assert.match(stdout, /! more: not accepted yet \(sallyport pin accept more\)/)
  {
    await using terminal = startTerminal(['guard', '--port', '0', '--data-dir', dataDir, '--config', file], env)
    await terminal.shows(/who is started otherwise than was accepted:/)
    await terminal.shows(/\+ args\.2: "--quiet"/)
    await terminal.shows(/Start who like this from now on\? \[y\/N\]/)
    terminal.type('n\r')
    await terminal.shows(/more is not among the servers that were accepted here\. It is reached like this:/)
    await terminal.shows(/\+ url: "http:\/\/127\.0\.0\.1:1\/mcp"\s+\+ headers\.x-key: "\$\{env:HOME\}"/)
    await terminal.shows(/Reach more like this from now on\? \[y\/N\]/)
    terminal.type('n\r')
    await terminal.shows(/who: it is started otherwise than was accepted: args\.2/)
    await terminal.shows(/more: it is not among the servers that were accepted here, and leads to http:\/\/127\.0\.0\.1:1\/mcp/)
    assert.equal(await terminal.ended(), 2)
  }
  // Where nobody can be asked, nobody has agreed.
  const unasked = await cli('guard', '--port', '0')
  assert.deepEqual([unasked.code, unasked.stdout], [2, ''])
  assert.match(unasked.stderr, /who: it is started otherwise than was accepted: args\.2/)
  {
    await using guard = await startGuard({ dataDir, args: ['--config', file, '--accept'], env, readyMs: 60_000 })
    assert.match(guard.log(), /who: ready[^\n]*pinned-1\.0\.0/)
  }
  assert.match((await cli('pin', 'remove', 'who')).stdout, /who: forgotten; before its next start it is asked about, as one that is new/)
  assert.deepEqual(JSON.parse((await cli('pin', 'remove', 'more', '--json')).stdout), { server: 'more', removed: true })
  assert.doesNotMatch(readFileSync(join(folder.path, 'sallyport.lock'), 'utf8'), /who|more/)
})
