// Encrypted fields, the client's side: against a server made of the format alone, which says exactly what a test wants, and against ours.

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Tool } from '@modelcontextprotocol/client'
import { MCPClient, type MCPClientOptions, type TokenStore } from '../../src/client/index.ts'
import { readTool } from '../../src/client/sealing/definition.ts'
import { silentLog } from '../../src/core/index.ts'
import {
  argumentPointer,
  bindingOf,
  createContentKeys,
  ENCRYPTION,
  openField,
  parseField,
  publicJwkOf,
  readAgreeWord,
  stateAgreement,
  stateKeys,
  stateSuccession,
  thumbprintOf,
  toWireSchema,
} from '../../src/payload/index.ts'
import { verifies } from '../requirements.ts'
import { problemOf } from '../support/client.ts'
import { type PlainServer, startPlainServer } from '../support/plain-server.ts'
import { startSealed } from '../support/sealed-server.ts'
import type { Json } from '../support/sse.ts'

verifies('payload-encryption', 'payload-pins')

const PRINCIPAL = 'https://issuer.example ana hash'
const HOUR_MS = 3_600_000

interface Fake extends PlainServer {
  tools: Json[]
  now: number
  identity: KeyObject
  succession: object[]
  /** To seal to. */
  key: KeyObject
  /** Those that a list tells of. */
  listed: KeyObject[]
  readonly opened: unknown[]
  agreements: number
  /** Before an agreement is answered. */
  onAgreeing: () => Promise<void> | void
}

const plain = { type: 'object', properties: { card: { type: 'string', maxLength: 20 }, amount: { type: 'number' } } }

/** Knows one key; what is sealed to another is refused. */
async function startFake(): Promise<Fake> {
  const keys = createContentKeys(100)
  const refusal = (text: string, said: object): object => ({
    isError: true,
    content: [{ type: 'text', text }],
    _meta: { [ENCRYPTION]: { v: 1, ...said } },
  })
  const server = await startPlainServer({
    async answer({ method, params }) {
      if (method === 'tools/list') {
        const meta = {
          v: 1,
          tool: 'pay',
          identity: publicJwkOf(fake.identity),
          keys: stateKeys(fake.listed.map(publicJwkOf), 1, fake.identity),
          succession: fake.succession,
        }
        return {
          tools: fake.tools.map((tool) => ({ ...tool, _meta: { [ENCRYPTION]: meta, ...tool._meta } })),
          ttlMs: 0,
          cacheScope: 'private',
        }
      }
      if (params.name !== 'pay') return { content: [] }
      const asked = readAgreeWord(params.arguments.card)
      const key = publicJwkOf(fake.key)
      if (asked) {
        fake.agreements++
        await fake.onAgreeing()
        const iat = Math.floor(fake.now / 1000)
        const agreed = { tool: 'pay', principal: PRINCIPAL, epk: thumbprintOf(asked), key, iat, exp: iat + 3600 }
        return refusal('must be encrypted', { agreement: stateAgreement(agreed, fake.identity) })
      }
      const parsed = parseField(String(params.arguments.card), 'request')
      if (parsed?.header.kid !== thumbprintOf(key)) return refusal('unknown key', { problem: 'unknown_key' })
      const contentKey = keys.of(fake.key, parsed.header.kid, parsed.header.epk, 'request') as KeyObject
      assert.equal(parsed.header.bnd, bindingOf({ tool: 'pay', pointer: argumentPointer(['card']), principal: PRINCIPAL }))
      assert.ok(Math.abs(parsed.header.iat - fake.now / 1000) < 60, 'as the server counts')
      fake.opened.push(openField(parsed, contentKey)?.value)
      return { content: [{ type: 'text', text: 'paid' }] }
    },
  })
  const key = generateKeyPairSync('x25519').privateKey
  const fake: Fake = Object.assign(server, {
    tools: [{ name: 'pay', inputSchema: toWireSchema(plain, [['card']]) }],
    identity: generateKeyPairSync('ed25519').privateKey,
    succession: [],
    now: Date.now(),
    key,
    listed: [key],
    opened: [],
    agreements: 0,
    onAgreeing: () => {},
  })
  return fake
}

