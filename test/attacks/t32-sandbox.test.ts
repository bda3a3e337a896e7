/**
 * T32 where the server has the bug itself: it compares how paths begin, follows links, and looks at a name before it opens it
 * (CVE-2025-53109, CVE-2025-53110). The sandbox holds what it does not.
 */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { createTempDir, type McpClient, mcp, type TempDir } from '../support/index.ts'

verifies('sandbox-vulnerable', 'sandbox-read', 'sandbox-write')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/paths-server.mjs')
const OUTSIDE = 'OUTSIDE-3c19'
let temp: TempDir
let root: string
let gateway: Gateway
let client: McpClient

before(async () => {
  if (needsBubblewrap.skip !== false) return
  temp = await createTempDir('paths')
  chmodSync(temp.path, 0o755)
  root = join(temp.path, 'allowed')
  for (const folder of [root, join(root, 'sub'), `${root}_evil`, join(temp.path, 'Allowed')]) {
    mkdirSync(folder)
    chmodSync(folder, 0o777)
  }
  for (const file of ['secret.txt', 'allowed_evil/secret.txt', 'Allowed/secret.txt'])
    writeFileSync(join(temp.path, file), OUTSIDE, { mode: 0o644 })
  for (const file of ['a.txt', 'sub/b.txt']) writeFileSync(join(root, file), 'inside', { mode: 0o644 })
  symlinkSync('../secret.txt', join(root, 'link.txt'))
  symlinkSync('..', join(root, 'up'))
  symlinkSync('../allowed_evil', join(root, 'evil'))
  symlinkSync('/', join(root, 'slash'))
  gateway = await startGateway({ servers: { paths: { command: process.execPath, args: [SERVER, root], sandbox: { write: [root] } } } })
  client = mcp(gateway.url, { key: (await gateway.key()).key })
})
after(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await temp?.remove()
})

describe('T32: a server that checks its paths badly, in a sandbox', needsBubblewrap, () => {
  test('no path leads out: beside it, above it, by links, in other writings', async () => {
    const secret = join(temp.path, 'secret.txt')
    const paths = [
      `${root}_evil/secret.txt`,
      `${root}/../secret.txt`,
      `${root}/sub/../../secret.txt`,
      `${root}//../secret.txt`,
      `${root}/./../allowed_evil/secret.txt`,
      '../secret.txt',
      '..//secret.txt',
      'link.txt',
      'up/secret.txt',
      'evil/secret.txt',
      `slash${secret}`,
      join(temp.path, 'Allowed/secret.txt'),
      root.toUpperCase(),
      secret,
      `/${secret}`,
      `/proc/self/root${secret}`,
      `/proc/self/cwd/..${secret}`,
    ]
    for (const path of paths)
      for (const tool of ['read', 'read_any']) {
        const answer = await client.call(tool, { path })
        assert.ok(!said(answer).includes(OUTSIDE), `${tool} ${path}`)
        assert.equal(answer.result.isError, true, `${tool} ${path}`)
      }
  })
  test('nor a link that it is made to put there itself', async () => {
    for (const [path, to] of [
      ['made.txt', join(temp.path, 'secret.txt')],
      ['made', temp.path],
      ['relative.txt', '../secret.txt'],
    ] as const) {
      assert.equal(said(await client.call('link', { path, to })), 'linked')
      const answer = await client.call('read_any', { path: path === 'made' ? 'made/secret.txt' : path })
      assert.equal(answer.result.isError, true)
      assert.ok(!said(answer).includes(OUTSIDE))
    }
  })
  test('nor a name that is swapped between the look and the open, ten thousand times', async () => {
    const swapped = join(root, 'swapped')
    const place = (file: string): void => {
      symlinkSync(file, `${swapped}.next`)
      renameSync(`${swapped}.next`, swapped)
    }
    place(join(root, 'a.txt'))
    let isOver = false
    const reading = client.call('read_often', { path: 'swapped', times: 10_000 }).finally(() => (isOver = true))
    let swaps = 0
    while (!isOver || swaps < 10_000) {
      for (let time = 0; time < 100; time++) place(swaps++ % 2 ? join(root, 'a.txt') : join(temp.path, 'secret.txt'))
      await turn()
    }
    const got = said(await reading)
    assert.ok(!got.includes(OUTSIDE), got)
    assert.match(got, /inside/, 'it was read while it led inside')
  })
  test('what it writes outside is nowhere', async () => {
    for (const path of [`${root}_evil/written`, '../written', 'evil/written', 'up/written', join(temp.path, 'written')])
      assert.equal((await client.call('write', { path, text: 'x' })).result.isError, true, path)
  })
  test('the benign twin: inside it reads, writes and follows links', async () => {
    assert.equal(said(await client.call('read', { path: 'sub/b.txt' })), 'inside')
    assert.equal(said(await client.call('read', { path: join(root, 'a.txt') })), 'inside')
    assert.equal(said(await client.call('write', { path: 'new.txt', text: 'new' })), 'written')
    assert.equal(said(await client.call('link', { path: 'inner.txt', to: 'new.txt' })), 'linked')
    assert.equal(said(await client.call('read', { path: 'inner.txt' })), 'new')
  })
})
