import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '../../src/core/index.ts'
import { createStdioTransport, readLines } from '../../src/transports/index.ts'
import { principal, say, startEngine, tool } from '../support/engine.ts'
import { until } from '../support/until.ts'

const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }

async function connect({ isRead = true } = {}) {
  let aborted = 0
  const rig = await startEngine(
    [
      tool('echo', ({ text }) => say(String(text))),
      tool('slow', async (_, call) => {
        call.notify({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })
        await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve()))
        aborted++
        return say('late')
      }),
    ],
    { me: principal('me', { credential: 'local' }), reader: principal('reader', { scopes: [] }) },
  )
  const input = new PassThrough()
  const output = new PassThrough()
  const lines: string[] = []
  if (isRead) void readLines(output, 1_000_000, (line) => lines.push(String(line)))
  const transport = createStdioTransport({
    pipeline: rig.engine.pipeline,
    input,
    output,
    credential: { scheme: 'bearer', value: 'me' },
    resource: 'stdio:',
    bodyBytes: 10_000,
    json: { maxDepth: 64, maxItems: 100 },
    forget: () => {},
    clock: Date.now,
    log: silentLog,
  })
  const send = (message: object | string) => input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`)
  async function said(count: number) {
    await until(`${count} lines`, () => lines.length >= count)
    return lines.map((line) => JSON.parse(line))
  }
  return { rig, transport, input, output, lines, send, said, aborted: () => aborted }
}

describe('stdio', () => {
  it('serves both eras in one process, a line each, whatever the chunks', async () => {
    const { rig, transport, input, send, said } = await connect()
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text: 'é日' }, _meta: meta },
    })
    for (const byte of Buffer.from(`${text}\r\n\n`)) input.write(Buffer.from([byte]))
    send({
      jsonrpc: '2.0',
      id: 'a',
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    })
    const [first, second] = await said(2)
    assert.equal(first.result.content[0].text, 'é日')
    assert.equal(first.result.resultType, 'complete')
    assert.equal(second.result.protocolVersion, '2025-06-18')
    send({ jsonrpc: '2.0', method: 'notifications/initialized' })
    send({ jsonrpc: '2.0', id: 2, method: 'tools/list' })
    const third = (await said(3))[2]
    assert.equal(third.id, 2)
    assert.equal('resultType' in third.result, false)
    assert.equal((await rig.records()).find(({ action }) => action === 'tools/list')?.['version'], '2025-06-18')
    input.end()
    await transport.done
    await rig.close()
  })
  it('answers what it cannot read, and goes on', async () => {
    const { rig, transport, input, send, said } = await connect()
    send('{"broken')
    send(`{"jsonrpc":"2.0","id":1,"method":"x","params":{"pad":"${'a'.repeat(20_000)}"}}`)
    send('[]')
    send({ jsonrpc: '2.0', id: 9, method: 'server/discover', params: { _meta: meta } })
    const answers = await said(4)
    const codes = answers.map(({ error, id }) => Number(error?.code ?? id)).sort((a, b) => a - b)
    assert.deepEqual(codes, [-32700, -32600, -32600, 9])
    input.end()
    await transport.done
    await rig.close()
  })
  it('stops what is cancelled, does not answer it, and lets nobody else be disturbed', async () => {
    const { rig, transport, input, send, said, aborted } = await connect()
    send({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'slow', _meta: meta } })
    assert.equal((await said(1))[0].method, 'notifications/progress')
    send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } })
    send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'unknown' } })
    send({ jsonrpc: '2.0', id: 8, method: 'tools/call', params: { name: 'echo', arguments: { text: 'here' }, _meta: meta } })
    await delay(50)
    const answers = await said(2)
    assert.deepEqual(
      answers.map(({ id }) => id),
      [undefined, 8],
    )
    assert.equal(aborted(), 1)
    input.end()
    await transport.done
    await rig.close()
  })
  it('ends when its input ends: a call that runs is told to stop', async () => {
    const { rig, transport, input, send, said, aborted } = await connect()
    send({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'slow', _meta: meta } })
    send({ jsonrpc: '2.0', id: 8, method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true }, _meta: meta } })
    await said(2)
    input.end()
    await transport.done
    assert.equal(aborted(), 1)
    await rig.close()
  })
  it('reads no further while nobody takes the answers, then answers all in order', async () => {
    const { rig, transport, input, output, lines } = await connect({ isRead: false })
    const text = 'x'.repeat(9_000)
    const calls = 1_500
    for (let id = 0; id < calls; id++)
      input.write(
        `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: { text }, _meta: meta } })}\n`,
      )
    let executed = 0
    const look = async (): Promise<number> => (executed = (await rig.records()).length)
    await until('some are executed', async () => (await look()) > 50)
    for (let last = -1; last !== executed; ) {
      last = executed
      await delay(100)
      await look()
    }
    // A megabyte, and what one turn begins.
    assert.ok(executed < 250, String(executed))
    void readLines(output, 1_000_000, (line) => lines.push(String(line)))
    await until('all are answered', () => lines.length >= calls)
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      Array.from({ length: calls }, (_, id) => id),
    )
    input.end()
    await transport.done
    await rig.close()
  })
  it('answers everything that came before the end of its input', async () => {
    const { rig, transport, input, lines } = await connect()
    for (let id = 0; id < 500; id++)
      input.write(
        `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' }, _meta: meta } })}\n`,
      )
    input.end()
    await transport.done
    await delay(20)
    assert.equal(lines.length, 500)
    await rig.close()
  })
})
