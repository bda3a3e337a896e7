/** References in place of data: a message carries where something is, and the tool gets what is there. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import type { ReferencedContent } from '../../src/core/index.ts'
import { asContent, resource, resourceTemplate, tool } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
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
    world = await startServer({ tools: [analyze, many, withZod, ruled], resources: [secrets, picture], resourceTemplates: [docs] })
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
})
