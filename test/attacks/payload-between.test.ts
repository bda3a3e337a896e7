// A gateway between a client and a server with encrypted fields: it wants the values, and so it puts itself, another caller or another tool
// in the place of the right one, takes the marks away, or has a call run twice. The client believes whom it believed before.

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { MCPClient, type MCPClientOptions, type TokenStore } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { createPayloadKeys } from '../../src/guards/index.ts'
import {
  bindingOf,
  createContentKeys,
  ENCRYPTION,
  publicJwkOf,
  sealField,
  stateKeys,
  stateSuccession,
  thumbprintOf,
} from '../../src/payload/index.ts'
import { openData } from '../../src/vault/index.ts'
import { type Bank, CARD, createBank, IBAN, OWNER } from '../fixtures/bank.ts'
import { verifies } from '../requirements.ts'
import { problemOf } from '../support/client.ts'
import { type Lies, type LyingGateway, startLyingGateway } from '../support/lying-gateway.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

verifies('payload-pins')

let bank: Bank
let server: TestServer
let gateway: LyingGateway
let keys: readonly [string, string]

before(async () => {
  bank = createBank()
  server = await startServer({ name: 'bank', tools: bank.tools })
  gateway = await startLyingGateway(server.url)
  keys = [await server.key(), await server.key()]
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const connect = (more: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ serverUrl: gateway.url, auth: { type: 'api_key', apiKey: keys[0] }, log: silentLog, ...more })
const pay = (client: MCPClient, tool = 'pay') => client.callTool(tool, { card: { number: CARD }, amount: 7 })
const PAID = { iban: IBAN, owner: OWNER, paid: 7 }

/** Calls honestly once with a fresh client, then with these lies; answers what became of it. */
async function after1(lies: Lies, more: Partial<MCPClientOptions> = {}, tool = 'pay'): Promise<string> {
  const tokenStore = createStore()
  gateway.lies = {}
  await using first = connect({ tokenStore, ...more })
  assert.deepEqual((await pay(first, tool)).structuredContent, PAID)
  return attempt(lies, { tokenStore, ...more }, tool)
}

async function attempt(lies: Lies, more: Partial<MCPClientOptions> = {}, tool = 'pay'): Promise<string> {
  gateway.asked.length = 0
  bank.ran.length = 0
  gateway.lies = lies
  try {
    await using client = connect(more)
    return await problemOf(pay(client, tool))
  } finally {
    gateway.lies = {}
    assert.ok(!JSON.stringify(gateway.asked).includes(CARD), 'nothing in clear reached the gateway')
  }
}

function createStore(): TokenStore {
  const records = new Map<string, string>()
  return {
    read: async (name) => records.get(name),
    write: async (name, value) => void records.set(name, value),
    remove: async (name) => void records.delete(name),
    exclusively: (_, work) => work(),
  }
}

/** The list of tools, changed. */
const listing = (change: (tool: Json) => Json): Lies => ({
  answered: (answer, { method }) =>
    method === 'tools/list' ? { ...answer, result: { ...answer.result, tools: answer.result.tools.map(change) } } : answer,
})

/** The gateway's own keys in the place of the server's. */
function ownKeys(succession: readonly object[] = []): (tool: Json) => Json {
  const identity = generateKeyPairSync('ed25519').privateKey
  const mine = publicJwkOf(generateKeyPairSync('x25519').privateKey)
  const own = { identity: publicJwkOf(identity), keys: stateKeys([mine], 1, identity), succession }
  return (tool) => ({ ...tool, _meta: { ...tool._meta, [ENCRYPTION]: { ...tool._meta[ENCRYPTION], ...own } } })
}

function stripped(tool: Json): Json {
  const plain = (schema: Json): Json =>
    schema && {
      ...schema,
      properties: Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, each]) => [name, (each as Json)['x-sallyport-plain'] ?? each]),
      ),
    }
  return { ...tool, inputSchema: plain(tool.inputSchema), outputSchema: plain(tool.outputSchema), _meta: {} }
}

const identityOf = async (): Promise<string> => {
  await using client = new MCPClient({ serverUrl: server.url, auth: { type: 'api_key', apiKey: keys[0] }, log: silentLog })
  const { tools } = (await client.request({ method: 'tools/list' })) as Json
  return thumbprintOf(tools[0]._meta[ENCRYPTION].identity)
}

