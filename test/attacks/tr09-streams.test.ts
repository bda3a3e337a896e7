// TR9: a stream must reach its reader through whatever lies between: not buffered, and not closed for being quiet.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it, mock } from 'node:test'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { until } from '../support/until.ts'

verifies('TR9')

let rig: Rig
before(async () => {
  // The router looks around every five seconds: here, when it is told to.
  mock.timers.enable({ apis: ['setInterval'] })
  rig = await startEngine([tool('echo', () => say('hi'))], { alice: principal('alice') })
})
after(async () => {
  await rig.close()
  mock.timers.reset()
})

describe('an event stream', () => {
  it('asks not to be buffered or kept, and says something now and then that means nothing', async () => {
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { notifications: { toolsListChanged: true }, _meta: meta },
    }
    let text = ''
    const outgoing = request(rig.url, {
      method: 'POST',
      headers: {
        authorization: 'Bearer alice',
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
    })
    outgoing.end(JSON.stringify(body))
    const answer = await new Promise<import('node:http').IncomingMessage>((resolve) => outgoing.once('response', resolve))
    assert.equal(answer.headers['x-accel-buffering'], 'no')
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['content-type'], 'text/event-stream')
    assert.equal(answer.headers['content-encoding'], undefined)
    answer.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    await until('the stream is open', () => text !== '')
    assert.doesNotMatch(text, /^:/m)
    mock.timers.tick(5_000)
    await until('the quiet stream is kept alive', () => /^:.*\n\n/m.test(text))
    // What is no comment is a whole event, and has no id: none can be asked for again.
    for (const event of text.split('\n\n').filter((each) => each !== '' && !each.startsWith(':')))
      assert.match(event, /^event: message\ndata: {.*}$/)
    outgoing.destroy()
  })
})
