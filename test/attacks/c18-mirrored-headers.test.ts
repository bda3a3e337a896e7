// C18: a tool's schema names arguments that go into HTTP headers too. A hostile one names headers that are none, or that mean something
// else, and a model can be led to values that would begin another header. Such a tool is left out; such a value is encoded.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { verifies } from '../requirements.ts'
import { createClient } from '../support/client.ts'
import { type Asked, listOf, startHostileServer } from '../support/hostile-server.ts'

verifies('C18')

const tool = (name: string, properties: object): object => ({ name, inputSchema: { type: 'object', properties } })
const text = (header: unknown): object => ({ type: 'string', 'x-mcp-header': header })

it('a tool whose headers break the rules is left out, and said; the others stay', async () => {
  const bad = [
    tool('empty', { a: text('') }),
    tool('space', { a: text('a b') }),
    tool('colon', { a: text('a:b') }),
    tool('line', { a: text('a\r\nauthorization') }),
    tool('number', { a: text(1) }),
    tool('list', { a: text(['a']) }),
    tool('unicode', { a: text('é') }),
    tool('twice', { a: text('Region'), b: text('region') }),
    tool('object', { a: { type: 'object', 'x-mcp-header': 'A' } }),
    tool('fraction', { a: { type: 'number', 'x-mcp-header': 'A' } }),
    tool('items', { a: { type: 'array', items: text('A') } }),
  ]
  await using server = await startHostileServer({ 'tools/list': () => listOf([...bad, tool('good', { a: text('Region') })]) })
  const lines: string[] = []
  await using client = createClient(server, { auth: undefined, log: (_, message, fields) => lines.push(JSON.stringify([message, fields])) })
  assert.deepEqual(
    (await client.listTools()).map(({ name }) => name),
    ['good'],
  )
  assert.equal(lines.filter((line) => line.includes('left out')).length, bad.length, lines.join('\n'))
  assert.doesNotMatch(lines.join('\n'), /\r|\n.*authorization/)
})

it('many of them fill no log, and their names drive no terminal', async () => {
  const bad = Array.from({ length: 1000 }, (_, n) => tool(`${n}\n\u202etxt`, { a: text('a:b') }))
  await using server = await startHostileServer({ 'tools/list': () => listOf(bad) })
  const lines: string[] = []
  await using client = createClient(server, { auth: undefined, log: (_, message, fields) => lines.push(`${message} ${fields?.['tool']}`) })
  assert.deepEqual([...(await client.listTools())], [])
  assert.ok(lines.length < 30, String(lines.length))
  assert.match(lines.at(-1) ?? '', /980 more tools are left out/)
  assert.doesNotMatch(lines.join(''), /[\n\u202e]/)
})

it('a value that cannot stand in a header is encoded, and begins no other', async () => {
  await using server = await startHostileServer({ 'tools/list': () => listOf([tool('echo', { a: text('Region') })]) })
  await using client = createClient(server, { auth: { type: 'api_key', apiKey: 'the-key-0123456789' } })
  await client.listTools()
  const values = [
    'eu',
    'a\r\nauthorization: Bearer evil',
    'a\nb',
    'a\u0000b',
    'é',
    ' padded ',
    '=?base64?ZXZpbA==?=',
    '',
    '\u{1f600}',
    'x'.repeat(4000),
  ]
  for (const value of values) {
    await client.callTool('echo', { a: value })
    const { message, headers } = server.to('tools/call').at(-1) as Asked
    assert.equal(message.params.arguments.a, value)
    const sent = String(headers['mcp-param-region'])
    assert.doesNotMatch(sent, /[^\x20-\x7e]/)
    const decoded = /^=\?base64\?(.*)\?=$/.exec(sent)
    assert.equal(decoded ? Buffer.from(decoded[1] ?? '', 'base64').toString() : sent, value)
    assert.equal(headers.authorization, 'Bearer the-key-0123456789')
  }
})

it('no header of the protocol or of signing in can be said this way', async () => {
  const names = ['Authorization', 'Host', 'Cookie', 'Mcp-Method', 'Mcp-Session-Id', 'Content-Length', '__proto__', 'constructor']
  for (const name of names) {
    await using server = await startHostileServer({ 'tools/list': () => listOf([tool('echo', { a: text(name) })]) })
    await using client = createClient(server, { auth: { type: 'api_key', apiKey: 'the-key-0123456789' } })
    const listed = await client.listTools()
    if (listed.length === 0) continue
    await client.callTool('echo', { a: 'evil' })
    const { headers } = server.to('tools/call').at(-1) as Asked
    for (const [header, value] of Object.entries(headers)) if (value === 'evil') assert.match(header, /^mcp-param-/, name)
    assert.equal(headers.authorization, 'Bearer the-key-0123456789')
  }
})
