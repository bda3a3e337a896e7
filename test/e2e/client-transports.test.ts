/** Our client at our own server, over each of the three transports: the same calls, and the same answers. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { createOwnServer } from '../fixtures/own-server.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

interface Reached extends AsyncDisposable {
  readonly options: MCPClientOptions
}

async function reach(transport: 'http' | 'websocket' | 'stdio'): Promise<Reached> {
  const folder = await createTempDir('own')
  if (transport === 'stdio') {
    const args = [join(ROOT, 'test/fixtures/own-server.ts'), folder.path]
    return { options: { command: process.execPath, args }, [Symbol.asyncDispose]: () => folder.remove() }
  }
  const server = createOwnServer({ dataDir: folder.path, auth: { dangerouslyAllowAnonymous: true } })
  const { url } = await server.listen()
  return {
    options: { serverUrl: transport === 'websocket' ? url.replace('http:', 'ws:') : url },
    async [Symbol.asyncDispose]() {
      await server.close()
      await folder.remove()
    },
  }
}
const textOf = (result: Json): string => result.content[0].text

for (const transport of ['http', 'websocket', 'stdio'] as const)
  describe(`our own server over ${transport}`, () => {
    it('answers, says how far it is, logs, asks, and is told when nobody waits', async () => {
      await using reached = await reach(transport)
      const logged: unknown[] = []
      const pages: unknown[] = []
      await using client = new MCPClient({
        ...reached.options,
        log: silentLog,
        onLog: ({ data }) => void logged.push(data),
        onInput: {
          elicitation: () => ({ action: 'accept', content: {} }),
          url({ url, warnings }) {
            pages.push(url, warnings)
            return { action: 'accept' }
          },
        },
      })
      assert.equal((await client.serverInfo()).name, 'own')
      await client.ping()
      await client.setLogLevel('info')
      assert.ok((await client.listTools()).some(({ name }) => name === 'steps'))
      const seen: number[] = []
      assert.equal(textOf(await client.callTool('steps', {}, { onProgress: ({ progress }) => seen.push(progress) })), 'done')
      assert.deepEqual(seen, [1, 2, 3])
      await until('it is logged', () => logged.length > 0)
      assert.deepEqual(logged, [{ steps: 3 }])
      assert.deepEqual((await client.callTool('add')).structuredContent, { sum: 3 })
      assert.deepEqual(JSON.parse(textOf(await client.callTool('form'))), { action: 'accept', content: { region: 'north' } })
      assert.equal(JSON.parse(textOf(await client.callTool('visit'))).action, 'accept')
      assert.deepEqual(pages, ['https://example.com/look', ['other-host']])
      const stop = new AbortController()
      const waiting = client.callTool('wait', {}, { signal: stop.signal })
      const count = async (): Promise<string> => textOf(await client.callTool('count'))
      await until('it waits', async () => (await count()) === '0 of 1')
      stop.abort(new Error('enough'))
      await assert.rejects(waiting, /^Error: enough$/)
      await until('the server has heard of it', async () => (await count()) === '1 of 1')
      assert.deepEqual([await client.listPrompts(), await client.listResources()], [[], []])
      assert.deepEqual(
        (await client.listResourceTemplates()).map(({ name }) => name),
        ['stored-result'],
      )
    })

    it('tells of its changes', async () => {
      await using reached = await reach(transport)
      await using client = new MCPClient({ ...reached.options, log: silentLog })
      const before = (await client.listTools()).length
      const changes = client.watch({ tools: true })[Symbol.asyncIterator]()
      const next = changes.next()
      // Until it listens, a change is told to nobody.
      let told = false
      void next.then(() => (told = true))
      await until('it tells', async () => {
        await client.callTool('grow')
        return told
      })
      assert.deepEqual((await next).value, { type: 'tools' })
      await changes.return?.()
      assert.equal((await client.listTools()).length, before + 1)
    })
  })