const connect = ({ serverUrl }: Pick<PlainServer, 'serverUrl'>, options: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ serverUrl, log: silentLog, ...options })
const pay = (client: MCPClient, card = '4111') => client.callTool('pay', { card, amount: 1 })

describe('an agreement', () => {
  it('is made by the first call, shared by those that come meanwhile, and made anew before it ends, by the server’s clock', async () => {
    await using fake = await startFake()
    let now = fake.now - 26 * HOUR_MS
    await using client = connect(fake, { clock: () => now })
    await Promise.all([pay(client, '1'), pay(client, '2'), pay(client, '3')])
    assert.equal(fake.agreements, 1)
    now += 0.9 * HOUR_MS
    fake.now += 0.9 * HOUR_MS
    await pay(client, '4')
    assert.equal(fake.agreements, 1)
    now += 0.1 * HOUR_MS
    fake.now += 0.1 * HOUR_MS
    const params = { name: 'pay', arguments: { card: '5' }, _meta: { 'example.com/trace': 'kept' } }
    await client.request({ method: 'tools/call', params })
    assert.equal(fake.agreements, 2)
    assert.equal(fake.to('tools/call').at(-1)?._meta['example.com/trace'], 'kept', 'what the program put there stays')
    assert.deepEqual(new Set(fake.opened), new Set(['1', '2', '3', '4', '5']))
  })

  it('that whoever asked for it does not wait for any more, is made by the next', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    const stop = new AbortController()
    let asked = (): void => {}
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    fake.onAgreeing = () => {
      asked()
      return fake.agreements === 1 ? new Promise(() => {}) : undefined
    }
    const first = client.callTool('pay', { card: '1' }, { signal: stop.signal })
    await isAsked
    const second = pay(client, '2')
    stop.abort(new Error('enough'))
    await assert.rejects(first, /enough/)
    await second
    assert.deepEqual(fake.opened, ['2'])
  })

  it('that is refused to everybody, by a limit or a rule, is what the call answers', async () => {
    await using fake = await startFake()
    const busy = { isError: true, content: [{ type: 'text', text: 'Too many calls.' }] }
    await using limited = await startPlainServer({
      answer: ({ method }) =>
        method === 'tools/list'
          ? { tools: fake.tools.map((tool) => ({ ...tool, _meta: offered })), ttlMs: 0, cacheScope: 'private' }
          : busy,
    })
    const identity = generateKeyPairSync('ed25519').privateKey
    const offered = {
      [ENCRYPTION]: {
        v: 1,
        tool: 'pay',
        identity: publicJwkOf(identity),
        keys: stateKeys([publicJwkOf(fake.key)], 1, identity),
        succession: [],
      },
    }
    await using other = connect(limited)
    assert.deepEqual((await pay(other)).content, busy.content)
  })
})

describe('an identity that was replaced since the list came', () => {
  it('is followed: the list is asked for again, and the one before has signed', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    await client.listTools()
    const next = generateKeyPairSync('ed25519').privateKey
    fake.succession = [stateSuccession(publicJwkOf(next), 1, fake.identity)]
    fake.identity = next
    await pay(client, '1')
    fake.identity = generateKeyPairSync('ed25519').privateKey
    await using later = connect(fake)
    await pay(later, '2')
    assert.deepEqual(fake.opened, ['1', '2'], 'who has never been there believes what it sees')
    assert.equal(fake.agreements, 3)
  })
})

