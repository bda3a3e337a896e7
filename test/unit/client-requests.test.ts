import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type MCPClient, type MCPClientOptions, MCPRequestError, TransportError } from '../../src/client/index.ts'
import { type HttpUpstream, type HttpUpstreamOptions, startHttpUpstream } from '../fixtures/http-upstream.ts'
import { createClient, problemOf, startServer } from '../support/client.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const call = (name: string, args: object = {}) => ({ method: 'tools/call', params: { name, arguments: args } })
const textOf = (result: Json): string => result.content[0].text

async function against(
  options: HttpUpstreamOptions,
  use: (client: MCPClient, upstream: HttpUpstream) => Promise<void>,
  more: Partial<MCPClientOptions> = {},
): Promise<void> {
  const upstream = await startHttpUpstream(options)
  try {
    await using client = createClient({ serverUrl: upstream.url }, { auth: undefined, ...more })
    await use(client, upstream)
  } finally {
    await upstream.close()
  }
}
const methodsOf = (upstream: HttpUpstream): (string | undefined)[] => upstream.seen.map(({ method, body }) => body.method ?? method)

const shapes: HttpUpstreamOptions[] = [
  { era: 'modern' },
  { era: 'modern', sse: true },
  { era: 'legacy', sessions: true },
  { era: 'legacy', sse: true, noStream: true },
]

for (const shape of shapes)
  describe(`a server that speaks ${shape.era}${shape.sse ? ' in streams' : ''}`, () => {
    it('is asked through request and through the helpers', () =>
      against(shape, async (client) => {
        assert.match(textOf(await client.request(call('echo', { text: 'hello' }))), /"text":"hello"/)
        assert.match(textOf(await client.callTool('echo', { text: 'hello' })), /"text":"hello"/)
        if (shape.era === 'modern') {
          // This server leaves out what a modern list must have.
          assert.equal(await problemOf(client.listTools()), 'TransportError malformed')
          return
        }
        assert.deepEqual(
          (await client.listTools()).map(({ name }) => name),
          ['echo'],
        )
        assert.equal(((await client.request({ method: 'tools/list' })) as Json).tools.length, 1)
      }))

    it('is told the revision that was agreed on, once', () =>
      against(shape, async (client, upstream) => {
        await Promise.all([client.callTool('echo'), client.callTool('echo'), client.callTool('echo')])
        const asked = methodsOf(upstream).filter((method) => method !== 'GET')
        const opening = shape.era === 'modern' ? ['server/discover'] : ['server/discover', 'initialize', 'notifications/initialized']
        assert.deepEqual(asked, [...opening, 'tools/call', 'tools/call', 'tools/call'])
        const version = upstream.seen.at(-1)?.headers['mcp-protocol-version']
        assert.equal(version, shape.era === 'modern' ? '2026-07-28' : '2025-06-18')
      }))

    it('says how far it is', () =>
      against(shape, async (client) => {
        const seen: number[] = []
        const result = await client.request(call('progress'), { onProgress: ({ progress }) => seen.push(progress) })
        assert.equal(textOf(result), 'dönè')
        assert.deepEqual(seen, [1, 2, 3])
      }))

    it('is told when nobody waits any more', () =>
      against(shape, async (client, upstream) => {
        const stop = new AbortController()
        const request = client.request(call('never'), { signal: stop.signal })
        await until('it is asked', () => methodsOf(upstream).includes('tools/call'))
        stop.abort(new Error('enough'))
        await assert.rejects(request, /^Error: enough$/)
        await until('the server is told', () =>
          shape.era === 'modern' ? upstream.abandoned.length === 1 : methodsOf(upstream).includes('notifications/cancelled'),
        )
        await assert.rejects(client.request(call('echo'), { signal: AbortSignal.abort(new Error('before')) }), /^Error: before$/)
      }))

    it('that fails is described in our words', () =>
      against(
        shape,
        async (client) => {
          for (const [request, problem] of [
            [call('redirect'), 'TransportError redirected'],
            [call('unauthorized'), 'AuthorizationError credential_refused'],
            [call('html'), 'TransportError malformed'],
            [call('reset'), 'TransportError unreachable'],
            [call('cut'), 'TransportError closed'],
            [call('mismatch'), 'MCPRequestError -32020'],
            [call('endless'), 'TransportError too_large'],
            [call('never'), 'TransportError timeout'],
            [{ method: 'no/such' }, 'MCPRequestError -32601'],
          ] as const)
            assert.equal(await problemOf(client.request(request)), problem, JSON.stringify(request))
          assert.match(textOf(await client.request(call('echo'))), /headers/, 'the next request is answered')
        },
        { maxMessageBytes: 2_000_000, requestTimeoutSeconds: 0.5 },
      ))
  })

