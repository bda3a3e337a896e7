// Ten customers asked one by one, and by one piece of code; then code that tries for more than its caller has, and code that does not end.

import assert from 'node:assert/strict'
import { MCPClient } from 'sallyport'
import { check, createKey, sallyport } from '../support.ts'
import { server } from './server.ts'

const names = ['ana', 'ben', 'eva', 'kim', 'lou', 'mia', 'noa', 'oli', 'pia', 'rui']
const code = `
const names = ${JSON.stringify(names)}
const all = await Promise.all(names.map((customer) => tools.list_orders({ customer })))
const spent = all.map(({ orders }, at) => ({ customer: names[at], euros: orders.reduce((sum, { euros }) => sum + euros, 0) }))
return spent.toSorted((one, other) => other.euros - one.euros)[0]`

await check(
  'code: ten tools in one call, of which only the answer leaves; and nothing that its caller could not do',
  () => server.close(),
  async () => {
    const { url } = await server.listen()
    await using client = new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: createKey('tools:read', 'tools:execute') } })

    // What a model is told of the tools that it may use so: types, of those that this caller may call.
    const functions = JSON.stringify((await client.callTool('code_functions', {})).content)
    assert.match(functions, /list_orders\(args: \{ customer: string \}\): Promise<\{ orders: /)
    assert.ok(!functions.includes('cancel_order'))

    // One by one, everything leaves.
    let characters = 0
    for (const customer of names) characters += JSON.stringify(await client.callTool('list_orders', { customer })).length

    // By code, the answer.
    const answer = await client.callTool('run_code', { code })
    assert.deepEqual(answer.structuredContent, { result: { customer: 'oli', euros: 50_800 }, calls: 10 })
    assert.ok(JSON.stringify(answer).length * 100 < characters)

    // Each of the ten calls is on record, with the call whose code it was.
    const { records } = await sallyport('audit', 'search', '--action', 'tools/call')
    const [of, ...before] = records
    assert.deepEqual(new Set(before.slice(0, 10).map(({ within }: { within?: string }) => within)), new Set([of.id]))

    // What needs more than its caller has, it cannot do.
    const refused = await client.callTool('run_code', { code: 'return await tools.cancel_order({ id: 1 })' })
    assert.equal(refused.isError, true)
    assert.match(JSON.stringify(refused.content), /needs the scope/)

    // A mistake is told with its line, and what does not end is ended.
    const mistake = await client.callTool('run_code', { code: 'const one = 1\nreturn one + two' })
    assert.match(JSON.stringify(mistake.content), /two.*line 2/)
    const endless = await client.callTool('run_code', { code: 'for (;;);' })
    assert.match(JSON.stringify(endless.content), /ran for more than the 5 s that/)
  },
)
