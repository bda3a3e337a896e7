// What is too large to send: a head and a link, kept for its caller alone, read in pieces, and gone after a while.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { allow, createRedactor, type Entry, type Produced } from '../../src/core/index.ts'
import { compileRules, type ResultsOptions } from '../../src/guards/index.ts'
import { compileResultCheck } from '../../src/schema/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import type { Json } from '../support/sse.ts'

verifies('results-head-and-link', 'results-own', 'results-gone', 'results-ranges', 'results-promise', 'results-files', 'results-budgets')

const KIB = 1024
const lines = (bytes: number): string => {
  let text = ''
  for (let at = 0; text.length < bytes; at++) text += `line ${at}: something that was found\n`
  return text.slice(0, bytes)
}

const people = {
  alice: principal('alice', { credential: 'token' }),
  bob: principal('bob', { credential: 'token' }),
  agent: principal('agent', { roles: ['terse'] }),
  key: principal('spk_ofalice', { user: 'alice' }),
  weak: principal('alice', { credential: 'token', scopes: ['resources:read'] }),
}

let now = Date.now()
async function start(
  t: TestContext,
  entries: readonly Entry[],
  results: ResultsOptions = { maxBytes: 8 * KIB },
  redactor = createRedactor(),
) {
  const clock = (): number => now
  const store = createMemoryStore({ clock })
  const rig = await startEngine(entries, people, {}, redactor, { results, clock, store })
  t.after(() => rig.close())
  return { rig, store, as: (who: keyof typeof people) => mcp(rig.url, { token: who, version: '2026-07-28' }) }
}

const linkIn = (result: Json): Json => result.content.find((block: Json) => block.type === 'resource_link')
const readWhole = async (rig: Rig, token: string, uri: string): Promise<string> => {
  let text = ''
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const { result, error }: { result: Json; error: Json } = await mcp(rig.url, { token, version: '2026-07-28' }).request(
      'resources/read',
      {
        uri: `${uri}?offset=${offset}`,
      },
    )
    assert.equal(error, undefined, JSON.stringify(error))
    text += result.contents[0].text
    offset = result.contents[0]._meta['sallyport/range'].next
  }
  return text
}
const answering = (result: object, over: Partial<Entry> = {}): Entry =>
  tool('made', () => say('x'), { ...over, executor: { execute: () => allow({ kind: 'result', result } as Produced) } })

