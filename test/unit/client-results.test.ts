import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MCPClient } from '../../src/client/index.ts'
import { createClient, problemOf } from '../support/client.ts'
import { cpuMsDuring } from '../support/cpu.ts'
import { startPlainServer } from '../support/plain-server.ts'
import type { Json } from '../support/sse.ts'

const temperature = { type: 'object', properties: { degrees: { type: 'number' } }, required: ['degrees'] }

/** Nobody asks for definitions but the program. */
const unpinned = { drift: 'off', findings: 'off' } as const

async function calling(
  outputSchema: object | undefined,
  result: object,
  use: (client: MCPClient, warned: string[]) => Promise<void>,
  era: 'modern' | 'legacy' = 'modern',
): Promise<void> {
  const warned: string[] = []
  await using server = await startPlainServer({
    era,
    answer: ({ method }) =>
      method === 'tools/list'
        ? {
            tools: [{ name: 'measure', inputSchema: { type: 'object' }, ...(outputSchema && { outputSchema }) }],
            ...(era === 'modern' && { ttlMs: 0, cacheScope: 'private' }),
          }
        : { content: [], ...result },
  })
  await using client = createClient(server, { auth: undefined, trust: unpinned, log: (_, message) => void warned.push(message) })
  await use(client, warned)
}

for (const era of ['modern', 'legacy'] as const)
  describe(`a result (${era})`, () => {
    it('holds what its tool promises, or is withheld', async () => {
      for (const [result, problem] of [
        [{ structuredContent: { degrees: 21.5 } }, /^no error/],
        [{ structuredContent: { degrees: 'warm' } }, /^TrustError result_invalid$/],
        [{ structuredContent: { warm: true } }, /^TrustError result_invalid$/],
        [{}, /^TrustError result_invalid$/],
        [{ isError: true }, /^no error/],
      ] as const)
        await calling(
          temperature,
          result,
          async (client) => {
            await client.listTools()
            assert.match(await problemOf(client.callTool('measure')), problem, JSON.stringify(result))
            assert.match(await problemOf(client.request({ method: 'tools/call', params: { name: 'measure' } })), problem)
          },
          era,
        )
    })

    it('of a tool that was never listed, or that promises nothing, passes as it came', async () => {
      await calling(
        temperature,
        { structuredContent: { warm: true } },
        async (client) => assert.match(await problemOf(client.callTool('measure')), /^no error/),
        era,
      )
      await calling(
        undefined,
        { structuredContent: { any: 'thing' } },
        async (client) => {
          await client.listTools()
          assert.deepEqual((await client.callTool('measure')).structuredContent, { any: 'thing' })
        },
        era,
      )
    })
  })

describe('an output schema', () => {
  it('that cannot be understood is said once, and its results pass', async () => {
    for (const schema of [
      { type: 'object', properties: { a: { $ref: 'http://127.0.0.1:9/schema.json' } } },
      { type: 'object', properties: { a: { type: 'string', pattern: '(a)\\1' } } },
      { type: 'object', $schema: 'https://example.com/own' },
    ])
      await calling(schema, { structuredContent: { a: 'x' } }, async (client, warned) => {
        await client.listTools()
        for (let times = 0; times < 3; times++) assert.deepEqual((await client.callTool('measure')).structuredContent, { a: 'x' })
        await client.listTools()
        await client.callTool('measure')
        assert.equal(warned.filter((line) => line.includes('not checked')).length, 1, JSON.stringify(schema))
      })
  })

  it('cannot stall the process', async () => {
    const nasty = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } }
    await calling(nasty, { structuredContent: { a: `${'a'.repeat(50_000)}!` } }, async (client) => {
      await client.listTools()
      const spent = await cpuMsDuring(async () => {
        assert.equal(await problemOf(client.callTool('measure')), 'TrustError result_invalid')
      })
      assert.ok(spent < 5_000, `${spent} ms`)
    })
  })

  it('and every other definition is handed over as it came', async () => {
    const schema = {
      type: 'object',
      $defs: { a: { $anchor: 'x', type: 'string' } },
      properties: { b: { $ref: '#/$defs/a', 'x-more': [1] } },
    }
    await calling(schema, {}, async (client) => assert.deepEqual((await client.listTools())[0]?.outputSchema, schema))
  })
})

describe('a result type', () => {
  it('that is not known is an error; absent in an earlier revision, it is complete', async () => {
    await calling(undefined, { resultType: 'later' }, async (client) =>
      assert.equal(await problemOf(client.callTool('measure')), 'TransportError malformed'),
    )
    await calling(undefined, {}, async (client) => assert.match(await problemOf(client.callTool('measure')), /^no error/), 'legacy')
  })
})

describe('what else is asked', () => {
  for (const era of ['modern', 'legacy'] as const)
    it(`is answered by a server that speaks ${era}`, async () => {
      const logged: unknown[] = []
      await using server = await startPlainServer({
        era,
        answer: ({ method, params }, response, id) => {
          if (method === 'completion/complete') return { completion: { values: [`${params.argument.value}lin`], hasMore: false } }
          if (method !== 'tools/call') return {}
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          const say = (message: object): void => void response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)
          say({ method: 'notifications/message', params: { level: 'info', logger: 'x', data: { a: 1 } } })
          say({ id, result: { content: [], ...(era === 'modern' && { resultType: 'complete' }) } })
          response.end()
          return undefined
        },
      })
      await using client = createClient(server, { auth: undefined, trust: unpinned, onLog: (entry) => void logged.push(entry) })
      const ref = { type: 'ref/prompt', name: 'p' } as const
      assert.deepEqual((await client.complete({ ref, argument: { name: 'city', value: 'Ber' } })).values, ['Berlin'])
      await client.ping()
      const { name, version, instructions, protocolVersion, capabilities } = await client.serverInfo()
      assert.deepEqual([name, version, instructions], ['plain', '1', 'Be kind.'])
      assert.equal(protocolVersion, era === 'modern' ? '2026-07-28' : '2025-11-25')
      assert.ok(capabilities['tools'])
      await client.setLogLevel('info')
      await client.callTool('any')
      assert.deepEqual(logged, [{ level: 'info', logger: 'x', data: { a: 1 } }])
      const level = server.asked.at(-1)?.params._meta?.['io.modelcontextprotocol/logLevel']
      if (era === 'modern') assert.equal(level, 'info')
      else
        assert.deepEqual(
          server.to('logging/setLevel').map((params: Json) => params.level),
          ['info'],
        )
    })
})
