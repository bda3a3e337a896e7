// TR14: ids of legacy sessions, guessed, carried off, changed, or used after their end.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { type Answer, mcp } from '../support/mcp.ts'

verifies('TR14')

let rig: Rig
let executed = 0
before(async () => {
  rig = await startEngine([tool('echo', () => (executed++, say('hi')))], {
    alice: principal('alice'),
    bob: principal('bob'),
    weak: principal('alice', { scopes: [], credentialId: 'weak' }),
  })
})
after(() => rig.close())

const post = (body: object, token: string, session?: string): Promise<Answer> =>
  mcp(rig.url, { token, version: '2025-11-25' }).post(body, session === undefined ? {} : { 'mcp-session-id': session })
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
const begin = async (token: string) =>
  String((await post({ jsonrpc: '2.0', id: 1, method: 'initialize', params }, token)).headers['mcp-session-id'])
const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'echo', arguments: {} } }

describe('the id of a session', () => {
  it('is visible ASCII, long, never twice, and says nothing that could be guessed from another', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, () => begin('alice')))
    assert.equal(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(id, /^[\x21-\x7e]{64,8192}$/)
    // Sealed under fresh randomness: even of one principal and one moment, no two agree in what comes after the form.
    const heads = new Set(ids.map((id) => id.slice(8, 24)))
    assert.ok(heads.size > 195)
  })
  it('opens nothing: with another’s credential 404, with none 401, with a weaker one of its owner no more than that one may', async () => {
    const session = await begin('alice')
    const runs = executed
    assert.equal((await post(call, 'bob', session)).status, 404)
    assert.equal((await mcp(rig.url, { version: '2025-11-25' }).post(call, { 'mcp-session-id': session })).status, 401)
    const weak = await post(call, 'weak', session)
    assert.ok(weak.status === 403 || weak.result?.isError === true || weak.error !== undefined)
    assert.equal(executed, runs)
    assert.equal((await post(call, 'alice', session)).status, 200)
  })
  it('that was changed anywhere is answered like one that never was', async () => {
    const session = await begin('alice')
    const never = await post(call, 'alice', 'never-was')
    assert.equal(never.status, 404)
    for (let at = 0; at < session.length; at += Math.ceil(session.length / 25)) {
      const changed = `${session.slice(0, at)}${session[at] === 'A' ? 'B' : 'A'}${session.slice(at + 1)}`
      const answer = await post(call, 'alice', changed)
      assert.deepEqual([answer.status, answer.error.message], [404, never.error.message], `at ${at}`)
    }
  })
  it('is 404 once it has ended, for everything, and its owner may begin another', async () => {
    const session = await begin('alice')
    const end = (token: string) => mcp(rig.url).send('DELETE', '/mcp', { authorization: `Bearer ${token}`, 'mcp-session-id': session })
    assert.equal((await end('bob')).status, 404)
    assert.equal((await post(call, 'alice', session)).status, 200)
    assert.ok((await end('alice')).status < 300)
    const runs = executed
    assert.equal((await post(call, 'alice', session)).status, 404)
    assert.equal((await end('alice')).status, 404)
    const stream = await mcp(rig.url).send('GET', '/mcp', {
      authorization: 'Bearer alice',
      accept: 'text/event-stream',
      'mcp-session-id': session,
    })
    assert.equal(stream.status, 404)
    assert.equal(executed, runs)
    assert.equal((await post(call, 'alice', await begin('alice'))).status, 200)
  })
})
