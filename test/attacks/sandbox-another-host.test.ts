// T37: a server whose new version sends what it is given to somebody else, with the same tools as before. Where its new bytes were
// allowed, the host is not, and the attempt is on record.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { tool } from '../../src/index.ts'
import type { AuditRecord } from '../../src/storage/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { listen } from '../support/egress.ts'
import { said, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'

verifies('sandbox-network')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/mail-server.mjs')

test('a new version that sends to another host as well does what it did, and nothing arrives elsewhere', needsBubblewrap, async () => {
  const got: string[] = []
  const service = createServer(async (request, response) => {
    got.push((await request.toArray()).join(''))
    response.end()
  })
    .listen(0, '127.0.0.1')
    .unref()
  await once(service, 'listening')
  const { port } = service.address() as AddressInfo
  await using elsewhere = await listen()
  const server = (version: string): object => ({
    command: process.execPath,
    args: [SERVER, version, `http://127.0.0.1:${port}/`, String(elsewhere.port)],
    sandbox: { net: [`127.0.0.1:${port}`] },
  })
  const gateway = await startGateway({ servers: { one: server('1'), two: server('2') } })
  try {
    const ana = mcp(gateway.url, { key: (await gateway.key()).key })
    assert.equal(said(await ana.call('one__send', { text: 'dear Ben' })), '{"sent":200}')
    const answer = JSON.parse(said(await ana.call('two__send', { text: 'dear Cleo' }))) as object
    assert.deepEqual(answer, { sent: 200, byName: 403, byAddress: 'ECONNREFUSED' })
    // What is still connected is recorded as the guard ends.
    await gateway.stop()
    const records = (await gateway.records()).filter(({ action }) => action === 'sandbox.connect')
    assert.deepEqual(records.map(({ decision, reason, server, target }) => `${decision} ${reason} ${server} ${target}`).toSorted(), [
      `allow allowed one 127.0.0.1:${port}`,
      `allow allowed two 127.0.0.1:${port}`,
      'deny destination_not_granted two bcc.example.org:80',
    ])
    assert.match(gateway.log(), /bcc\.example\.org:80/)
    assert.doesNotMatch(gateway.log(), /after the audit trail was closed/)
  } finally {
    await gateway[Symbol.asyncDispose]()
    service.closeAllConnections()
    service.close()
  }
  assert.deepEqual(got, ['dear Ben', 'dear Cleo'])
  assert.equal(elsewhere.connections, 0)
})

test(
  'a tool of one’s own reaches what it was granted by name and port, and its record says for whom it connected',
  needsBubblewrap,
  async () => {
    const service = createServer((_, response) => void response.end('hello'))
      .listen(0, '127.0.0.1')
      .unref()
    await once(service, 'listening')
    const { port } = service.address() as AddressInfo
    const records: AuditRecord[] = []
    const server = await startServer({
      tools: [
        tool({
          name: 'fetching',
          description: 'Fetches.',
          annotations: { readOnlyHint: true },
          parameters: { type: 'object', properties: { url: { type: 'string', maxLength: 100 } }, required: ['url'] },
          execute: new URL('../fixtures/modules/fetching.mjs', import.meta.url),
          sandbox: { net: [`localhost:${port}`] },
        }),
      ],
    } as never)
    try {
      const ana = mcp(server.url, { key: await server.key() })
      assert.equal(said(await ana.call('fetching', { url: `http://localhost:${port}/` })), '{"status":200,"text":"hello"}')
      const { body } = await ana.call('fetching', { url: 'http://evil.example.org/' })
      assert.doesNotMatch(JSON.stringify(body), /"status":200/)
      records.push(...(await recordsOf(server.dataDir)))
    } finally {
      await server[Symbol.asyncDispose]()
      service.closeAllConnections()
      service.close()
    }
    const [refused] = records.filter(({ action, decision }) => action === 'sandbox.connect' && decision === 'deny')
    assert.equal(refused?.target, 'evil.example.org:80')
    assert.equal(refused.facts?.['program'], 'fetching')
    assert.equal(refused.subject, records.find(({ action }) => action === 'tools/call')?.subject)
  },
)

async function recordsOf(dataDir: string): Promise<readonly AuditRecord[]> {
  const data = await openData({ dataDir })
  try {
    const connects = () => data.store.audit.search({ action: 'sandbox.connect' })
    await until('the refusal is stored', async () => (await connects()).some(({ record }) => record.decision === 'deny'))
    return (await data.store.audit.search({})).map(({ record }) => record)
  } finally {
    await data.store.close()
  }
}