describe('a gateway that wants to read what is encrypted', () => {
  it('cannot put its own keys in the place of those that were seen first, nor by a succession that it signs itself', async () => {
    assert.equal(await after1(listing(ownKeys())), 'TrustError identity_mismatch')
    const impostor = generateKeyPairSync('ed25519').privateKey
    const forged = stateSuccession(publicJwkOf(impostor), 1, impostor)
    assert.equal(await after1(listing(ownKeys([forged]))), 'TrustError identity_mismatch')
    assert.deepEqual(bank.ran, [])
    assert.equal(gateway.to('tools/call').length, 0, 'it was not even told a key')
  })

  it('cannot do so at first sight either, where the identity is given by hand', async () => {
    const identities = [await identityOf()]
    assert.equal(await attempt(listing(ownKeys()), { encryption: { identities } }), 'TrustError identity_mismatch')
    assert.match(await attempt({}, { encryption: { identities } }), /^no error/)
  })

  it('cannot show keys that the identity did not sign, nor none at all', async () => {
    const { keys: foreign } = ownKeys()({ _meta: { [ENCRYPTION]: {} } })._meta[ENCRYPTION]
    for (const change of [{ keys: foreign }, { keys: undefined }, { identity: undefined }, { v: 2 }]) {
      const changed = listing((tool) => ({ ...tool, _meta: { [ENCRYPTION]: { ...tool._meta[ENCRYPTION], ...change } } }))
      // Without a name of the tool that is understood, the definition is another one, and the gate says so first.
      const says = /^TrustError (?:encryption_invalid|definition_changed)$/
      assert.match(await after1(changed, { trust: { drift: 'off' } }), says)
      assert.match(await attempt(changed), says)
    }
  })

  it('cannot take the marks away once they were seen, whether definitions are compared or not', async () => {
    assert.equal(await after1(listing(stripped)), 'TrustError encryption_removed')
    assert.equal(await after1(listing(stripped), { trust: { drift: 'off' } }), 'TrustError encryption_removed')
    const half = listing((tool) => ({ ...tool, inputSchema: stripped(tool).inputSchema }))
    assert.equal(await after1(half, { trust: { drift: 'off' } }), 'TrustError encryption_removed')
    assert.equal(gateway.to('tools/call').length, 0)
  })

  it('cannot take them away at first sight where the user says what must be encrypted', async () => {
    assert.equal(await attempt(listing(stripped), { encryption: { require: ['pay.card'] } }), 'TrustError encryption_removed')
    assert.match(await attempt({}, { encryption: { require: ['pay.card', 'pay.iban'] } }), /^no error/)
    assert.equal(await attempt({}, { encryption: { require: ['pay.amount'] } }), 'TrustError encryption_removed')
  })

  it('gets no plain text by hiding the list from a client that has listed the tool before, or by listing it as something else', async () => {
    const none = listing((tool) => ({ ...tool, name: 'other' }))
    assert.equal(await after1(none, { trust: { drift: 'off' } }), 'TrustError encryption_removed')
    const failing: Lies = {
      answered: (answer, { method, id }) =>
        method === 'tools/list' ? { jsonrpc: '2.0', id, error: { code: -32603, message: 'no' } } : answer,
    }
    assert.equal(await after1(failing, { trust: { drift: 'off' } }), 'TrustError encryption_removed')
    const twice: Lies = {
      answered: (answer, { method }) => {
        if (method !== 'tools/list') return answer
        const [first] = answer.result.tools.map(stripped)
        return { ...answer, result: { ...answer.result, tools: [...answer.result.tools, { ...first, name: 'pay' }] } }
      },
    }
    assert.match(await attempt(twice, { trust: { drift: 'off' } }), /^no error/, 'of two, the one that is encrypted counts')
  })

  it('cannot have a value opened for another caller, or by another tool', async () => {
    assert.equal(await after1({ authorization: `Bearer ${keys[1]}` }), 'TrustError principal_mismatch')
    assert.equal(await attempt({}, { encryption: { principal: 'somebody else' } }), 'TrustError principal_mismatch')
    const other = listing((tool) => ({ ...tool, _meta: { [ENCRYPTION]: { ...tool._meta[ENCRYPTION], tool: 'hold' } } }))
    assert.equal(await after1(other, { trust: { drift: 'off' } }), 'TrustError identity_mismatch')
    const elsewhere: Lies = {
      asked: (message, forward) =>
        forward(message.method === 'tools/call' ? { ...message, params: { ...message.params, name: 'hold' } } : message),
    }
    assert.equal(await after1(elsewhere), 'TrustError encryption_invalid')
    assert.deepEqual(bank.ran, [])
  })

  it('cannot give an agreement of its own, of another key or of another tool', async () => {
    let other: Json
    const answered = (agreement: (given: Json) => Json): Lies => ({
      answered(answer, { method }) {
        const said = answer.result?._meta?.[ENCRYPTION]
        if (method !== 'tools/call' || said?.agreement === undefined) return answer
        return {
          ...answer,
          result: { ...answer.result, content: [], _meta: { [ENCRYPTION]: { ...said, agreement: agreement(said.agreement) } } },
        }
      },
    })
    assert.match(await attempt(answered((given) => (other = given))), /^no error/)
    assert.equal(await attempt(answered(() => other)), 'TrustError encryption_invalid')
    assert.equal(await attempt(answered((given) => ({ ...given, signature: other.signature }))), 'TrustError encryption_invalid')
    assert.equal(
      await attempt(
        answered(({ signature, ...given }) => ({ ...given, signature: `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}` })),
      ),
      'TrustError encryption_invalid',
    )
  })
})

