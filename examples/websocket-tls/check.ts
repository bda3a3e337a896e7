import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MCPClient } from 'sallyport'
import { check, createKey } from '../support.ts'

process.env['PORT'] = '0'
const { server } = await import('./server.ts')

await check(
  'websocket-tls: called over wss, with progress, and not without TLS or a key',
  () => server.close(),
  async () => {
    const { url } = await server.listen()
    assert.match(url, /^https:/)
    const ca = readFileSync(join(process.env['SALLYPORT_DATA_DIR'] as string, 'tls', 'ca.pem'), 'utf8')
    const serverUrl = url.replace('https:', 'wss:')
    const client = new MCPClient({ serverUrl, ca, auth: { type: 'api_key', apiKey: createKey('tools:read') } })
    const heard: number[] = []
    const result = await client.request(
      { method: 'tools/call', params: { name: 'countdown', arguments: { from: 3 } } },
      { onProgress: ({ progress }) => void heard.push(progress) },
    )
    assert.match(JSON.stringify(result), /Lift-off/)
    assert.deepEqual(heard, [1, 2, 3])
    await client.close()

    const nobody = new MCPClient({ serverUrl, ca, auth: { type: 'api_key', apiKey: `spk_00000000_${'0'.repeat(38)}` } })
    await assert.rejects(nobody.callTool('countdown', { from: 1 }))
    await nobody.close()
    await assert.rejects(fetch(url.replace('https:', 'http:'), { method: 'POST' }))
  },
)
