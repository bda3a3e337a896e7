// TR7: a caller that leaves ends its work, whatever ids it has used: one that is used twice must not hide the first request.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { say, tool } from '../support/engine.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { modern, openSocket } from '../support/websocket.ts'

verifies('TR7')

const start = async () => {
  const ran = { started: 0, stopped: 0 }
  const entries = [
    tool('slow', async (_, call) => {
      ran.started++
      await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve()))
      ran.stopped++
      return say('late')
    }),
  ]
  const served = await startService({ port: 0 }, { entries })
  const slow = (id: number): object => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'slow', arguments: {}, _meta: modern() },
  })
  return { served, ran, slow }
}

describe('an id that is in use', () => {
  it('is refused, in an answer that nobody takes for the first one’s, and the first can still be stopped', async () => {
    const { served, ran, slow } = await start()
    await using _ = served
    const client = await openSocket(served.service.url, { key: served.key })
    client.send(slow(1))
    await until('it runs', () => ran.started === 1)
    for (const again of [slow(1), { jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: modern() } }]) {
      const at = client.messages.length
      client.send(again)
      await until('it is refused', () => client.messages.length > at)
      assert.deepEqual([client.messages[at].error.code, client.messages[at].id ?? null], [-32600, null])
    }
    // 1 is not "1" (JSON-RPC 2.0 §4).
    assert.ok((await client.request('server/discover', {}, '1')).result)
    assert.deepEqual(ran, { started: 1, stopped: 0 })
    client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, _meta: modern() } })
    await until('the first is stopped', () => ran.stopped === 1)
    assert.ok((await client.request('server/discover', {}, 1)).result, 'and its id can be used again')
    client.ws.terminate()
  })
  it('hides nothing from the end of the connection', async () => {
    const { served, ran, slow } = await start()
    await using _ = served
    for (let round = 1; round <= 70; round++) {
      const client = await openSocket(served.service.url, { key: served.key })
      const listen = { notifications: { toolsListChanged: true }, _meta: modern() }
      client.send({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: listen })
      const { method } = await client.until(() => true)
      // Were the earlier ones still open, this one would be one too many for its caller.
      assert.equal(method, 'notifications/subscriptions/acknowledged', `round ${round}`)
      if (round <= 3) client.send(slow(2))
      for (const id of [1, 2]) client.send({ jsonrpc: '2.0', id, method: 'server/discover', params: { _meta: modern() } })
      await until('they are answered', () => client.messages.length === 3)
      client.ws.close()
      await client.closed()
    }
    await until('what ran is stopped', () => ran.stopped === 3)
    assert.equal(ran.started, 3)
  })
})
