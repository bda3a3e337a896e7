import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { MCPClient } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { createClient, problemOf } from '../support/client.ts'
import { ROOT } from '../support/paths.ts'
import { startPlainServer } from '../support/plain-server.ts'
import { until } from '../support/until.ts'

const ODD = join(ROOT, 'test/fixtures/odd-server.ts')
const start = (...flags: string[]): MCPClient => new MCPClient({ command: process.execPath, args: [ODD, ...flags], log: silentLog })

// Side by side: most of the time goes into starting children.
describe('watching a server', { concurrency: 4 }, () => {
  for (const flags of [[], ['--modern']])
    it(`that is started tells of changes, equal ones once, and ends with the loop (${flags[0] ?? 'legacy'})`, async () => {
      await using client = start(...flags)
      const before = (await client.listTools()).length
      let changes = 0
      let changing: Promise<unknown> | undefined
      const nudge = setInterval(() => (changing ??= client.callTool('change')), 200)
      for await (const change of client.watch({ tools: true })) {
        assert.deepEqual(change, { type: 'tools' })
        changes++
        await changing
        break
      }
      clearInterval(nudge)
      assert.equal(changes, 1)
      assert.equal((await client.listTools()).length, before + 1)
    })

  it('that went is watched again, and what may have changed is told as changed', async () => {
    await using client = start('--modern')
    const stop = new AbortController()
    const seen: string[] = []
    const watching = (async () => {
      for await (const { type } of client.watch({ tools: true }, { signal: stop.signal })) seen.push(type)
    })()
    await client.callTool('echo')
    await client.callTool('change')
    await until('the change is told', () => seen.length > 0)
    const before = seen.length
    assert.equal(await problemOf(client.callTool('die')), 'TransportError closed')
    await until('the watch has come back', () => seen.length > before)
    stop.abort()
    await watching
  })

  it('ends when the client closes, and when its signal says so', async () => {
    const client = start('--modern')
    const ending = (async () => {
      for await (const change of client.watch({ tools: true })) assert.fail(JSON.stringify(change))
    })()
    await client.listTools()
    await client.close()
    await ending
    await using other = start()
    for await (const change of other.watch({ tools: true }, { signal: AbortSignal.abort() })) assert.fail(JSON.stringify(change))
  })

  it('for what it does not tell is an error, and so is watching nothing', async () => {
    await using client = start()
    const first = (wanted: object): Promise<unknown> => client.watch(wanted)[Symbol.asyncIterator]().next()
    assert.equal(await problemOf(first({ prompts: true })), 'TransportError unsupported_method')
    assert.throws(() => client.watch({}), /watch: needs something to watch/)
    assert.throws(() => client.watch({ uri: ['a'] } as object), /there is no such key; did you mean "uris"/)
  })

  it('of an earlier revision subscribes to each resource, and unsubscribes', async () => {
    await using server = await startPlainServer({ era: 'legacy', capabilities: { resources: { subscribe: true } }, answer: () => ({}) })
    await using client = createClient(server, { auth: undefined })
    const changes = client.watch({ uris: ['a:1', 'a:2'] })[Symbol.asyncIterator]()
    const next = changes.next()
    await until('it subscribes', () => server.to('resources/subscribe').length === 2)
    await client.close()
    assert.equal((await next).done, true)
  })

  it('of an earlier revision over HTTP comes back where the stream that it speaks on is gone for good', async () => {
    let streams = 0
    await using server = await startPlainServer({
      era: 'legacy',
      capabilities: { tools: { listChanged: true } },
      answer: () => ({}),
      // The first one breaks off, and it gives none again until the client connects anew.
      listening(response) {
        streams++
        if (streams === 2 || streams === 3) return void response.writeHead(500).end()
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        if (streams === 1) response.end('data: \n\n')
      },
    })
    await using client = createClient(server, { auth: undefined })
    const changes = client.watch({ tools: true })[Symbol.asyncIterator]()
    assert.deepEqual((await changes.next()).value, { type: 'tools' }, 'what may have changed meanwhile')
    assert.ok(streams >= 3)
    await changes.return?.()
  })
})
