// What a session has asked to be told of costs as long as it lasts, at upstreams too. It must end with its connection, and one
// connection must not begin it again to be allowed as much once more.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { openSocket, type SocketClient } from '../support/websocket.ts'

verifies('ended-sessions')

const start = async () => {
  const log: string[] = []
  const resources = ['one', 'two'].map((name) => ({
    uri: `note://${name}`,
    name,
    read: () => name,
    watch: () => {
      log.push(`watch ${name}`)
      return () => void log.push(`stop ${name}`)
    },
  }))
  const served = await startServer({ resources })
  return { served, log, key: await served.key() }
}
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'old', version: '1' } }

async function initialize(client: SocketClient): Promise<void> {
  client.send({ jsonrpc: '2.0', id: 'init', method: 'initialize', params })
  assert.ok((await client.until(({ id }) => id === 'init')).result)
  client.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
}
const subscribe = (client: SocketClient, name: string): void =>
  client.send({ jsonrpc: '2.0', id: name, method: 'resources/subscribe', params: { uri: `note://${name}` } })

describe('a session on a WebSocket', () => {
  for (const leave of ['close', 'terminate'] as const)
    it(`ends with its socket (${leave}), and what it subscribed to is watched no longer`, async () => {
      const { served, log, key } = await start()
      await using _ = served
      const client = await openSocket(served.url, { key })
      await initialize(client)
      subscribe(client, 'one')
      assert.ok((await client.until(({ id }) => id === 'one')).result)
      // Whether this one is still heard or not: nothing of it may stay.
      subscribe(client, 'two')
      client.ws[leave]()
      await until('the first is let go', () => log.includes('stop one'))
      const of = (what: string): number => log.filter((each) => each === `${what} two`).length
      await until('and so is the second', () => of('watch') === of('stop'))
      // Another session is another one.
      const next = await openSocket(served.url, { key })
      await initialize(next)
      subscribe(next, 'one')
      assert.ok((await next.until(({ id }) => id === 'one')).result)
      assert.equal(log.at(-1), 'watch one')
      next.ws.terminate()
    })
  it('begins once', async () => {
    const { served, key } = await start()
    await using _ = served
    const client = await openSocket(served.url, { key })
    await initialize(client)
    client.send({ jsonrpc: '2.0', id: 'again', method: 'initialize', params })
    const { error } = await client.until(({ id }) => id === 'again')
    assert.equal(error.code, -32600)
    assert.match(error.message, /has been initialized/)
    subscribe(client, 'one')
    assert.ok((await client.until(({ id }) => id === 'one')).result, 'and goes on')
    client.ws.terminate()
  })
})