describe('a gateway that wants a call to run twice', () => {
  it('does not get a second one by sending it again, or by saying that the first was refused', async () => {
    const replayed: Json[] = []
    const again: Lies = {
      async asked(message, forward) {
        const answer = await forward(message)
        if (message.method === 'tools/call' && answer.result?.isError !== true) replayed.push(await forward({ ...message, id: 'again' }))
        return answer
      },
    }
    assert.match(await attempt(again), /^no error/)
    assert.match(JSON.stringify(replayed), /used_before/)
    assert.equal(bank.ran.length, 1)
  })

  for (const [what, refusal] of [
    ['its key is unknown', { v: 1, problem: 'unknown_key' }],
    ['it must be encrypted', { v: 1 }],
    ['it is too old', { v: 1, problem: 'too_old' }],
  ] as const)
    it(`says in vain that ${what}: without the word of the identity, nothing is sealed anew`, async () => {
      const lie: Lies = {
        answered: (answer, { method }) =>
          method === 'tools/call' && answer.result?.isError !== true
            ? { ...answer, result: { resultType: 'complete', isError: true, content: [], _meta: { [ENCRYPTION]: refusal } } }
            : answer,
      }
      assert.match(await attempt(lie), /^no error: .*"isError":true/)
      assert.equal(bank.ran.length, 1)
    })

  it('says in vain that the headers are wrong: what is sent again is the same, and the server takes it once', async () => {
    let lists = 0
    const lie: Lies = {
      answered(answer, { method, id }) {
        if (method === 'tools/call' && answer.result?.isError !== true)
          return { jsonrpc: '2.0', id, error: { code: -32020, message: 'Header mismatch' } }
        if (method !== 'tools/list' || ++lists === 1) return answer
        const region = { type: 'string', 'x-mcp-header': `Region-${lists}` }
        const changed = (tool: Json): Json => ({
          ...tool,
          inputSchema: { ...tool.inputSchema, properties: { ...tool.inputSchema.properties, region } },
        })
        return { ...answer, result: { ...answer.result, tools: answer.result.tools.map(changed) } }
      },
    }
    await attempt(lie)
    assert.equal(bank.ran.length, 1)
    const sent = gateway.to('tools/call').map(({ params }) => params.arguments.card)
    assert.equal(new Set(sent.slice(1)).size, 1, 'the same sealed value each time')
  })
})

