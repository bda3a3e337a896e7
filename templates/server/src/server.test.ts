import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { MCPClient } from 'sallyport'
import { createServer } from './server.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'my-server-'))
const open = createServer({ port: 0, dataDir, log: false, auth: { dangerouslyAllowAnonymous: true } })
const guarded = createServer({ port: 0, dataDir: join(dataDir, 'guarded'), log: false })
let client: MCPClient

before(async () => {
  client = new MCPClient({ serverUrl: (await open.listen()).url })
})
after(async () => {
  await client.close()
  await open.close()
  await guarded.close()
  await rm(dataDir, { recursive: true })
})

test('a note that was written can be read', async () => {
  await client.callTool('write_note', { name: 'today', text: 'Rain' })
  assert.deepEqual((await client.callTool('read_note', { name: 'today' })).content, [{ type: 'text', text: 'Rain' }])
})

test('a name that is none is refused', async () => {
  assert.equal((await client.callTool('read_note', { name: '../secrets' })).isError, true)
})

test('nobody is served who has not signed in', async () => {
  const { url } = await guarded.listen()
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  assert.equal(answer.status, 401)
})
