import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partsOf } from '../../src/client/resources/parts.ts'
import { allow, type JsonObject } from '../../src/core/index.ts'
import { importEntries } from '../../src/gateway/import/import-entries.ts'
import { noLists } from '../../src/gateway/import/read-lists.ts'
import { referringTo } from '../../src/gateway/import/references.ts'
import { readMark, readReferenceMarks } from '../../src/schema/index.ts'
import { partBytesFor } from '../../src/server/referring.ts'

const markOf = (mark: unknown) => {
  const read = readMark(mark)
  if ('problem' in read) throw new TypeError(read.problem)
  return read
}

test('a bare id becomes a URI that the template reads the same id out of, or nothing', () => {
  const { toUri } = markOf({ template: 'docs://of/{id}' }).field
  assert.equal(toUri('doc-123'), 'docs://of/doc-123')
  assert.equal(toUri('ä b?c'), 'docs://of/%C3%A4%20b%3Fc')
  assert.equal(toUri('docs://of/doc-123'), 'docs://of/doc-123')
  for (const id of [
    '',
    '..',
    '../../etc',
    'a/b',
    'a\\b',
    '%2e%2e',
    'a\nb',
    '\ud800',
    'docs://of/',
    'docs://of/a/b',
    'other://of/a',
    'x://y',
  ])
    assert.equal(toUri(id), id === '%2e%2e' ? 'docs://of/%252e%252e' : undefined, JSON.stringify(id))
  const path = markOf({ template: 'files://{+path}' }).field
  assert.equal(path.toUri('a b/c.txt'), 'files://a%20b/c.txt')
  for (const id of ['../x', 'a/../b', 'a/./b', '']) assert.equal(path.toUri(id), undefined, id)
})

test('without a template it is a URI, or nothing', () => {
  const { toUri } = markOf(true).field
  assert.equal(toUri('notes://a'), 'notes://a')
  for (const id of ['', 'a', '../a', 'notes://a/../b', 'notes://a#b', 'notes://a%2fb', 'notes:// a']) assert.equal(toUri(id), undefined, id)
})

test('media types are compared without parameters, and in any case', () => {
  const { accepts } = markOf({ mimeTypes: ['text/*', 'application/PDF'] }).field
  assert.deepEqual(['text/plain', 'TEXT/HTML; charset=x', 'application/pdf', 'application/json', 'textual/plain', ''].map(accepts), [
    true,
    true,
    true,
    false,
    false,
    false,
  ])
  assert.ok(['a/b', ''].every(markOf(true).field.accepts))
})

test('marks are found below properties and items, and their place is told', () => {
  const string = { type: 'string' }
  const { fields, schema, problems } = readReferenceMarks({
    type: 'object',
    properties: {
      inner: { type: 'object', properties: { 'a/b': { ...string, resourceRef: true } } },
      list: { type: 'array', items: { ...string, resourceRef: { maxBytes: 5 } } },
      resourceRef: string,
    },
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    fields.map(({ path, maxBytes, as }) => [path.join('.'), maxBytes, as]),
    [
      ['inner.a/b', 16_777_216, 'content'],
      ['list.*', 5, 'content'],
    ],
  )
  assert.ok(!JSON.stringify(schema).includes('"resourceRef":true'))
  assert.deepEqual((schema['properties'] as JsonObject)['resourceRef'], string, 'an argument may be called that')
})

test('an upstream’s own marks make nothing a reference: the operator does', () => {
  const executor = { execute: () => allow({ kind: 'result', result: {} } as const) }
  const text = { type: 'string', description: 'The text.', 'x-sallyport-ref': { maxBytes: 1 }, resourceRef: true }
  const inputSchema = { type: 'object', properties: { text, count: { type: 'integer' }, told: { type: 'string', 'x-mcp-header': 'told' } } }
  const lists = { ...noLists, tools: [{ name: 'write', inputSchema }] }
  const common = { server: 's', prefixed: false, rules: [], lock: { find: () => undefined }, executor }
  assert.equal(importEntries(lists, common).entries[0]?.references, undefined)
  const rule = { as: 'text', ...markOf({ maxBytes: 99 }) } as const
  const where = 'sallyport.yaml:3'
  const references = [
    {
      glob: 'wr*',
      parameters: new Map([
        ['text', rule],
        ['count', rule],
        ['told', rule],
        ['missing', rule],
      ]),
      where,
    },
    { glob: 'nothing', parameters: new Map(), where: 'sallyport.yaml:4' },
  ]
  const { entries, warnings } = importEntries(lists, { ...common, references })
  assert.deepEqual(
    entries[0]?.references?.map(({ path, as, maxBytes }) => [path, as, maxBytes]),
    [[['text'], 'text', 99]],
  )
  const listed = (entries[0]?.definition ?? {}) as { inputSchema: { properties: { text: JsonObject } } }
  const shown = listed.inputSchema.properties.text
  assert.deepEqual([shown['x-sallyport-ref'], shown['maxLength'], shown['resourceRef']], [{ maxBytes: 99 }, 4096, undefined])
  assert.match(String(shown['description']), /^The text\. Takes a reference/)
  assert.equal(entries[0]?.check?.({ text: 'x'.repeat(5000) })?.rule, 'must NOT have more than 4096 characters')
  assert.equal(warnings.length, 4)
  assert.match(
    warnings.join('\n'),
    /has no argument "count" that is a text of its own[^]*"told"[^]*"missing"[^]*sallyport\.yaml:4: s has no tool that is called "nothing"/,
  )
  assert.equal(referringTo('other', inputSchema, references).inputSchema, inputSchema)
})

test('data comes in parts of one length, whatever it comes as', async () => {
  const sizes = async (data: Parameters<typeof partsOf>[0]) => {
    const parts = await Array.fromAsync(partsOf(data, 4))
    assert.deepEqual(
      parts.map(({ isLast }) => isLast),
      parts.map((_, at) => at === parts.length - 1),
    )
    return parts.map(({ bytes }) => Buffer.from(bytes).toString())
  }
  async function* stream() {
    for (const chunk of ['', 'abcdefgh', 'i', 'jkl']) yield Buffer.from(chunk)
  }
  assert.deepEqual(await sizes(''), [''])
  assert.deepEqual(await sizes('abcd'), ['abcd'])
  assert.deepEqual(await sizes('abcde'), ['abcd', 'e'])
  assert.deepEqual(await sizes(stream()), ['abcd', 'efgh', 'ijkl'])
  assert.deepEqual(await sizes(new Blob(['abc', 'de'])), ['abcd', 'e'])
  assert.deepEqual(await sizes(new Uint8Array(Buffer.from('abcdefghi')).buffer), ['abcd', 'efgh', 'i'])
})

test('a part fits into a message in Base64', () => {
  for (const bodyBytes of [1024, 3000, 5000, 100_000, 4 * 1024 * 1024, 64 * 1024 * 1024]) {
    const bytes = partBytesFor(bodyBytes)
    assert.ok(bytes >= 256 && bytes <= 512 * 1024)
    assert.ok(bodyBytes < 2000 || Math.ceil(bytes / 3) * 4 < bodyBytes, `${bodyBytes}`)
  }
})