describe('a result that is too large to send', () => {
  it('is a head of whole lines, a sentence and a link, within the budget, and all of it can be read on', async (t) => {
    const text = lines(100 * KIB)
    const { rig, as } = await start(t, [tool('long', () => say(text))])
    const { result } = await as('alice').call('long')
    assert.ok(Buffer.byteLength(JSON.stringify(result)) <= 8 * KIB)
    const [head, said, link] = result.content
    assert.ok(text.startsWith(head.text) && head.text.endsWith('\n') && head.text.length > KIB)
    assert.match(said.text, /102400 bytes, about 25600 tokens/)
    assert.ok(said.text.includes(`${link.uri}?offset=${head.text.length}`))
    assert.deepEqual([link.type, link.mimeType, link.size], ['resource_link', 'text/plain', 102_400])
    assert.equal(await readWhole(rig, 'alice', link.uri), text)
  })
  it('that has room is sent as it is, and nothing is kept', async (t) => {
    const { as, store } = await start(t, [tool('short', () => say(lines(7 * KIB)))])
    assert.deepEqual((await as('alice').call('short')).result.content, say(lines(7 * KIB)).content)
    assert.equal((await store.records('stored_result').list()).length, 0)
  })
  it('is cut between characters, wherever the pieces end', async (t) => {
    const text = '€😀é'.repeat(9_000)
    const { rig, as } = await start(t, [tool('long', () => say(text))])
    const { result } = await as('alice').call('long')
    assert.ok(text.startsWith(result.content[0].text))
    const { uri } = linkIn(result)
    assert.equal(await readWhole(rig, 'alice', uri), text)
    let read = ''
    for (let offset: number | undefined = 0; offset !== undefined && read.length < 200; ) {
      const piece: Json = (await as('alice').request('resources/read', { uri: `${uri}?offset=${offset}&length=5` })).result.contents[0]
      read += piece.text
      offset = piece._meta['sallyport/range'].next
    }
    assert.ok(text.startsWith(read) && read.length >= 200)
    const inside = (await as('alice').request('resources/read', { uri: `${uri}?offset=1&length=9` })).result.contents[0]
    assert.deepEqual(inside._meta['sallyport/range'], { offset: 3, length: 6, total: 81_000, next: 9 })
  })
  it('can be searched, by where the words are, from behind the last of them', async (t) => {
    const text = `${'x'.repeat(524_280)}needle 1 here${'y'.repeat(200_000)}needle 2${'z'.repeat(70_000)}`
    const { as } = await start(t, [tool('long', () => say(text))])
    const { uri } = linkIn((await as('alice').call('long')).result)
    const find = async (query: string): Promise<Json> =>
      JSON.parse((await as('alice').request('resources/read', { uri: `${uri}?${query}` })).result.contents[0].text)
    const found = await find('search=needle')
    assert.deepEqual(
      found.matches.map(({ offset }: Json) => offset),
      [524_280, text.indexOf('needle 2')],
    )
    assert.ok(found.matches[0].text.includes('needle 1 here'))
    assert.equal((await find(`search=needle&after=${524_281}`)).matches.length, 1)
    assert.deepEqual((await find('search=nothing+of+it')).matches, [])
  })
  it('answers no more than the budget at once, however much is asked for', async (t) => {
    const { as } = await start(t, [tool('long', () => say('"\\\n'.repeat(30_000)))])
    const { uri } = linkIn((await as('alice').call('long')).result)
    const { body } = await as('alice').request('resources/read', { uri: `${uri}?length=80000` })
    assert.ok(Buffer.byteLength(JSON.stringify(body.result)) <= 8 * KIB)
  })
  it('is nobody else’s: another caller, another id and a made-up one are answered alike', async (t) => {
    const { as } = await start(t, [tool('long', () => say(lines(50 * KIB)))])
    const { uri } = linkIn((await as('alice').call('long')).result)
    const asBob = await as('bob').request('resources/read', { uri })
    const guessed = await as('bob').request('resources/read', { uri: uri.replace(/.{26}$/, '0'.repeat(26)) })
    const other = await as('bob').request('resources/read', { uri: 'sallyport://00000000/results/none' })
    for (const answer of [asBob, guessed, other]) {
      assert.equal(answer.error.code, -32_602)
      assert.equal(answer.error.message, 'Resource not found')
    }
    assert.deepEqual(Object.keys(asBob.error.data), Object.keys(guessed.error.data))
    // The same person by another credential: what they made a key for is for its bearer to see.
    assert.equal((await as('key').request('resources/read', { uri })).error.message, 'Resource not found')
    // The same person, through a client that may not use the tool.
    assert.equal((await as('weak').request('resources/read', { uri })).error.message, 'Resource not found')
    assert.ok((await as('alice').request('resources/read', { uri })).result)
  })
  it('is gone when its time is up, with everything that was kept of it', async (t) => {
    const { as, store } = await start(t, [tool('long', () => say(lines(300 * KIB)))], { maxBytes: 8 * KIB, keepSeconds: 60 })
    const { uri } = linkIn((await as('alice').call('long')).result)
    assert.equal((await store.records('stored_part').list()).length, 3)
    now += 61_000
    assert.equal((await as('alice').request('resources/read', { uri })).error.message, 'Resource not found')
    await store.sweep()
    for (const kind of ['stored_result', 'stored_part'] as const) assert.equal((await store.records(kind).list()).length, 0)
  })
  it('pushes the oldest of the same person out where there is no more room', async (t) => {
    const { as, store } = await start(t, [tool('long', () => say(lines(30 * KIB)))], { maxBytes: 8 * KIB, stored: 2 })
    const uris: string[] = []
    for (let each = 0; each < 3; each++) {
      now++
      uris.push(linkIn((await as('alice').call('long')).result).uri)
    }
    const ofBob = linkIn((await as('bob').call('long')).result).uri
    const found = await Promise.all(uris.map(async (uri) => (await as('alice').request('resources/read', { uri })).error === undefined))
    assert.deepEqual(found, [false, true, true])
    assert.ok((await as('bob').request('resources/read', { uri: ofBob })).result)
    assert.equal((await store.records('stored_part').list()).length, 3)
  })
  it('is kept sealed, and without what must not leave', async (t) => {
    const redactor = createRedactor()
    redactor.learn('canary-of-an-upstream')
    const text = `${lines(262_130)}canary-of-an-upstream ${lines(262_130)}canary-of-an-upstream`
    const { rig, as, store } = await start(t, [tool('long', () => say(text))], { maxBytes: 8 * KIB }, redactor)
    const { uri } = linkIn((await as('alice').call('long')).result)
    const read = await readWhole(rig, 'alice', uri)
    assert.equal(read, text.replaceAll('canary-of-an-upstream', '[redacted]'))
    for (const kind of ['stored_result', 'stored_part'] as const)
      assert.doesNotMatch(JSON.stringify(await store.records(kind).list()), /something that was found/)
  })
  it('is kept without the personal data that its tool’s rule takes out, wherever it stands', async (t) => {
    const filler = lines(262_100)
    const text = `${filler}ana.lopez@example.com ${filler}ben@example.com ${filler}`
    const personal = compileRules({ personal: { email: 'mask' } }).rules
    const { rig, as } = await start(t, [tool('long', () => say(text), { release: personal })])
    const read = await readWhole(rig, 'alice', linkIn((await as('alice').call('long')).result).uri)
    assert.equal(read, text.replaceAll(/[a-z.]+@example\.com/g, '[redacted:email]'))
  })
  it('of a caller with a tighter budget is cut there: of all that is written, the tightest counts', async (t) => {
    const entries = [tool('long', () => say(lines(20 * KIB))), tool('own', () => say(lines(20 * KIB)), { release: { maxTokens: 1_000 } })]
    const { as } = await start(t, entries, { maxBytes: 64 * KIB, byRole: { terse: { maxTokens: 2_000 } } })
    const size = async (who: 'alice' | 'agent', name: string): Promise<number> =>
      Buffer.byteLength(JSON.stringify((await as(who).call(name)).result))
    assert.ok((await size('alice', 'long')) > 20 * KIB)
    assert.ok((await size('agent', 'long')) <= 8_000)
    assert.ok((await size('alice', 'own')) <= 4_000)
  })
})