describe('a key that is gone', () => {
  it('by the word of the identity, has the call sealed anew, once', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    await pay(client, '1')
    fake.key = generateKeyPairSync('x25519').privateKey
    fake.listed = [fake.key]
    await pay(client, '2')
    assert.deepEqual(fake.opened, ['1', '2'])
    assert.equal(fake.agreements, 2)
    assert.equal(fake.to('tools/call').length, 5)
    fake.key = generateKeyPairSync('x25519').privateKey
    assert.equal((await pay(client, '3')).isError, true, 'the list has the key still: whoever says that it is gone may be lying')
    assert.equal(fake.to('tools/call').length, 6)
    await pay(client, '4')
    assert.deepEqual(fake.opened, ['1', '2', '4'], 'the next call agrees anew')
  })
})

describe('what a tool is seen to encrypt', () => {
  const shownOf = (tool: Json) => readTool(tool as Tool)
  const offer = {
    v: 1,
    tool: 'x',
    identity: publicJwkOf(generateKeyPairSync('ed25519').publicKey),
    keys: { protected: '', payload: '', signature: '' },
  }
  const wire = (schema: Json, paths: string[][]) => ({
    name: 'x',
    inputSchema: toWireSchema(schema, paths),
    _meta: { [ENCRYPTION]: offer },
  })

  it('is shown as its author wrote it, marked, at any depth; the keys are left out', () => {
    const schema = {
      type: 'object',
      properties: { to: { type: 'object', properties: { iban: { type: 'string', title: 'IBAN', 'x-mcp-header': 'Iban' } } } },
    }
    const { tool, sealed } = shownOf(wire(schema, [['to', 'iban']]))
    assert.deepEqual((tool.inputSchema as Json).properties.to.properties.iban, {
      type: 'string',
      title: 'IBAN',
      'x-sallyport-encrypted': true,
    })
    assert.deepEqual(tool._meta, { [ENCRYPTION]: { v: 1, tool: 'x' } })
    assert.deepEqual(sealed?.arguments, [['to', 'iban']])
    const whole = shownOf({
      name: 'x',
      inputSchema: { type: 'object' },
      outputSchema: toWireSchema(schema, [[]]),
      _meta: { [ENCRYPTION]: offer },
    })
    assert.deepEqual(whole.tool.outputSchema, { ...schema, 'x-sallyport-encrypted': true })
    assert.deepEqual(whole.sealed?.result, [[]])
  })

  it('can be called like any property of an object, and is then no other', () => {
    const schema = { type: 'object', properties: JSON.parse('{"__proto__":{"type":"string"},"constructor":{"type":"string"}}') }
    const { tool, sealed } = shownOf({ ...wire(schema, [['constructor']]) })
    assert.deepEqual(sealed?.arguments, [['constructor']])
    assert.deepEqual(Object.keys((tool.inputSchema as Json).properties), ['__proto__', 'constructor'])
  })

  it('is nothing that can be called where a mark is somewhere else, or half of one', () => {
    const mark = { type: 'string', 'x-sallyport-encrypted': true, 'x-sallyport-plain': { type: 'string' } }
    for (const properties of [
      { list: { type: 'array', items: mark } },
      { any: { anyOf: [mark] } },
      { half: { type: 'string', 'x-sallyport-encrypted': true } },
      { inner: { ...mark, 'x-sallyport-plain': { type: 'object', properties: { a: mark } } } },
    ]) {
      const { sealed } = shownOf({ name: 'x', inputSchema: { type: 'object', properties }, _meta: { [ENCRYPTION]: offer } })
      assert.ok(sealed !== undefined && sealed.offer === undefined, JSON.stringify(properties))
    }
    const bare: Json = { name: 'x', inputSchema: { type: 'object', properties: { a: { type: 'string' } } } }
    assert.equal(shownOf(bare).tool, bare, 'a tool without marks is not touched')
  })

  it('is refused by the call, and the value is not sent', async () => {
    await using fake = await startFake()
    const half = { type: 'object', properties: { card: { type: 'string', 'x-sallyport-encrypted': true } } }
    fake.tools = [{ name: 'pay', inputSchema: half }]
    await using client = connect(fake)
    assert.equal(await problemOf(pay(client)), 'TrustError encryption_invalid')
    assert.equal(fake.to('tools/call').length, 0)
  })
})

