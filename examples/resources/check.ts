import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { MCPClient } from 'sallyport'
import { mcp } from '../../test/support/mcp.ts'
import { check, createKey } from '../support.ts'
import { server, visit } from './server.ts'

await check(
  'resources: listed, read, completed, contained, and heard of',
  () => server.close(),
  async () => {
    const { url } = await server.listen()
    const key = createKey('resources:read')
    const client = new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: key } })
    const { resources } = (await client.request({ method: 'resources/list' })) as { resources: { uri: string }[] }
    const uris = resources.map(({ uri }) => uri)
    assert.ok(uris.includes('stats://visitors') && uris.includes('file:///notes/bread.md'))
    const textAt = async (uri: string): Promise<string> => JSON.stringify((await client.readResource(uri)).contents)
    assert.match(await textAt('weather://oslo'), /Snow/)
    assert.match(await textAt('file:///notes/bread.md'), /text\/markdown/)
    for (const uri of ['weather://nowhere', 'file:///notes/../package.json', 'file:///notes/%2e%2e/package.json', 'file:///etc/passwd'])
      await assert.rejects(textAt(uri), /not found/i)
    const completed = await client.request({
      method: 'completion/complete',
      params: { ref: { type: 'ref/resource', uri: 'weather://{city}' }, argument: { name: 'city', value: 'o' } },
    })
    assert.deepEqual((completed as { completion: { values: string[] } }).completion.values, ['oslo'])
    await client.close()

    const stream = await mcp(url, { key }).open('subscriptions/listen', { notifications: { resourceSubscriptions: ['stats://visitors'] } })
    const first = await stream.messages.next()
    assert.deepEqual(first.value.params.notifications, { resourceSubscriptions: ['stats://visitors'] })
    await delay(20)
    visit()
    const second = await stream.messages.next()
    assert.equal(second.value.params.uri, 'stats://visitors')
    stream.abort()
  },
)
