/**
 * Challenge 3 of DVMCP, excessive permission scope, in both of its variants: a server that is meant to hand out a public folder and
 * takes any path. The sandbox shows it the public folder alone; without one, no rule about tools can tell one path from another.
 */

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type Answer, createTempDir, type McpClient, mcp, type TempDir } from '../support/index.ts'

verifies('sandbox-vulnerable', 'sandbox-read', 'sandbox-write')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/dvmcp-3.mjs')
const PRIVATE = 'salary: 100000'
let temp: TempDir
let folder: string
/** Both variants, behind one guard. */
interface Rig {
  readonly gateway: Gateway
  readonly client: McpClient
  /** As `server.py` has them, and `server_sse.py`. */
  py(tool: string, args: object): Promise<Answer>
  sse(tool: string, args: object): Promise<Answer>
}
let kept: Rig
before(async () => {
  temp = await createTempDir('dvmcp')
  folder = join(temp.path, 'challenge3')
  for (const part of ['public', 'private']) {
    mkdirSync(join(folder, part), { recursive: true })
    chmodSync(join(folder, part), 0o777)
  }
  chmodSync(temp.path, 0o755)
  writeFileSync(join(folder, 'public/welcome.txt'), 'welcome, all')
  writeFileSync(join(folder, 'private/employees.txt'), PRIVATE)
  for (const file of ['public/welcome.txt', 'private/employees.txt']) chmodSync(join(folder, file), 0o666)
  if (needsBubblewrap.skip === false) kept = await start({ sandbox: { read: [join(folder, 'public')] } })
})
after(async () => {
  await kept?.gateway[Symbol.asyncDispose]()
  await temp.remove()
})

async function start(py: object, sse: object = py): Promise<Rig> {
  const server = (variant: string, more: object): object => ({ command: process.execPath, args: [SERVER, variant, folder], ...more })
  const gateway = await startGateway({ servers: { py: server('server.py', py), sse: server('server_sse.py', sse) } })
  const client = mcp(gateway.url, { key: (await gateway.key()).key })
  return {
    gateway,
    client,
    py: (tool, args) => client.call(`py__${tool}`, args),
    sse: (tool, args) => client.call(`sse__${tool}`, args),
  }
}
const secret = (): string[] => [join(folder, 'private/employees.txt'), join(folder, 'public/../private/employees.txt'), '/etc/shadow']

describe('DVMCP 3, server.py, in a sandbox that shows the public folder', needsBubblewrap, () => {
  test('a private file is read by no path', async () => {
    for (const filename of [...secret(), `/proc/self/root${folder}/private/employees.txt`]) {
      const answer = await kept.py('read_file', { filename })
      assert.equal(answer.result.isError, true, filename)
      assert.ok(!said(answer).includes(PRIVATE))
    }
  })
  test('a search that looks into the private folder too, which no argument shows, finds nothing there', async () => {
    assert.equal(said(await kept.py('search_files', { keyword: 'salary' })), 'nothing found')
  })
  test('the benign twin: public files are read and found', async () => {
    assert.equal(said(await kept.py('read_file', { filename: join(folder, 'public/welcome.txt') })), 'welcome, all')
    assert.match(said(await kept.py('search_files', { keyword: 'welcome' })), /welcome, all/)
  })
})

describe('DVMCP 3, server_sse.py, in a sandbox that shows the public folder', needsBubblewrap, () => {
  test('it reads, writes and deletes nothing but what it was shown, whatever the action is', async () => {
    for (const file_path of secret()) {
      for (const action of ['read', 'write', 'delete']) {
        const answer = await kept.sse('file_manager', { action, file_path, content: 'overwritten' })
        assert.equal(answer.result.isError, true, `${action} ${file_path}`)
        assert.ok(!said(answer).includes(PRIVATE))
      }
    }
    const planted = join(folder, 'private/planted.txt')
    await kept.sse('file_manager', { action: 'write', file_path: planted, content: 'x' })
    assert.ok(!existsSync(planted))
    assert.ok(existsSync(join(folder, 'private/employees.txt')))
  })
  test('and of that it deletes nothing: it may be read only', async () => {
    const file_path = join(folder, 'public/welcome.txt')
    for (const action of ['write', 'delete'])
      assert.equal((await kept.sse('file_manager', { action, file_path, content: 'x' })).result.isError, true)
    assert.ok(existsSync(file_path))
  })
  test('the public resource leads nowhere else', async () => {
    for (const filename of ['..%2Fprivate%2Femployees.txt', '%2e%2e%2fprivate%2femployees.txt']) {
      const { body } = await kept.client.request('resources/read', { uri: `public://${filename}` })
      assert.ok(body.error, filename)
      assert.ok(!JSON.stringify(body).includes(PRIVATE))
    }
  })
  test('the benign twin: a public file is read, by the tool and as a resource', async () => {
    assert.equal(said(await kept.sse('file_manager', { action: 'read', file_path: join(folder, 'public/welcome.txt') })), 'welcome, all')
    const { result } = await kept.client.request('resources/read', { uri: 'public://welcome.txt' })
    assert.equal(result.contents[0].text, 'welcome, all')
  })
})

describe('DVMCP 3 without a sandbox: which layer stops what', () => {
  let off: Rig
  before(async () => {
    const sandbox = { dangerouslyOff: true }
    off = await start({ sandbox, tools: { search_files: 'deny', '*': 'read' } }, { sandbox, tools: { file_manager: 'ask' } })
  })
  after(() => off.gateway[Symbol.asyncDispose]())

  test('nothing stops server.py, and a rule about its tools stops a tool as a whole', async () => {
    assert.equal(said(await off.py('read_file', { filename: secret()[0] })), PRIVATE)
    assert.ok((await off.py('search_files', { keyword: 'salary' })).error)
  })
  test('the tool of server_sse.py is stopped as a whole, and the way up in a resource by what its template may hold', async () => {
    assert.match(said(await off.sse('file_manager', { action: 'read', file_path: secret()[0] })), /agree/)
    const { body } = await off.client.request('resources/read', { uri: 'public://..%2Fprivate%2Femployees.txt' })
    assert.ok(body.error)
    const { result } = await off.client.request('resources/read', { uri: 'public://welcome.txt' })
    assert.equal(result.contents[0].text, 'welcome, all')
  })
})
