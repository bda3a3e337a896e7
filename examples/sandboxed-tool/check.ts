import assert from 'node:assert/strict'
import { MCPClient } from 'sallyport'
import { check, createKey } from '../support.ts'

const { server } = await import('./server.ts')

await check(
  'sandboxed tools: what was granted, and nothing else',
  () => server.close(),
  async () => {
    const [convert] = await server.explain('convert')
    assert.deepEqual(convert?.reach?.net, [], 'what it could reach is known before it runs')

    const { url } = await server.listen()
    const client = new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: createKey('tools:read', 'tools:execute') } })
    const call = async (name: string, args: Readonly<Record<string, unknown>>): Promise<string> =>
      JSON.stringify((await client.callTool(name, args)).content)

    assert.match(await call('convert', { amount: 100, from: 'EUR', to: 'NOK' }), /1160/)
    assert.match(await call('convert', { amount: 1, from: 'EUR', to: 'XXX' }), /There is no rate for XXX/)
    assert.match(await call('formula', { formula: '6 * 7' }), /42/)

    const escapes = {
      "process.getBuiltinModule('fs').readFileSync('/etc/passwd', 'utf8')": /tried to read what it was not granted/,
      "process.getBuiltinModule('child_process').execSync('id')": /tried to start what it was not granted/,
      'for (;;);': /took longer than the 1000 ms/,
      'process.exit(0)': /ended before it answered/,
    }
    for (const [formula, refused] of Object.entries(escapes)) assert.match(await call('formula', { formula }), refused, formula)
    assert.match(await call('formula', { formula: '6 * 7' }), /42/, 'and the next call is answered')
    await client.close()
  },
)