describe('a gateway that wants another result to be believed', () => {
  const results = (change: (structured: Json) => Json): Lies => ({
    answered(answer, { method }) {
      const { structuredContent } = answer.result ?? {}
      if (method !== 'tools/call' || structuredContent === undefined) return answer
      const changed = change(structuredContent)
      return {
        ...answer,
        result: { ...answer.result, structuredContent: changed, content: [{ type: 'text', text: JSON.stringify(changed) }] },
      }
    },
  })

  it('cannot answer with the result of an earlier call, with one in clear, or with one that it sealed itself', async () => {
    let earlier: Json
    assert.match(await attempt(results((structured) => (earlier ??= structured))), /^no error/)
    assert.equal(await attempt(results(() => earlier)), 'TrustError result_unopened')
    assert.equal(await attempt(results((structured) => ({ ...structured, iban: 'DE00' }))), 'TrustError result_unopened')
    assert.equal(await attempt(results(({ iban, ...rest }) => ({ ...rest, iban: iban.slice(0, -4) }))), 'TrustError result_unopened')
    assert.equal(
      await attempt(results(({ iban, owner, ...rest }) => ({ ...rest, iban: owner, owner: iban }))),
      'TrustError result_unopened',
    )
    assert.equal(await attempt(results(({ paid }) => ({ paid }))), 'TrustError result_invalid')
  })

  it('nor with that of an earlier call on the same connection', async () => {
    let earlier: Json
    await using client = connect()
    gateway.lies = results((structured) => (earlier ??= structured))
    try {
      assert.deepEqual((await pay(client)).structuredContent, PAID)
      assert.equal(await problemOf(pay(client)), 'TrustError result_unopened')
    } finally {
      gateway.lies = {}
    }
  })

  it('nor with one that it has sealed itself, though it knows the client’s key, the call and whom the server takes the client for', async () => {
    const own = generateKeyPairSync('x25519').privateKey
    const [kid, epk] = [thumbprintOf(publicJwkOf(own)), publicJwkOf(own).x]
    let principal = ''
    const forging: Lies = {
      answered(answer, { method, params }) {
        const agreement = answer.result?._meta?.[ENCRYPTION]?.agreement
        if (agreement) principal = (JSON.parse(Buffer.from(agreement.payload, 'base64url').toString()) as Json).principal
        if (method !== 'tools/call' || answer.result?.structuredContent === undefined) return answer
        const { epk: theirs, call } = params._meta[ENCRYPTION]
        const key = createContentKeys(1).of(own, kid, theirs.x, 'result') as KeyObject
        const forge = (pointer: string): string =>
          sealField('"DE00"', key, 'result', { kid, epk, iat: 1, call, bnd: bindingOf({ tool: 'pay', pointer, principal }) })
        const structured = { ...answer.result.structuredContent, iban: forge('/structuredContent/iban') }
        return { ...answer, result: { ...answer.result, structuredContent: structured } }
      },
    }
    assert.equal(await attempt(forging), 'TrustError result_unopened')
    assert.notEqual(principal, '')
  })

  it('may leave out the structured content: the text says the same, and is opened', async () => {
    const onlyText: Lies = {
      answered(answer, { method }) {
        if (method !== 'tools/call' || answer.result?.structuredContent === undefined) return answer
        const { structuredContent: _, ...rest } = answer.result
        return { ...answer, result: rest }
      },
    }
    assert.match(await attempt(onlyText), new RegExp(`^no error: .*${IBAN}`))
  })
})

describe('a server whose identity is replaced', () => {
  it('is believed where the one before has signed for the new one, also by a client that was connected before', async () => {
    const tokenStore = createStore()
    await using client = connect({ tokenStore })
    assert.deepEqual((await pay(client)).structuredContent, PAID)
    const before = await identityOf()
    const data = await openData({ dataDir: server.dataDir })
    try {
      await createPayloadKeys({ ...data, clock: Date.now }).rotate()
    } finally {
      await data.store.close()
    }
    await until('the server says so', async () => (await identityOf()) !== before)
    assert.deepEqual((await pay(client)).structuredContent, PAID)
    await using later = connect({ tokenStore })
    assert.deepEqual((await pay(later)).structuredContent, PAID)
    assert.equal((await later.inspectTools()).find(({ drift }) => drift)?.tool['name'], undefined, 'the tools are what they were')
    await using strict = connect({ encryption: { identities: [before] } })
    assert.equal(await problemOf(pay(strict)), 'TrustError identity_mismatch', 'given by hand, no other is believed')
  })
})
