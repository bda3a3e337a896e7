import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { MCPClient } from 'sallyport'
import { check, createKey } from '../support.ts'

process.env['FORGET_AFTER_MS'] = '1000'
const { forgetAfterMs, server } = await import('./server.ts')

await check(
  'context: small, apart, forgotten',
  () => server.close(),
  async () => {
    const { url } = await server.listen()
    const as = (): MCPClient => new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: createKey('tools:read') } })
    const [ana, raj] = [as(), as()]
    assert.ok(JSON.stringify(await ana.listTools()).length < 2_500, 'what a model is told of the tools is short')

    const opened = await ana.callTool('open_document', { title: 'handbook' })
    assert.ok(JSON.stringify(opened).length < 600, 'a reference, not the document')
    const { documentId } = opened.structuredContent as { documentId: string }
    const part = await ana.callTool('read_document', { documentId, from: 4_990, count: 50 })
    assert.match(JSON.stringify(part.content), /Line 5000/)

    const foreign = await raj.callTool('read_document', { documentId, from: 1 })
    const invented = await raj.callTool('read_document', { documentId: crypto.randomUUID(), from: 1 })
    assert.deepEqual(foreign.content, invented.content, 'somebody else’s is like one that never was')

    await delay(forgetAfterMs + 100)
    assert.deepEqual((await ana.callTool('read_document', { documentId, from: 1 })).content, invented.content)
    await ana.close()
    await raj.close()
  },
)
