/** A server with encrypted fields: what its tools look like, who sees the values, and how its keys change while it serves. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { ConfigError, createRedactor } from '../../src/core/index.ts'
import { createPayloadKeys } from '../../src/guards/index.ts'
import { createCallId, followSuccession, readRefusal, readToolEncryption, thumbprintOf, verifyKeys } from '../../src/payload/index.ts'
import { MCPServer } from '../../src/server/index.ts'
import { createLocalBus, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryVault } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { mcp } from '../support/mcp.ts'
import { type SealedRig, startSealed } from '../support/sealed-server.ts'
import type { Json } from '../support/sse.ts'
import { accept, capabilities, form, taskClient } from '../support/tasks.ts'

verifies('payload-encryption')

const CARD = '4111 1111'
const card = { type: 'string', maxLength: 20, encrypted: true }
const DAY = 86_400_000

async function withRig(
  definitions: readonly object[],
  run: (rig: SealedRig) => Promise<void>,
  ...told: [object?, ReturnType<typeof createRedactor>?]
) {
  const rig = await startSealed(definitions, ...told)
  try {
    await run(rig)
  } finally {
    await rig.close()
  }
}

test('check, library, rule and function see the value; the list shows that there is one', async () => {
  const seen: unknown[] = []
  const definition = {
    name: 'pay',
    parameters: z.object({
      card: z
        .string()
        .max(20)
        .transform((text) => text.replaceAll(' ', ''))
        .meta({ encrypted: true, title: 'The card' }),
      owner: z.object({ pin: z.int().max(9999).meta({ encrypted: true }) }).optional(),
    }),
    outputSchema: z.object({ ok: z.boolean(), balance: z.number().meta({ encrypted: true }) }),
    permissions: { when: 'args.card.startsWith("4")' },
    execute(args: unknown) {
      seen.push(args)
      return { ok: true, balance: 12.5 }
    },
  }
  await withRig([definition], async (rig) => {
    const [shown] = await mcp(rig.url, { token: 'alice' }).list()
    assert.equal(shown.inputSchema.properties.card.type, 'string')
    assert.equal(shown.inputSchema.properties.card.title, 'The card')
    assert.equal(shown.inputSchema.properties.card['x-sallyport-encrypted'], true)
    assert.equal(shown.inputSchema.properties.card['x-sallyport-plain'].maxLength, 20)
    assert.deepEqual(shown.inputSchema.required, ['card'])
    assert.equal(shown.outputSchema.properties.balance['x-sallyport-plain'].type, 'number')
    const client = await rig.client('pay')
    const { opened, body } = await client.call({ card: CARD, owner: { pin: 1 } })
    assert.deepEqual(seen, [{ card: '41111111', owner: { pin: 1 } }])
    assert.deepEqual(opened, { ok: true, balance: 12.5 })
    assert.ok(!JSON.stringify(body).includes('12.5'))
    const wrong = await client.call({ card: CARD, owner: { pin: 10_000 } })
    assert.equal(wrong.result.content[0].text.split(' (')[0], 'Invalid arguments: arguments/owner/pin must be <= 9999')
    const unmet = await client.call({ card: '5111' })
    assert.match(unmet.result.content[0].text, /a rule of this server does not allow it/)
    assert.equal(seen.length, 1)
  })
})

test('what must not leave does not leave sealed either', async () => {
  const redactor = createRedactor()
  redactor.learn('what-opens-the-database')
  const outputSchema = { type: 'object', properties: { it: { type: 'string', encrypted: true } } }
  const definition = { name: 'leak', outputSchema, execute: () => ({ it: 'it is what-opens-the-database' }) }
  await withRig(
    [definition],
    async (rig) => {
      const { opened } = await (await rig.client('leak')).call()
      assert.match(opened.it, /^it is /)
      assert.ok(!opened.it.includes('what-opens-the-database'))
    },
    {},
    redactor,
  )
})

test('a later round of a call brings the same values, however long somebody has thought', async () => {
  const definition = {
    name: 'pay',
    parameters: { type: 'object', properties: { card } },
    execute: (args: Json, context: Json) => (context.answers?.ok ? `paid ${args.card.length}` : context.ask({ ok: form('ok') })),
  }
  await withRig([definition], async (rig) => {
    const alice = mcp(rig.url, { token: 'alice', capabilities })
    const client = await rig.client('pay')
    const sealed = client.seal({ card: CARD }, await client.agree())
    const first = await alice.call('pay', sealed)
    const { requestState, inputRequests } = first.result
    assert.ok(requestState, JSON.stringify(first.body))
    assert.ok(!Buffer.from(requestState, 'base64url').includes(CARD))
    rig.clock.now += 9 * 60_000
    const again = {
      name: 'pay',
      arguments: sealed,
      requestState,
      inputResponses: { [Object.keys(inputRequests)[0] as string]: accept({ ok: 'yes' }) },
    }
    // Without its state it is a replay, or too old.
    const replayed = await alice.call('pay', sealed)
    assert.equal(readRefusal(replayed.result)?.problem, 'too_old')
    const { result } = await alice.request('tools/call', again)
    assert.equal(result.content[0].text, 'paid 9', JSON.stringify(result))
  })
})

test('a task works with the values, keeps them sealed, and its result is for who began it', async () => {
  const seen: unknown[] = []
  const definition = {
    name: 'pay',
    task: { support: 'optional', ttlMs: 10 * DAY },
    parameters: { type: 'object', properties: { card } },
    outputSchema: { type: 'object', properties: { receipt: { type: 'string', encrypted: true } } },
    async execute(args: Json, context: Json) {
      seen.push(args)
      return context.answers?.ok ? { receipt: `for ${args.card}` } : context.ask({ ok: form('ok') })
    },
  }
  await withRig([definition], async (rig) => {
    const tasks = taskClient(rig.url, 'alice')
    rig.clock.now += 29 * DAY
    const client = await rig.client('pay')
    const agreement = await client.agree()
    const call = createCallId()
    const id = await tasks.begin('pay', client.seal({ card: CARD }, agreement, { call }))
    const { inputRequests } = await tasks.until(id, 'input_required')
    const stored = JSON.stringify(await rig.store.records('task').list())
    for (const form of [CARD, Buffer.from(CARD).toString('base64'), encodeURIComponent(CARD)]) assert.ok(!stored.includes(form))
    // Until the key that it was sealed to is gone.
    const replaced = Promise.withResolvers<void>()
    rig.engine.sealing.onChange(replaced.resolve)
    rig.clock.now += 2 * DAY
    await client.agree()
    await replaced.promise
    rig.clock.now += 2 * DAY
    assert.equal(readRefusal((await tasks.call('pay', client.seal({ card: CARD }, agreement))).result)?.problem, 'unknown_key')
    await tasks.update(id, { [Object.keys(inputRequests)[0] as string]: accept({ ok: 'yes' }) })
    const { result } = await tasks.until(id, 'completed')
    assert.ok(!JSON.stringify(result).includes(CARD))
    const { key } = await client.agree()
    assert.deepEqual(client.open(result.structuredContent, agreement, call, [key]), { receipt: `for ${CARD}` })
    assert.deepEqual(seen, [{ card: CARD }, { card: CARD }])
  })
})

const plain = { name: 'pay', parameters: { type: 'object', properties: { card } }, execute: () => 'done' }
const isPaid = async (rig: SealedRig, sealed: Json): Promise<string> => {
  const { result } = await mcp(rig.url, { token: 'alice' }).call('pay', sealed)
  return readRefusal(result)?.problem ?? result.content[0].text
}

test('a key is sealed to for a month, and opens for a day longer', async () => {
  await withRig([plain], async (rig) => {
    const client = await rig.client('pay')
    const first = await client.agree()
    rig.clock.now += 30 * DAY
    const replaced = Promise.withResolvers<void>()
    rig.engine.sealing.onChange(replaced.resolve)
    // Whoever asks first after a month makes it be replaced, and does not wait for that.
    assert.deepEqual((await client.agree()).key, first.key)
    await replaced.promise
    const second = await client.agree()
    assert.notDeepEqual(second.key, first.key)
    assert.equal(await isPaid(rig, client.seal({ card: CARD }, first)), 'done')
    rig.clock.now += DAY - 60_000
    assert.equal(await isPaid(rig, client.seal({ card: CARD }, first)), 'done')
    rig.clock.now += 120_000
    assert.equal(await isPaid(rig, client.seal({ card: CARD }, first)), 'unknown_key')
    assert.equal(await isPaid(rig, client.seal({ card: CARD }, second)), 'done')
  })
})

test('processes that share a store share the keys, and hear of another at once', async () => {
  const shared = { store: createMemoryStore({ clock: () => 0 }), vault: createMemoryVault(), bus: createLocalBus() }
  const [one, other] = [await startSealed([plain], shared), await startSealed([plain], shared)]
  try {
    const client = await one.client('pay')
    const before = await client.agree()
    assert.equal(await isPaid(other, client.seal({ card: CARD }, before)), 'done')
    const { clock } = one
    const keys = createPayloadKeys({ ...shared, clock: () => clock.now })
    await keys.rotate()
    // Sealed to a key that the other has not seen yet.
    const after = await client.agree().catch(() => undefined)
    assert.equal(after, undefined, 'an agreement by another identity is none for a client that knows the first')
    await one.republish()
    const again = await one.client('pay')
    assert.equal(await isPaid(other, again.seal({ card: CARD }, await again.agree())), 'done')
  } finally {
    await one.close(false)
    await other.close()
  }
})

test('an identity is followed by another that it has signed for, and the tools say so', async () => {
  const told = { store: createMemoryStore({ clock: () => 0 }), vault: createMemoryVault(), bus: createLocalBus() }
  await withRig(
    [plain],
    async (rig) => {
      const before = (await rig.client('pay')).offer
      const keys = createPayloadKeys({ ...told, clock: () => rig.clock.now })
      const rotated = await keys.rotate()
      const [published] = await rig.engine.sealing.publish(rig.entries)
      const after = readToolEncryption(published?.definition['_meta'])
      assert.ok(after)
      assert.equal(thumbprintOf(after.identity), rotated.kid)
      assert.ok(followSuccession(thumbprintOf(before.identity), after.succession, after.identity))
      assert.equal(verifyKeys(after.keys, after.identity)?.length, 2)
      assert.equal(verifyKeys(after.keys, before.identity), undefined)
      assert.deepEqual(
        (await keys.list()).map(({ use }) => use),
        ['identity', 'opens', 'seals'],
      )
    },
    told,
  )
})

test('of many that rotate at the same moment each is followed by the next', async () => {
  const told = { store: createMemoryStore({ clock: () => 0 }), vault: createMemoryVault() }
  const make = () => createPayloadKeys({ ...told, clock: () => 0 })
  const first = await make().current()
  await Promise.all(Array.from({ length: 5 }, () => make().rotate()))
  const { identity, succession } = await make().current()
  assert.equal(succession.length, 5)
  assert.ok(followSuccession(first.identity.kid, succession, identity.jwk))
})

test('keys that were sealed with another master key are none, and none are made in their place', async () => {
  const store = createMemoryStore({ clock: () => 0 })
  await createPayloadKeys({ store, vault: createMemoryVault(), clock: () => 0 }).current()
  const kept = await store.records('secret').get('payload-keys')
  const keys = createPayloadKeys({ store, vault: createMemoryVault(), clock: () => 0 })
  await assert.rejects(async () => keys.current(), /sealed with a key that is not there/)
  assert.deepEqual(await store.records('secret').get('payload-keys'), kept)
})

test('no private key is in clear in the store', async () => {
  const store = createMemoryStore({ clock: () => 0 })
  const keys = createPayloadKeys({ store, vault: createMemoryVault(), clock: () => 0 })
  const { identity, keys: all } = await keys.current()
  const text = JSON.stringify(await store.records('secret').list())
  for (const { privateKey } of [identity, ...all]) {
    const { d } = privateKey.export({ format: 'jwk' })
    assert.ok(d && !text.includes(d) && !text.includes(Buffer.from(d, 'base64url').toString('hex')))
  }
})

test('what cannot be encrypted is a problem when the server is made', () => {
  const problemsOf = (over: object): readonly string[] => {
    try {
      new MCPServer({ tools: [{ name: 'pay', execute: () => 'x', ...over }] as never })
      return []
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.problems
    }
  }
  const withParameters = (properties: object) => problemsOf({ parameters: { type: 'object', properties } })
  assert.deepEqual(withParameters({ list: { type: 'array', maxItems: 2, items: card } }), [
    'tool "pay": parameters/properties/list/items: only a property of an object can be encrypted: mark the property that this is a part of',
  ])
  assert.deepEqual(withParameters({ card: { ...card, 'x-mcp-header': 'Card' } }), [
    'tool "pay": parameters.card: is encrypted, and would be mirrored in a header in clear: it cannot be both',
  ])
  assert.deepEqual(problemsOf({ parameters: { type: 'object', encrypted: true, properties: {} } }), [
    'tool "pay": parameters: mark its properties',
  ])
  assert.deepEqual(problemsOf({ outputSchema: { type: 'object', properties: { it: { encrypted: 1 } } } }), [
    'tool "pay": outputSchema/properties/it/encrypted: must be true or false',
  ])
  assert.deepEqual(withParameters({ card }), [])
  const others = {
    prompts: [{ name: 'ask', template: 'Pay with {card}', parameters: { type: 'object', properties: { card } } }],
    resourceTemplates: [
      {
        uriTemplate: 'card://{card}',
        name: 'Card',
        read: () => 'x',
        variables: { type: 'object', properties: { card }, required: ['card'] },
      },
    ],
  }
  assert.throws(
    () => new MCPServer(others as never),
    ({ problems }: ConfigError) =>
      problems.filter((problem) => problem.endsWith(': only what a tool takes or answers can be encrypted')).length === 2,
  )
})

test('encrypted results count among what a flow gets', async () => {
  const definition = {
    name: 'account',
    permissions: 'public',
    outputSchema: z.object({ iban: z.string().meta({ encrypted: true }) }),
    execute: () => ({ iban: 'x'.repeat(4_000) }),
  }
  const results = { flow: { maxTokens: 1_000, windowSeconds: 60, whenSpent: 'stop' } } as const
  await withRig(
    [definition],
    async ({ client, url }) => {
      const sealed = await client('account')
      assert.ok((await sealed.call()).opened.iban)
      const again = mcp(url, { token: 'alice' }).call(
        'account',
        {},
        { 'sallyport/encryption': { v: 1, epk: sealed.epk, call: createCallId() } },
      )
      assert.match(JSON.stringify((await again).body), /tokens/)
    },
    { results },
  )
})