describe('a session', () => {
  for (const unknownSession of [404, 400] as const)
    it(`that the server forgot (${unknownSession}) ${unknownSession === 404 ? 'is begun again, once' : 'is an error'}`, () =>
      against({ era: 'legacy', sessions: true, unknownSession }, async (client, upstream) => {
        await client.callTool('echo')
        upstream.forget()
        const both = await Promise.all([problemOf(client.callTool('echo')), problemOf(client.callTool('echo'))])
        const initialized = methodsOf(upstream).filter((method) => method === 'initialize').length
        if (unknownSession === 404) {
          for (const one of both) assert.match(one, /^no error/)
          assert.equal(initialized, 2)
        } else assert.deepEqual(both, ['MCPRequestError -32000', 'MCPRequestError -32000'])
      }))

  it('is ended at the server when the client closes', () =>
    against({ era: 'legacy', sessions: true }, async (client, upstream) => {
      await client.callTool('echo')
      await client.close()
      assert.equal(methodsOf(upstream).at(-1), 'DELETE')
      assert.equal(await problemOf(client.callTool('echo')), 'TransportError closed')
      await client.close()
    }))
})

describe('an error', () => {
  it('says what to do next', async () => {
    await against({ era: 'modern' }, async (client) => {
      await assert.rejects(client.request(call('redirect')), (error: TransportError) => {
        assert.equal(error.status, 307)
        assert.match(error.message, /^127\.0\.0\.1:\d+ answers with a redirect\. Give the final address as serverUrl/)
        return true
      })
    })
    const { serverUrl, [Symbol.asyncDispose]: end } = await startServer(() => {})
    await end()
    await using nobody = createClient({ serverUrl }, { auth: undefined })
    await assert.rejects(
      nobody.callTool('echo'),
      /^TransportError: 127\.0\.0\.1:\d+ could not be reached \(ECONNREFUSED\)\. Check the address/,
    )
  })

  it('of the server is one line, of a sensible length', async () => {
    await using server = await startServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const { id, method } = JSON.parse(text)
      const message = `\u001b[31mred\r\nsecond line\u2028${'x'.repeat(2000)}`
      const discovered = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {}, ttlMs: 0, cacheScope: 'private' }
      const answer = method === 'server/discover' ? { result: discovered } : { error: { code: -32000, message, data: { a: 1 } } }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    })
    await using client = createClient(server, { auth: undefined })
    await assert.rejects(client.callTool('echo'), (error: MCPRequestError) => {
      assert.match(error.message, /^ \[31mred second line x+$/)
      assert.equal(error.message.length, 500)
      assert.deepEqual(error.data, { a: 1 })
      return true
    })
    assert.deepEqual(await client.listTools(), [], 'a server without tools has none')
  })
})

describe('what a server asks in the middle of a call', () => {
  const form = { mode: 'form', message: 'Which region?', requestedSchema: { type: 'object', properties: { region: { type: 'string' } } } }
  /** Asks once, then says what it was told. */
  const asking = () =>
    startServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const { id, method, params } = JSON.parse(text) as Json
      const discovered = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' }
      const answered = params.inputResponses
      const offered = params._meta['io.modelcontextprotocol/clientCapabilities']
      const result =
        method === 'server/discover'
          ? { resultType: 'complete', ...discovered }
          : answered || !offered.elicitation
            ? {
                resultType: 'complete',
                content: [{ type: 'text', text: JSON.stringify({ answered, state: params.requestState, offered }) }],
              }
            : {
                resultType: 'input_required',
                requestState: 'opaque',
                inputRequests: { where: { method: 'elicitation/create', params: form } },
              }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    })

  it('is answered by the hook of the program, and the state goes back as it came', async () => {
    await using server = await asking()
    let asked: unknown
    const elicitation = (request: unknown) => {
      asked = request
      return { action: 'accept' as const, content: { region: 'north' } }
    }
    await using client = createClient(server, { auth: undefined, onInput: { elicitation } })
    const said = JSON.parse(textOf(await client.callTool('where')))
    assert.equal((asked as Json).message, 'Which region?')
    assert.deepEqual(said, {
      answered: { where: { action: 'accept', content: { region: 'north' } } },
      state: 'opaque',
      offered: { elicitation: { form: {} } },
    })
  })

  it('is not offered where there is no hook', async () => {
    await using server = await asking()
    await using client = createClient(server, { auth: undefined })
    assert.deepEqual(JSON.parse(textOf(await client.callTool('where'))), { offered: {} })
  })

  it('fails with what the hook threw, which the server is not told', async () => {
    await using server = await asking()
    await using client = createClient(server, {
      auth: undefined,
      onInput: {
        elicitation: () => {
          throw new RangeError('nobody is at the desk')
        },
      },
    })
    await assert.rejects(client.callTool('where'), /^RangeError: nobody is at the desk$/)
  })
})

it('without a path in serverUrl the URL is tried as it is, then /mcp', async () => {
  await against({ era: 'legacy', sessions: true }, async (_, upstream) => {
    await using client = createClient({ serverUrl: new URL(upstream.url).origin }, { auth: undefined })
    // This server is the same on every path.
    assert.match(textOf(await client.callTool('echo')), /headers/)
  })
  await using server = await startServer((request, response) => {
    request.resume()
    response.writeHead(request.url === '/mcp' ? 401 : 404).end()
  })
  await using client = createClient({ serverUrl: new URL(server.serverUrl).origin }, { auth: undefined })
  assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError credential_refused')
  await using web = await startServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome')
  })
  await using lost = createClient({ serverUrl: new URL(web.serverUrl).origin }, { auth: undefined })
  assert.equal(await problemOf(lost.callTool('echo')), 'TransportError no_endpoint')
})
