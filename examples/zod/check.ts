import assert from 'node:assert/strict'
import { MCPClient } from 'sallyport'
import { check, createKey } from '../support.ts'
import { server } from './server.ts'

await check(
  'zod: defaults filled in, wrong input refused, results described',
  () => server.close(),
  async () => {
    const { url } = await server.listen()
    const client = new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: createKey('tools:execute') } })
    const [listed] = await client.listTools()
    assert.deepEqual(listed?.inputSchema.required, ['amount'])
    assert.equal(listed?.outputSchema?.type, 'object')
    const { structuredContent } = await client.callTool('quote', { amount: 100 })
    assert.deepEqual(structuredContent, { total: 101, currency: 'EUR', fee: 1 })
    const refused = await client.callTool('quote', { amount: -1 })
    assert.equal(refused.isError, true)
    assert.match(JSON.stringify(refused.content), /arguments\/amount must be >= 0/)
    await client.close()
  },
)
