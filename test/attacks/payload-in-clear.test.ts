/** A client that cannot encrypt gets a clear error, and what it sent in clear is nowhere afterwards. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { createRedactor } from '../../src/core/index.ts'
import { createAuditArguments } from '../../src/guards/index.ts'
import { createCallId, ENCRYPTION, readRefusal } from '../../src/payload/index.ts'
import { createMemoryVault } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { type McpClient, mcp } from '../support/mcp.ts'
import { PRINCIPALS, type SealedRig, startSealed } from '../support/sealed-server.ts'

verifies('payload-encryption')

const CARD = '4111-1111-1111-1111'
const IBAN = 'NO9386011117947'
let ran = 0
const parameters = {
  type: 'object',
  properties: {
    card: { type: 'string', maxLength: 30, encrypted: true },
    owner: { type: 'object', properties: { pin: { type: 'integer', encrypted: true } } },
  },
}
const outputSchema = { type: 'object', properties: { iban: { type: 'string', encrypted: true }, bank: { type: 'string' } } }
const run = () => {
  ran++
  return { iban: IBAN, bank: 'B' }
}
const definitions = [
  { name: 'pay', parameters, execute: run },
  { name: 'account', outputSchema, execute: run },
  {
    name: 'by-library',
    outputSchema: z.object({ book: z.record(z.string(), z.int()).meta({ encrypted: true }) }),
    execute: () => ({ book: { [IBAN]: 'no number' } }),
  },
  {
    name: 'strict-library',
    parameters: z.object({
      book: z
        .string()
        .transform((text) => JSON.parse(text))
        .pipe(z.strictObject({}))
        .meta({ encrypted: true })
        .optional(),
    }),
    outputSchema: z.object({ book: z.strictObject({}).meta({ encrypted: true }) }),
    execute: () => ({ book: { [IBAN]: 1 } }) as never,
  },
  {
    name: 'keep',
    parameters: {
      type: 'object',
      properties: { book: { type: 'object', additionalProperties: { type: 'integer' }, encrypted: true } },
    },
    outputSchema: {
      type: 'object',
      properties: { book: { type: 'object', additionalProperties: { type: 'integer' }, encrypted: true } },
    },
    execute: () => ({ book: { [IBAN]: 'no number' } }),
  },
  { name: 'whole', outputSchema: { ...outputSchema, encrypted: true }, execute: run },
  {
    name: 'chatty',
    outputSchema,
    execute: () => ({
      content: [{ type: 'text', text: `it is ${IBAN}` }],
      structuredContent: { iban: IBAN },
      _meta: { 'example.com/iban': IBAN },
    }),
  },
  { name: 'text', outputSchema, execute: () => ({ content: [{ type: 'text', text: IBAN }] }) },
]

let rig: SealedRig
let client: McpClient
before(async () => {
  rig = await startSealed(definitions)
  client = mcp(rig.url, { token: 'alice' })
})
after(() => rig.close())

test('a value in clear is refused before anything runs, whatever it is, and told of nowhere', async () => {
  for (const args of [
    { card: CARD },
    { card: [CARD] },
    { card: { [CARD]: CARD } },
    { card: null },
    { card: '' },
    { owner: { pin: 4711 } },
  ]) {
    const { result, body } = await client.call('pay', args)
    assert.equal(result.isError, true)
    const path = 'card' in args ? '/arguments/card' : '/arguments/owner/pin'
    assert.match(result.content[0].text, new RegExp(`^The value of ${path} must be encrypted: use a client that can do that`))
    const told = JSON.stringify([body, await rig.records()])
    assert.ok(!told.includes('1111-1111') && !told.includes('4711'))
  }
  assert.equal(ran, 0)
  const [record] = await rig.records()
  assert.equal(record?.['reason'], 'encryption_required')
})

test('without its mark beside it, or under another spelling, it is no other argument', async () => {
  const { result } = await client.call('pay', { Card: CARD })
  assert.match(result.content[0].text, /^Invalid arguments/)
  assert.ok(!JSON.stringify(result).includes('1111-1111'))
  assert.equal(ran, 0)
})

test('a value in clear that the wire schema would pass is still in clear', async () => {
  const sealed = await rig.client('pay')
  const agreement = await sealed.agree()
  const { card } = sealed.seal({ card: CARD }, agreement)
  // One sealed, one not.
  const { result } = await client.call('pay', { card, owner: { pin: '4711' } })
  assert.match(result.content[0].text, /^The value of \/arguments\/owner\/pin must be encrypted/)
  assert.equal(ran, 0)
})

test('what is wrong inside a sealed value is told of it as a whole', async () => {
  const sealed = await rig.client('keep')
  const { body } = await sealed.call({ book: { [CARD]: 'no number' } })
  assert.match(body.result.content[0].text, /^Invalid arguments: arguments\/book must be integer/)
  const answered = await sealed.call({ book: {} })
  assert.match(answered.result.content[0].text, /promises: structuredContent\/book must be integer/)
  const byLibrary = await (await rig.client('by-library')).call()
  assert.match(byLibrary.result.content[0].text, /promises: structuredContent\/book /)
  const strict = await rig.client('strict-library')
  const unknown = await strict.call({ book: JSON.stringify({ [CARD]: 1 }) })
  assert.match(unknown.result.content[0].text, /^Invalid arguments: arguments\/book must keep/)
  const unpromised = await strict.call()
  assert.match(unpromised.result.content[0].text, /promises: structuredContent\/book must keep/)
  const told = JSON.stringify([body, answered.body, byLibrary.body, unknown.body, unpromised.body, await rig.records()])
  assert.ok(!told.includes(CARD) && !told.includes(IBAN))
})

test('what came in clear is not among the arguments that an audit keeps', async () => {
  const parts = { store: rig.store, vault: createMemoryVault(), redactor: createRedactor(), keep: true, keepMs: 1000 }
  const { of } = createAuditArguments(parts)
  const [entry] = rig.entries
  const request = { entry, principal: PRINCIPALS['alice'], message: { method: 'tools/call', params: { arguments: { card: CARD } } } }
  assert.equal(of(request as never, { reason: 'encryption_required', path: undefined, agreement: undefined }), undefined)
  assert.notEqual(of(request as never, undefined), undefined)
})

test('the first message of an agreement runs nothing', async () => {
  const sealed = await rig.client('pay')
  await sealed.agree()
  assert.equal(ran, 0)
})

test('a tool with an encrypted result runs for nobody who cannot open it', async () => {
  const { epk } = await rig.client('account')
  // RFC 7748 §6.1: a point with which nobody agrees on anything.
  const nothing = { ...epk, x: 'A'.repeat(43) }
  const call = createCallId()
  for (const encryption of [undefined, {}, { v: 1 }, { v: 1, epk }, { v: 1, call }, { v: 2, epk, call }, { v: 1, epk: nothing, call }]) {
    const { result } = await client.call('account', {}, encryption && { [ENCRYPTION]: encryption })
    assert.match(result.content[0].text, /^(?:What this tool answers is encrypted|Nothing was run)/)
  }
  assert.equal(ran, 0)
  // Half of what is needed is answered with the rest.
  assert.ok(readRefusal((await client.call('account', {}, { [ENCRYPTION]: { v: 1, epk } })).result)?.agreement)
})

test('what a result says beside its encrypted part says nothing of it', async () => {
  for (const name of ['account', 'whole', 'chatty']) {
    const sealed = await rig.client(name)
    const { body, opened } = await sealed.call()
    assert.equal(opened.iban, IBAN)
    assert.ok(!JSON.stringify(body).includes(IBAN))
    assert.deepEqual(JSON.parse(body.result.content[0].text), body.result.structuredContent)
  }
})

test('a result without its promised part is withheld', async () => {
  const sealed = await rig.client('text')
  const { body } = await sealed.call()
  assert.match(body.result.content[0].text, /^The answer is not what this server promises: .* It was withheld/)
  assert.ok(!JSON.stringify(body).includes(IBAN))
})

test('the older revision keeps the same rules', async () => {
  const legacy = mcp(rig.url, { token: 'alice', version: '2025-11-25' })
  const { result } = await legacy.call('pay', { card: CARD })
  assert.match(result.content[0].text, /must be encrypted/)
  const sealed = await rig.client('account', 'alice', { version: '2025-11-25' })
  assert.deepEqual((await sealed.call()).opened, { iban: IBAN, bank: 'B' })
})