describe('what a client remembers', () => {
  const createStore = (records = new Map<string, string>()): TokenStore & { readonly records: Map<string, string> } => ({
    records,
    read: async (name) => records.get(name),
    write: async (name, value) => void records.set(name, value),
    remove: async (name) => void records.delete(name),
    exclusively: (_, work) => work(),
  })
  const unmarked = { name: 'pay', inputSchema: plain, _meta: undefined }

  it('goes with what the user accepts: a field whose mark is gone is sent in clear from then on, and not before', async () => {
    await using fake = await startFake()
    const marked = fake.tools
    const tokenStore = createStore()
    await using client = connect(fake, { tokenStore })
    await client.listTools()
    await pay(client)
    fake.tools = [unmarked]
    await using later = connect(fake, { tokenStore })
    assert.equal(await problemOf(pay(later)), 'TrustError definition_changed')
    assert.equal((await later.inspectTools())[0]?.drift?.name, 'pay')
    await later.acceptDefinitions(['pay'])
    assert.ok(!JSON.stringify(fake.asked).includes('4111'))
    await pay(later)
    assert.ok(JSON.stringify(fake.asked).includes('4111'))
    fake.tools = marked
    await later.inspectTools()
    await later.acceptDefinitions()
    await pay(later, '7')
    assert.equal(fake.opened.at(-1), '7', 'and the other way round')
  })

  it('that cannot be read is an error, and no reason to believe anybody', async () => {
    await using fake = await startFake()
    const tokenStore = createStore()
    await using client = connect(fake, { tokenStore })
    await pay(client)
    const [name] = [...tokenStore.records.keys()].filter((each) => each.startsWith('encryption/'))
    assert.ok(name)
    for (const broken of ['{', '{"v":2,"tools":[]}', '{"v":1,"tools":[["pay",{"tool":"pay"}]]}']) {
      tokenStore.records.set(name, broken)
      await using other = connect(fake, { tokenStore })
      assert.equal(await problemOf(pay(other)), 'TokenStoreError store_unreadable')
    }
    assert.equal(fake.opened.length, 1)
  })
})

describe('a list', () => {
  it('that is gone through page by page is enough; what is in it is not asked for again', async () => {
    await using fake = await startFake()
    await using client = connect(fake, { trust: { drift: 'off', findings: 'off' } })
    for await (const { name } of client.listTools()) assert.equal(name, 'pay')
    await pay(client)
    assert.equal(fake.to('tools/list').length, 1)
    await client.callTool('other', { card: 'x'.repeat(8) })
    assert.equal(fake.to('tools/list').length, 2, 'what was not in it, may be listed by now')
  })

  it('that has a tool no longer, does not make it one without encrypted fields', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    await client.listTools()
    fake.tools = []
    assert.deepEqual(await client.listTools({ cache: 'refresh' }), [])
    await pay(client, '1')
    assert.deepEqual(fake.opened, ['1'])
  })

  it('is not asked for before a call without arguments', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    fake.tools = []
    await problemOf(client.callTool('ping'))
    assert.equal(fake.to('tools/list').length, 0)
  })

  it('has tools with encrypted fields also where a search stands for the others, and a call by way of it is encrypted', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    await client.listTools()
    await client.callTool('call_tool', { name: 'pay', arguments: { card: '7', amount: 1 } })
    assert.deepEqual(fake.opened, ['7'])
    assert.ok(!JSON.stringify(fake.asked).includes('"card":"7"'))
  })
})

