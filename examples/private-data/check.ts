// A card that travels sealed, a customer without a card, a ledger in parts for its caller alone, and a caller who is forgotten.

import assert from 'node:assert/strict'
import { MCPClient } from 'sallyport'
import { check, createKey, sallyport } from '../support.ts'
import { server } from './server.ts'

const CARD = '4000 0566 5566 5556'
const scopes = ['tools:read', 'tools:execute', 'resources:read']

await check(
  'private-data: paid with a card that nobody between has seen, read in parts by its caller alone, and forgotten',
  () => server.close(),
  async () => {
    const { url } = await server.listen()
    const ana = createKey(...scopes)
    await using client = new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: ana } })
    await using other = new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: createKey(...scopes) } })

    // The client seals the card and opens the receipt without being asked.
    const paid = await client.callTool('pay', { invoice: 'A-17', card: CARD })
    assert.deepEqual(paid.structuredContent, { paid: true, receipt: 'A-17 was paid with the card that ends in 5556' })

    // The operator can look up with what it was called, and has the card no more than anybody else.
    const { records } = await sallyport('audit', 'search', '--action', 'tools/call', '--decision', 'allow')
    const { value } = (await sallyport('why', records[0].id, '--arguments')).arguments
    assert.equal(value.invoice, 'A-17')
    assert.ok(!JSON.stringify(value).includes(CARD))

    // The card and the notes stay where they are; the address is a sign, the same each time.
    const [one, again] = [await client.callTool('find_customer', { id: 'ana' }), await client.callTool('find_customer', { id: 'ana' })]
    assert.deepEqual(one, again)
    const { name, email, ...rest } = one.structuredContent as Record<string, string>
    assert.deepEqual([name, rest], ['Ana', {}])
    assert.match(String(email), /^tok_email_/)
    assert.equal((await sallyport('reveal', String(email))).value, 'ana.of.the.harbour@example.com')

    // A head, and a link for this caller.
    const { content } = await client.callTool('export_ledger')
    const link = content.find((block) => block.type === 'resource_link')
    assert.ok(link && link.type === 'resource_link' && (link.size ?? 0) > 100_000)
    const part = await client.readResource(`${link.uri}?search=${encodeURIComponent('3999;')}`)
    assert.match(JSON.stringify(part), /3999;2026-11-27/)
    await assert.rejects(other.readResource(link.uri), /not found/i)

    // What is kept of the caller is told, and then gone for good.
    const subject = ana.slice(0, 12)
    const kept = (await sallyport('data', 'report', subject)).classes.map((each: { class: string }) => each.class)
    for (const expected of ['auditArguments', 'contents', 'keys']) assert.ok(kept.includes(expected), `${expected} in ${kept}`)
    await sallyport('data', 'forget', subject, '--yes')
    await assert.rejects(client.readResource(link.uri))
    const left = (await sallyport('data', 'report', subject)).classes.map((each: { class: string }) => each.class)
    assert.deepEqual(left, ['auditRecords'])
    assert.equal((await sallyport('audit', 'verify')).intact, true)
  },
)
