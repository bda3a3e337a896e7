/**
 * T33: arguments that are options of the program behind a tool (`--output=FILE`), and repositories that are not the server's
 * (CVE-2025-68143, 68144, 68145, CVE-2026-27735). A server that has all three faults reaches nothing in a sandbox; a server of our own
 * has a rule, and its function is not called.
 */

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { tool } from '../../src/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { createTempDir, type McpClient, mcp, type TempDir } from '../support/index.ts'
import { startServer } from '../support/server.ts'

verifies('T33', 'sandbox-vulnerable')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/version-control.mjs')
const SECRET = 'token: 8c1d'
let temp: TempDir
let root: string
let gateway: Gateway
let client: McpClient

const open = (path: string): string => {
  mkdirSync(path, { recursive: true })
  chmodSync(path, 0o777)
  return path
}

describe('T33: a server that hands arguments on, in a sandbox', needsBubblewrap, () => {
  before(async () => {
    temp = await createTempDir('arguments')
    chmodSync(temp.path, 0o755)
    root = open(join(temp.path, 'work'))
    open(join(root, 'repo'))
    writeFileSync(join(root, 'repo/file.txt'), 'mine', { mode: 0o644 })
    writeFileSync(join(open(join(temp.path, '.kube')), 'config'), SECRET, { mode: 0o666 })
    open(join(temp.path, 'other'))
    gateway = await startGateway({ servers: { vc: { command: process.execPath, args: [SERVER, root], sandbox: { write: [root] } } } })
    client = mcp(gateway.url, { key: (await gateway.key()).key })
  })
  after(async () => {
    await gateway?.[Symbol.asyncDispose]()
    await temp.remove()
  })

  test('an option among its arguments writes over nothing outside', async () => {
    const config = join(temp.path, '.kube/config')
    for (const target of [`--output=${config}`, '--output=../../.kube/config', `--output=${join(temp.path, 'other/written')}`]) {
      const answer = await client.call('vc_diff', { repo: 'repo', target })
      assert.equal(answer.result.isError, true, target)
    }
    assert.equal(readFileSync(config, 'utf8'), SECRET)
    assert.ok(!existsSync(join(temp.path, 'other/written')))
  })
  test('no repository is made or used where it has no business', async () => {
    for (const repo of ['../other', join(temp.path, 'other'), '../../../../../../etc']) {
      assert.equal((await client.call('vc_init', { repo })).result.isError, true, repo)
      assert.equal((await client.call('vc_diff', { repo, target: '--output=written' })).result.isError, true, repo)
    }
    for (const path of ['other/.vc', 'other/written']) assert.ok(!existsSync(join(temp.path, path)))
  })
  test('no file is added from outside', async () => {
    for (const file of ['../../.kube/config', join(temp.path, '.kube/config'), '/etc/shadow']) {
      const answer = await client.call('vc_add', { repo: 'repo', file })
      assert.equal(answer.result.isError, true, file)
      assert.ok(!said(answer).includes(SECRET))
    }
  })
  test('the benign twin: in its own folder it makes, compares and adds', async () => {
    assert.equal(said(await client.call('vc_init', { repo: 'new' })), 'made')
    assert.equal(said(await client.call('vc_diff', { repo: 'repo', target: 'HEAD' })), 'changes since HEAD\n')
    assert.equal(said(await client.call('vc_add', { repo: 'repo', file: 'file.txt' })), 'mine')
    // Inside, the option does what it does.
    await client.call('vc_diff', { repo: 'repo', target: '--output=out.txt' })
    assert.equal(readFileSync(join(root, 'repo/out.txt'), 'utf8'), 'changes since HEAD\n')
  })
})

describe('T33: a server of our own, with a rule', () => {
  test('what begins with a dash or leads up does not reach the function, and the rest does', async () => {
    const ran: unknown[] = []
    const text = { type: 'string', maxLength: 200 } as const
    await using server = await startServer({
      tools: [
        tool({
          name: 'diff',
          description: 'Compares.',
          parameters: { type: 'object', properties: { repo: text, target: text }, required: ['repo', 'target'] },
          permissions: {
            requiredScopes: ['tools:read'],
            when: '!args.target.startsWith("-") && !args.repo.startsWith("-") && !args.repo.startsWith("/") && !args.repo.contains("..")',
          },
          execute: (params) => void ran.push(params),
        }),
      ],
    })
    const caller = mcp(server.url, { key: await server.key() })
    for (const args of [
      { repo: 'repo', target: '--output=x' },
      { repo: 'repo', target: '-o' },
      { repo: '../../.kube', target: 'HEAD' },
      { repo: 'a/../..', target: 'HEAD' },
      { repo: '/etc', target: 'HEAD' },
      { repo: '--upload-pack=touch', target: 'HEAD' },
    ])
      assert.match(said(await caller.call('diff', args)), /a rule of this server does not allow it/, JSON.stringify(args))
    assert.deepEqual(ran, [])
    await caller.call('diff', { repo: 'repo/sub', target: 'HEAD~1' })
    assert.deepEqual(ran, [{ repo: 'repo/sub', target: 'HEAD~1' }])
  })
})
