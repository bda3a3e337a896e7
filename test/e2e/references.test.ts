/** References in place of data: a message carries where something is, and the tool gets what is there. */

import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { MCPClient } from '../../src/client/index.ts'
import { type Log, type ReferencedContent, silentLog } from '../../src/core/index.ts'
import { asContent, elicit, MCPServer, resource, resourceTemplate, tool } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { createTempDir, run, SALLYPORT } from '../support/index.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'

verifies('references')

const got: (ReferencedContent | undefined)[] = []
const analyze = tool({
  name: 'analyze_document',
  parameters: {
    type: 'object',
    properties: {
      document: { type: 'string', maxLength: 100_000 },
      documentId: { type: 'string', resourceRef: { template: 'docs://{id}' }, description: 'What to analyze.' },
    },
  },
  execute({ documentId }) {
    got.push(documentId)
    return { characters: documentId?.text?.length ?? 0 }
  },
})
const many = tool({
  name: 'compare',
  parameters: {
    type: 'object',
    properties: { of: { type: 'array', items: { type: 'string', resourceRef: { mimeTypes: ['text/*'], maxBytes: 1000 } }, maxItems: 20 } },
    required: ['of'],
  },
  execute: ({ of }) => ({ names: of.map(({ uri, size }) => `${uri} ${size}`) }),
})
const withZod = tool({
  name: 'count',
  parameters: z.object({ doc: z.string().max(300).meta({ resourceRef: true }).transform(asContent), times: z.number().default(2) }),
  execute: ({ doc, times }) => ({ counted: doc.size * times }),
})
const ruled = tool({
  name: 'small_only',
  permissions: { when: 'args.doc.size < 10 && args.doc.mimeType == "text/plain"' },
  parameters: { type: 'object', properties: { doc: { type: 'string', resourceRef: true } }, required: ['doc'] },
  execute: ({ doc }) => doc.text ?? '',
})
const writeMuch = tool({ name: 'write_much', execute: () => 'x'.repeat(1_000_000) })
const slowly = tool({
  name: 'slowly',
  task: 'required',
  parameters: { type: 'object', properties: { doc: { type: 'string', resourceRef: true } }, required: ['doc'] },
  execute: ({ doc }, { answers, ask }) =>
    answers['go'] ? (doc.text ?? '') : ask({ go: elicit({ message: 'Go?', requestedSchema: { type: 'object', properties: {} } }) }),
})
const secrets = resource({
  uri: 'vault://plans',
  name: 'plans',
  permissions: { requiredScopes: ['plans:read'] },
  read: () => 'the plans',
})
const picture = resource({ uri: 'pics://one', name: 'one', mimeType: 'image/png', read: () => new Uint8Array([1, 2, 3]) })
const docs = resourceTemplate({
  uriTemplate: 'docs://{id}',
  name: 'documents',
  mimeType: 'text/plain',
  permissions: { requiredScopes: ['tools:execute'] },
  read: ({ id }) => (id === 'doc-123' ? 'the document' : undefined),
})

