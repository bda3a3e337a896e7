// T23, TR14: a session id is carried off and used by somebody else.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('T23', 'G11', 'RS14')

let rig: Rig
const legacy = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: { roots: {} }, clientInfo: { name: 'x', version: '1' } },
}
const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
const post = (body: object, headers: Record<string, string | null>) =>
  mcp(rig.url, { version: '2025-11-25' }).post(body, { ...legacy, ...headers })
const begin = async (who: string) => String((await post(initialize, { authorization: `Bearer ${who}` })).headers['mcp-session-id'])

before(async () => {
  rig = await startEngine([tool('echo', () => say('hi'))], {
    alice: principal('alice'),
    bob: principal('bob'),
    'alice-2': principal('alice', { credentialId: 'another' }),
  })
})
after(() => rig.close())

describe('T23: session hijacking', () => {
  it('the id of another principal is answered like one that never was', async () => {
    const session = await begin('alice')
    const own = await post(list, { authorization: 'Bearer alice', 'mcp-session-id': session })
    assert.equal(own.status, 200)
    const stolen = await post(list, { authorization: 'Bearer bob', 'mcp-session-id': session })
    const invented = await post(list, { authorization: 'Bearer bob', 'mcp-session-id': 'v1.abc.def' })
    assert.equal(stolen.status, 404)
    assert.equal(invented.status, 404)
    assert.equal(stolen.error.message, invented.error.message)
    // The same on the stream of events, and for ending it.
    assert.equal(
      (await mcp(rig.url).send('GET', '/mcp', { authorization: 'Bearer bob', accept: 'text/event-stream', 'mcp-session-id': session }))
        .status,
      404,
    )
    assert.equal((await mcp(rig.url).send('DELETE', '/mcp', { authorization: 'Bearer bob', 'mcp-session-id': session })).status, 404)
    assert.equal((await post(list, { authorization: 'Bearer alice', 'mcp-session-id': session })).status, 200)
  })
  it('an id without a credential opens nothing', async () => {
    const session = await begin('alice')
    assert.equal((await post(list, { 'mcp-session-id': session })).status, 401)
  })
  it('another credential of the same principal may go on with it, with what that credential may do', async () => {
    const session = await begin('alice')
    assert.equal((await post(list, { authorization: 'Bearer alice-2', 'mcp-session-id': session })).status, 200)
  })
  it('a changed id does not open, and ids are unpredictable and printable', async () => {
    const session = await begin('alice')
    const other = await begin('alice')
    assert.notEqual(session, other)
    assert.match(session, /^[\x21-\x7e]+$/)
    for (const changed of [
      `${session}A`,
      session.slice(0, -1),
      session.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      session.toUpperCase(),
    ]) {
      assert.equal((await post(list, { authorization: 'Bearer alice', 'mcp-session-id': changed })).status, 404)
    }
  })
  it('an ended session stays ended', async () => {
    const session = await begin('alice')
    assert.ok((await mcp(rig.url).send('DELETE', '/mcp', { authorization: 'Bearer alice', 'mcp-session-id': session })).status < 300)
    assert.equal((await post(list, { authorization: 'Bearer alice', 'mcp-session-id': session })).status, 404)
    assert.equal((await mcp(rig.url).send('DELETE', '/mcp', { authorization: 'Bearer alice' })).status, 404)
  })
})

describe('G11: both eras on one endpoint', () => {
  it('a modern request ignores a session id and gets none', async () => {
    const answer = await mcp(rig.url, { token: 'alice', version: '2026-07-28' }).request('tools/list', {}, { 'mcp-session-id': 'nonsense' })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['mcp-session-id'], undefined)
    assert.equal(answer.result.resultType, 'complete')
  })
  it('what a session agreed on is what later requests are served with', async () => {
    const session = await begin('alice')
    const answer = await post(list, { authorization: 'Bearer alice', 'mcp-session-id': session })
    assert.equal('resultType' in answer.result, false)
  })
  it('GET and DELETE do not exist in 2026-07-28', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await mcp(rig.url).send(method, '/mcp', {
        authorization: 'Bearer alice',
        accept: 'text/event-stream',
        'mcp-protocol-version': '2026-07-28',
      })
      assert.ok(answer.status === 405 || (method === 'DELETE' && answer.status === 404), `${method}: ${answer.status}`)
    }
  })
})