describe('structured content that is too large', () => {
  const schema = {
    type: 'object',
    properties: { items: { type: 'array', items: { type: 'object', properties: { id: { type: 'integer' }, text: { type: 'string' } } } } },
    required: ['items'],
  }
  const check = compileResultCheck(schema) as { check: NonNullable<Entry['checkResult']> }
  const items = Array.from({ length: 2_000 }, (_, id) => ({ id, text: `text ${id}` }))
  const mirrored = { content: say(JSON.stringify({ items })).content, structuredContent: { items } }

  it('is shortened to what the tool still promises, and all of it is behind the link', async (t) => {
    const definition = { name: 'made', inputSchema: { type: 'object' }, outputSchema: schema }
    for (const entry of [answering(mirrored, { definition, checkResult: check.check }), answering(mirrored, { definition })]) {
      const { rig, as } = await start(t, [entry])
      const { result } = await as('alice').call('made')
      assert.equal(result.isError, undefined)
      assert.ok(result.structuredContent.items.length > 0 && result.structuredContent.items.length < 2_000)
      assert.equal(check.check(result), undefined)
      assert.equal(linkIn(result).mimeType, 'application/json')
      assert.deepEqual(JSON.parse(await readWhole(rig, 'alice', linkIn(result).uri)), { items })
    }
  })
  it('is an error with a head and a link where it cannot be', async (t) => {
    const strict = { ...schema, properties: { items: { ...schema.properties.items, minItems: 2_000 } } }
    const compiled = compileResultCheck(strict) as { check: NonNullable<Entry['checkResult']> }
    const { rig, as } = await start(t, [answering(mirrored, { checkResult: compiled.check })])
    const { result } = await as('alice').call('made')
    assert.equal(result.isError, true)
    assert.equal(result.structuredContent, undefined)
    assert.deepEqual(JSON.parse(await readWhole(rig, 'alice', linkIn(result).uri)), { items })
  })
})

