// TR8: what the older revisions kept for a session has no meaning in a 2026-07-28 request, and opens nothing.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('TR8')

let rig: Rig
const modern = { authorization: 'Bearer alice', 'mcp-protocol-version': '2026-07-28' }

before(async () => {
  rig = await startEngine([tool('echo', () => say('hi'))], { alice: principal('alice'), bob: principal('bob') })
})
after(() => rig.close())

/** A session of the older revisions, of whoever holds the token. */
async function begin(token: string): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
  const { headers } = await mcp(rig.url, { token, version: '2025-11-25' }).post({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  return String(headers['mcp-session-id'])
}

describe('a 2026-07-28 request', () => {
  it('by GET or DELETE is 405, with a session id or without, and ends nothing', async () => {
    const session = await begin('alice')
    for (const method of ['GET', 'DELETE'])
      for (const more of [{}, { 'mcp-session-id': session }]) {
        const answer = await mcp(rig.url).send(method, '/mcp', { ...modern, accept: 'text/event-stream', ...more })
        assert.equal(answer.status, 405, method)
        assert.match(String(answer.headers.allow), /POST/)
      }
    const list = await mcp(rig.url, { token: 'alice', version: '2025-11-25' }).post(
      { jsonrpc: '2.0', id: 2, method: 'tools/list' },
      { 'mcp-session-id': session },
    )
    assert.equal(list.status, 200)
  })
  it('with a session id, whosever, or none that ever was, is served as if it had none', async () => {
    const client = mcp(rig.url, { token: 'alice' })
    const plain = await client.call('echo')
    for (const id of [await begin('alice'), await begin('bob'), 'never-was', '../../etc', '']) {
      const answer = await client.request('tools/call', { name: 'echo', arguments: {} }, { 'mcp-session-id': id, 'last-event-id': '7' })
      assert.deepEqual([answer.status, answer.result], [plain.status, plain.result], id)
      assert.equal(answer.headers['mcp-session-id'], undefined)
    }
  })
  it('is never given a session id, and events without ids, so that no stream can be resumed', async () => {
    const client = mcp(rig.url, { token: 'alice' })
    for (const method of ['server/discover', 'tools/list'])
      assert.equal((await client.request(method)).headers['mcp-session-id'], undefined)
    const stream = await client.open('subscriptions/listen', { notifications: { toolsListChanged: true } })
    assert.equal(stream.headers['mcp-session-id'], undefined)
    await stream.messages.next()
    stream.abort()
  })
})