suite('references', () => {
  let world: TestServer
  let key: string
  before(async () => {
    world = await startServer({
      tools: [analyze, many, withZod, ruled, writeMuch, slowly],
      resources: [secrets, picture],
      resourceTemplates: [docs],
    })
    key = await world.key(['tools:execute', 'resources:read'])
  })
  after(() => world?.[Symbol.asyncDispose]())

  test('the list says what may be given, and the tool gets the content', async () => {
    const client = mcp(world.url, { key })
    const listed = (await client.list()).find(({ name }) => name === 'analyze_document')
    const shown = listed.inputSchema.properties.documentId
    assert.deepEqual(shown['x-sallyport-ref'], { maxBytes: 16_777_216, template: 'docs://{id}' })
    assert.match(shown.description, /^What to analyze\. Takes a reference, not the content: the id in docs:\/\/\{id\}/)
    assert.equal(shown.resourceRef, undefined)
    for (const documentId of ['doc-123', 'docs://doc-123']) {
      const { result } = await client.call('analyze_document', { documentId })
      assert.deepEqual(result.structuredContent, { characters: 12 })
    }
    assert.deepEqual(got.at(-1), { uri: 'docs://doc-123', mimeType: 'text/plain', size: 12, text: 'the document' })
    assert.deepEqual((await client.call('analyze_document', {})).result.structuredContent, { characters: 0 })
  })

  test('what is put here is referred to by its URI, read by its owner, and deleted', async () => {
    const client = mcp(world.url, { key })
    const { result } = await client.request('sallyport/resources/put', { text: 'twelve bytes', name: 'note' })
    assert.match(result.uri, /^sallyport:\/\/[0-9a-f]{8}\/resources\/[0-9a-z]{26}$/)
    assert.equal(result.size, 12)
    assert.deepEqual((await client.call('count', { doc: result.uri })).result.structuredContent, { counted: 24 })
    assert.deepEqual((await client.call('analyze_document', { documentId: result.uri })).result.structuredContent, { characters: 12 })
    const read = await client.request('resources/read', { uri: result.uri })
    assert.equal(read.result.contents[0].text, 'twelve bytes')
    const part = await client.request('resources/read', { uri: `${result.uri}?offset=7&length=3` })
    assert.equal(part.result.contents[0].text, 'byt')
    assert.deepEqual((await client.request('sallyport/resources/delete', { uri: result.uri })).error, undefined)
    assert.equal((await client.request('resources/read', { uri: result.uri })).error.code, -32602)
    assert.match(
      (await client.call('count', { doc: result.uri })).result.content[0].text,
      /must be a reference to something that you may read here/,
    )
  })

  test('lists of references, media types and sizes', async () => {
    const client = mcp(world.url, { key })
    assert.deepEqual((await client.call('compare', { of: ['docs://doc-123', 'docs://doc-123'] })).result.structuredContent, {
      names: ['docs://doc-123 12', 'docs://doc-123 12'],
    })
    assert.match((await client.call('compare', { of: ['pics://one'] })).result.content[0].text, /another media type/)
    const { result } = await client.request('sallyport/resources/put', { text: 'x'.repeat(1001) })
    assert.match((await client.call('compare', { of: [result.uri] })).result.content[0].text, /at most 1000 bytes/)
    assert.match((await client.call('compare', { of: Array(17).fill('docs://doc-123') })).result.content[0].text, /more than 16 references/)
  })

  test('a rule sees what it is', async () => {
    const client = mcp(world.url, { key })
    const put = async (text: string, mimeType = 'text/plain') =>
      (await client.request('sallyport/resources/put', { text, mimeType })).result.uri
    assert.equal((await client.call('small_only', { doc: await put('small') })).result.content[0].text, 'small')
    for (const doc of [await put('much larger'), await put('small', 'text/html')])
      assert.match((await client.call('small_only', { doc })).result.content[0].text, /a rule of this server does not allow it/)
  })

  for (const transport of ['http', 'websocket'] as const)
    test(`MCPClient puts what is large in parts, over ${transport}, and refers to it`, async () => {
      await using client = new MCPClient({ serverUrl: world.url, transport, auth: { type: 'api_key', apiKey: key }, log: silentLog })
      const text = 'é'.repeat(700_000)
      for (const data of [text, Buffer.from(text), new Blob([text], { type: 'text/plain' }), new Blob([text]).stream()]) {
        const put = await client.putResource(data, { ttlSeconds: 60, mimeType: 'text/plain', name: 'large' })
        assert.equal(put.size, 1_400_000)
        assert.ok(put.expiresAt.getTime() - Date.now() < 61_000)
        const { structuredContent } = await client.callTool('analyze_document', { documentId: put.uri })
        assert.deepEqual(structuredContent, { characters: 700_000 })
        assert.equal(got.at(-1)?.name, 'large')
        assert.equal(got.at(-1)?.text, text)
        await client.deleteResource(put.uri)
        await assert.rejects(client.deleteResource(put.uri), { name: 'MCPRequestError', code: -32602 })
      }
      const empty = await client.putResource('')
      assert.deepEqual((await client.callTool('analyze_document', { documentId: empty.uri })).structuredContent, { characters: 0 })
    })

  test('MCPClient says clearly where nothing is kept', async () => {
    const apiKey = await world.key(['resources:read'])
    await using client = new MCPClient({ serverUrl: world.url, auth: { type: 'api_key', apiKey }, log: silentLog })
    await assert.rejects(client.putResource('x'), { code: 'unsupported_method', message: /keeps no resources for this caller/ })
    await assert.rejects(client.putResource('x', { ttlSeconds: 0 }), { name: 'ConfigError', message: /putResource\.ttlSeconds/ })
    await assert.rejects(client.putResource(7 as never), { name: 'ConfigError', message: /putResource\.data: must be a text/ })
  })

  test('MCPClient warns once for each tool of an argument that a reference should carry', async () => {
    const lines: [string, unknown][] = []
    const log: Log = (_, message, facts) => void lines.push([message, facts])
    await using client = new MCPClient({ serverUrl: world.url, auth: { type: 'api_key', apiKey: key }, log })
    for (const size of [32 * 1024, 40_000, 50_000]) await client.callTool('analyze_document', { document: 'secret '.repeat(size / 7) })
    assert.equal(lines.length, 1)
    assert.match(lines[0]?.[0] ?? '', /putResource/)
    assert.deepEqual(lines[0]?.[1], { tool: 'analyze_document', argument: 'document', characters: 39_998 })
  })

  test('what is too long is told of the reference beside it', async () => {
    const client = mcp(world.url, { key })
    const over = await client.call('analyze_document', { document: 'x'.repeat(100_001) })
    assert.match(over.result.content[0].text, /must NOT have more than 100000 characters: send a reference to it instead, as documentId/)
    const far = await client.call('analyze_document', { document: 'x'.repeat(1_048_577) })
    assert.match(far.result.content[0].text, /arguments\/document must NOT be longer than 1048576 bytes: put it here and send a reference/)
    const body = await client.call('analyze_document', { document: 'x'.repeat(5_000_000) })
    assert.equal(body.status, 413)
    assert.match(body.error.message, /a reference to it where the tool takes one/)
  })

  test('a result that was too large to send is referred to in the next call', async () => {
    const client = mcp(world.url, { key })
    const { content } = (await client.call('write_much')).result
    const link = content.find(({ type }: { type: string }) => type === 'resource_link')
    assert.match(link.uri, /^sallyport:\/\/[0-9a-f]{8}\/results\//)
    assert.deepEqual((await client.call('count', { doc: link.uri })).result.structuredContent, { counted: 2_000_000 })
    const other = mcp(world.url, { key: await world.key(['tools:execute']) })
    assert.match((await other.call('count', { doc: link.uri })).result.content[0].text, /must be a reference to something/)
    assert.match((await client.call('count', { doc: `${link.uri}?length=5` })).result.content[0].text, /must be a reference to something/)
  })

  test('a task that goes on reads what it refers to anew', async () => {
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: {} }
    const client = mcp(world.url, { key, capabilities })
    const { uri } = (await client.request('sallyport/resources/put', { text: 'in a task' })).result
    const { taskId } = (await client.call('slowly', { doc: uri })).result
    const settled = async () => {
      for (;;) {
        const { result } = await client.request('tasks/get', { taskId })
        if (result.status !== 'working') return result
      }
    }
    assert.equal((await settled()).status, 'input_required')
    await client.request('tasks/update', { taskId, inputResponses: { '1.go': { action: 'accept', content: {} } } })
    const done = await settled()
    assert.equal(done.status, 'completed', JSON.stringify(done))
    assert.equal(done.result.content[0].text, 'in a task')
  })

  test('the command line puts a file where the tool takes a reference, and takes it away again', async () => {
    await using folder = await createTempDir('references')
    const [file, apiKey] = [join(folder.path, 'note.md'), join(folder.path, 'key')]
    writeFileSync(file, 'a note in a file')
    writeFileSync(apiKey, key)
    chmodSync(apiKey, 0o600)
    const call = (...words: string[]) =>
      run(process.execPath, [SALLYPORT, 'call', world.url, ...words, '--api-key-file', apiKey, '--yes', '--data-dir', folder.path])
    const done = await call('analyze_document', `documentId=@${file}`, '--json')
    assert.equal(done.code, 0, done.stderr)
    assert.deepEqual(JSON.parse(done.stdout).structuredContent, { characters: 16 })
    const { uri, name, mimeType } = got.at(-1) ?? {}
    assert.deepEqual([name, mimeType], ['note.md', 'text/markdown'])
    assert.equal((await mcp(world.url, { key }).request('resources/read', { uri })).error.code, -32602, 'it is gone')
    const missing = await call('analyze_document', 'documentId=@/nowhere/at/all')
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /documentId: .*cannot be read \(ENOENT\)/)
    // A text is a text where no reference is taken.
    const text = await call('analyze_document', `document=@${file}`, '--json')
    assert.deepEqual(JSON.parse(text.stdout).structuredContent, { characters: 0 })
  })

  test('a mark that is wrong does not start', () => {
    const problems = (properties: object): string => {
      try {
        new MCPServer({ tools: [{ name: 't', parameters: { type: 'object', properties }, execute: () => '' }] } as never)
        return ''
      } catch (error) {
        return (error as Error).message
      }
    }
    const string = { type: 'string', maxLength: 10 }
    assert.match(
      problems({ a: { ...string, resourceRef: 'yes' } }),
      /tool "t": parameters\/properties\/a: resourceRef must be true, or an object/,
    )
    assert.match(problems({ a: { ...string, resourceRef: { size: 1 } } }), /resourceRef has no "size"/)
    assert.match(problems({ a: { ...string, resourceRef: { template: 'docs://{a}/{b}' } } }), /resourceRef template must have one variable/)
    assert.match(problems({ a: { ...string, resourceRef: { template: '{id}' } } }), /resourceRef template does not begin with a scheme/)
    assert.match(problems({ a: { ...string, resourceRef: { mimeTypes: ['text'] } } }), /mimeTypes must be a list of media types/)
    assert.match(problems({ a: { ...string, resourceRef: { maxBytes: 0 } } }), /maxBytes must be a whole number/)
    assert.match(problems({ a: { type: 'integer', resourceRef: true } }), /resourceRef goes with type "string"/)
    assert.match(problems({ a: { anyOf: [{ ...string, resourceRef: true }] } }), /resourceRef stands where no argument has a place/)
    const zod = { name: 't', parameters: z.object({ doc: z.string().max(9).meta({ resourceRef: true }) }), execute: () => '' }
    assert.throws(() => new MCPServer({ tools: [zod] } as never), /parameters\.doc: resourceRef: add \.transform\(asContent\)/)
  })
})