describe('images, audio and files', () => {
  const data = randomBytes(60 * KIB)
  const image = { type: 'image', data: data.toString('base64'), mimeType: 'image/png' }

  it('become links, the largest first, until the rest has room; each is read in pieces of its bytes', async (t) => {
    const small = { type: 'image', data: randomBytes(300).toString('base64'), mimeType: 'image/png' }
    const file = { type: 'resource', resource: { uri: 'file:///report.pdf', blob: image.data, mimeType: 'application/pdf' } }
    const { as } = await start(t, [answering({ content: [...say('two').content, small, image, file] })])
    const { result } = await as('alice').call('made')
    assert.deepEqual(
      result.content.map(({ type, mimeType, size }: Json) => [type, mimeType, size]),
      [
        ['text', undefined, undefined],
        ['image', 'image/png', undefined],
        ['resource_link', 'image/png', data.length],
        ['resource_link', 'application/pdf', data.length],
      ],
    )
    const read: Buffer[] = []
    for (let offset: number | undefined = 0; offset !== undefined; ) {
      const uri: string = `${result.content[2].uri}?offset=${offset}&length=10000`
      const piece: Json = (await as('alice').request('resources/read', { uri })).result.contents[0]
      read.push(Buffer.from(piece.blob, 'base64'))
      offset = piece._meta['sallyport/range'].next
    }
    assert.ok(Buffer.concat(read).equals(data))
  })
  it('are named in text to clients of revisions that have no links', async (t) => {
    const { rig } = await start(t, [answering({ content: [image] })])
    const client = mcp(rig.url, { token: 'alice', version: '2025-11-25', headers: { 'mcp-protocol-version': '2025-03-26' } })
    const { result } = await client.call('made')
    assert.match(result.content[0].text, /image\/png, 61440 bytes.*sallyport:\/\//)
  })
  it('are all links where the tool’s rule says so, however small', async (t) => {
    const small = { type: 'image', data: randomBytes(300).toString('base64'), mimeType: 'image/png' }
    const { as } = await start(t, [answering({ content: [small] }, { release: { images: 'link' } })])
    assert.equal((await as('alice').call('made')).result.content[0].type, 'resource_link')
  })
})

describe('for hosts that do not read resources', () => {
  it('there is a tool, where it is asked for, which reads and searches the same', async (t) => {
    const text = lines(50 * KIB)
    const { as } = await start(t, [tool('long', () => say(text))], { maxBytes: 8 * KIB, tool: true })
    const { result } = await as('alice').call('long')
    assert.match(result.content[1].text, /read_result/)
    const { uri } = linkIn(result)
    const piece = await as('alice').call('read_result', { result: uri, offset: 1_000, length: 500 })
    assert.equal(piece.result.content[0].text, text.slice(1_000, 1_500))
    assert.equal(JSON.parse(piece.result.content[1].text).next, 1_500)
    const whole = await as('alice').call('read_result', { result: uri.split('/').at(-1), length: 50_000 })
    assert.ok(Buffer.byteLength(JSON.stringify(whole.result)) <= 8 * KIB)
    assert.match((await as('alice').call('read_result', { result: uri, search: 'line 7:' })).result.content[0].text, /line 7: something/)
    assert.equal((await as('bob').call('read_result', { result: uri })).result.isError, true)
  })
  it('and only there', async (t) => {
    const { as } = await start(t, [])
    assert.deepEqual(await as('alice').list(), [])
    assert.match((await as('alice').list('resources/templates'))[0].uriTemplate, /^sallyport:\/\/[0-9a-f]{8}\/results\/\{id\}/)
  })
})