describe('a call by way of a tool that calls others', () => {
  const CARD = '4111-222-333'
  const asItIs = { name: 'pay', arguments: { card: CARD, amount: 1 } }
  const neverSent = (fake: Fake) => assert.ok(!JSON.stringify(fake.asked).includes(CARD), JSON.stringify(fake.asked))

  it('is encrypted before anything was listed, too', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    await client.callTool('call_tool', asItIs)
    assert.deepEqual(fake.opened, [CARD])
    neverSent(fake)
  })
  it('is encrypted however deep it stands in others', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    await client.callTool('call_tool', { name: 'sallyport_call_tool', arguments: { name: 'call_tool', arguments: asItIs } })
    assert.deepEqual(fake.opened, [CARD])
    neverSent(fake)
  })
  it('is not sent in clear where a gateway has given both another name', async () => {
    await using fake = await startFake()
    fake.tools = fake.tools.map((tool) => ({ ...tool, name: `bank__${tool.name}` }))
    await using client = connect(fake)
    assert.equal(await problemOf(client.callTool('bank__call_tool', asItIs)), 'TrustError encryption_invalid')
    assert.ok(fake.to('tools/call').every(({ name }) => name === 'bank__pay'))
    neverSent(fake)
  })
  it('is not sent in clear where the tool is hidden of which it is known, or said, that it is encrypted', async () => {
    await using fake = await startFake()
    const records = new Map<string, string>()
    const tokenStore: TokenStore = {
      read: async (name) => records.get(name),
      write: async (name, value) => void records.set(name, value),
      remove: async (name) => void records.delete(name),
      exclusively: (_, work) => work(),
    }
    {
      await using before = connect(fake, { tokenStore })
      await pay(before)
    }
    fake.tools = []
    await using later = connect(fake, { tokenStore })
    assert.equal(await problemOf(later.callTool('call_tool', asItIs)), 'TrustError encryption_removed')
    await using told = connect(fake, { encryption: { require: ['pay.card'] } })
    assert.equal(await problemOf(told.callTool('call_tool', asItIs)), 'TrustError encryption_removed')
    neverSent(fake)
  })
  it('of a tool without encrypted fields stays what it is', async () => {
    await using fake = await startFake()
    await using client = connect(fake)
    await client.callTool('call_tool', { name: 'ping', arguments: { a: 1 } })
    assert.deepEqual(fake.to('tools/call').at(-1)?.arguments, { name: 'ping', arguments: { a: 1 } })
  })
})

it('a warning of a large argument names nothing that is in it', async () => {
  await using fake = await startFake()
  const told: string[] = []
  await using client = connect(fake, { largeArgumentBytes: 10, log: (...words) => void told.push(JSON.stringify(words)) })
  await client.callTool('pay', { card: { '4111-222-333': 'x'.repeat(20) } })
  assert.match(told.join(), /an argument is large/)
  assert.doesNotMatch(told.join(), /4111-222-333/)
})

describe('with a server of ours', () => {
  it('whole results and fields inside of others are opened', async () => {
    const inner = {
      type: 'object',
      properties: { iban: { type: 'string', encrypted: true }, bank: { type: 'string' } },
      required: ['iban'],
    }
    const rig = await startSealed([
      {
        name: 'move',
        permissions: 'public',
        parameters: { type: 'object', properties: { to: inner }, required: ['to'] },
        outputSchema: { type: 'object', encrypted: true, properties: { moved: { type: 'string' } }, required: ['moved'] },
        execute: ({ to }: Json) => ({ moved: `${to.bank} ${to.iban}` }),
      },
    ])
    try {
      await using client = new MCPClient({
        serverUrl: rig.url,
        auth: { type: 'api_key', apiKey: 'alice' },
        log: silentLog,
        clock: () => rig.clock.now,
      })
      const { structuredContent, content } = await client.callTool('move', { to: { iban: 'DE02', bank: 'B' } })
      assert.deepEqual(structuredContent, { moved: 'B DE02' })
      assert.deepEqual(content, [{ type: 'text', text: '{"moved":"B DE02"}' }])
      const wrong = await client.callTool('move', { to: { bank: 'B' } })
      assert.match(JSON.stringify(wrong), /"isError":true/, 'the server checks the value, and says so')
    } finally {
      await rig.close()
    }
  })
})
