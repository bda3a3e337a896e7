/** What somebody on the way could do with a sealed value: change it, bring it again, bring it elsewhere. Each is refused, and told apart. */

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import type { JsonObject } from '../../src/core/index.ts'
import { type Agreement, createCallId, ENCRYPTION, publicJwkOf, readRefusal } from '../../src/payload/index.ts'
import { verifies } from '../requirements.ts'
import { type Answer, type McpClient, mcp } from '../support/mcp.ts'
import type { SealedClient, SealOptions } from '../support/sealed-client.ts'
import { type SealedRig, startSealed } from '../support/sealed-server.ts'
import type { Json } from '../support/sse.ts'

verifies('payload-tampering')

const CARD = '4111 1111 1111 1111'
const text = { type: 'string', maxLength: 100 }
const sealedText = { ...text, encrypted: true }
let ran: unknown[] = []
const definitions = ['pay', 'refund'].map((name) => ({
  name,
  parameters: {
    type: 'object',
    properties: { card: sealedText, code: sealedText, to: text },
  },
  execute(args: unknown) {
    ran.push(args)
    return 'done'
  },
}))

let rig: SealedRig
let alice: McpClient
let client: SealedClient
let agreement: Agreement
before(async () => {
  rig = await startSealed(definitions)
  alice = mcp(rig.url, { token: 'alice' })
  client = await rig.client('pay')
  agreement = await client.agree()
})
after(() => rig.close())
beforeEach(() => {
  ran = []
})

const seal = (args: Json, options?: SealOptions): Json => client.seal(args, agreement, options)
const call = (args: Json, name = 'pay', by = alice): Promise<Answer> => by.call(name, args)

/** It was refused for that, nothing has run, and nowhere is a word of what was in it. */
async function refused(answer: Answer | Promise<Answer>, problem: string, path = '/arguments/card'): Promise<void> {
  const { result, body } = await answer
  assert.equal(result?.isError, true, JSON.stringify(body))
  assert.equal(readRefusal(result)?.problem, problem, JSON.stringify(body))
  assert.match(result.content[0].text, new RegExp(`^The encrypted value of ${path} was refused: `))
  assert.deepEqual(ran, [])
  const told = JSON.stringify([body, await rig.records()])
  for (const form of [CARD, Buffer.from(CARD).toString('base64'), Buffer.from(CARD).toString('hex'), encodeURIComponent(CARD)])
    assert.ok(!told.includes(form.replace(/=+$/, '')))
}

test('a right one is opened once', async () => {
  const sealed = seal({ card: CARD, to: 'shop' })
  assert.equal((await call(sealed)).result.content[0].text, 'done')
  assert.deepEqual(ran, [{ card: CARD, to: 'shop' }])
  ran = []
  await refused(call(sealed), 'used_before')
})

test('what is brought with other plain arguments is no less used', async () => {
  const sealed = seal({ card: CARD, to: 'shop' })
  await call(sealed)
  ran = []
  await refused(call({ ...sealed, to: 'eve' }), 'used_before')
})

test('a part of a call that was used is used', async () => {
  const sealed = seal({ card: CARD, code: '123' })
  await call(sealed)
  ran = []
  await refused(call({ code: sealed.code }), 'used_before', '/arguments/code')
})

test('of thirty that bring the same value at once, one gets it opened', async () => {
  const sealed = seal({ card: CARD })
  const answers = await Promise.all(Array.from({ length: 30 }, () => call(sealed)))
  assert.equal(answers.filter(({ result }) => result.isError !== true).length, 1)
  assert.equal(ran.length, 1)
})

test('a truncated or changed one does not open', async () => {
  const { card } = seal({ card: CARD })
  const [header, , iv, ciphertext, tag] = card.split('.')
  for (const cut of [card.slice(0, -4), card.slice(0, 300), `${header}..${iv}.${ciphertext}`, `${card}.AAAA`, `${card}==`])
    await refused(call({ card: cut }), 'malformed')
  const flip = (part: string): string => (part[0] === 'A' ? 'B' : 'A') + part.slice(1)
  await refused(call({ card: `${header}..${flip(iv)}.${ciphertext}.${tag}` }), 'does_not_open')
  await refused(call({ card: `${header}..${iv}.${flip(ciphertext)}.${tag}` }), 'does_not_open')
  await refused(call({ card: `${header}..${iv}.${ciphertext}.${flip(tag)}` }), 'does_not_open')
  await refused(call({ card: `${header}..${iv}.${ciphertext.slice(0, -4)}.${tag}` }), 'does_not_open')
  // Another binding, another time: the header is a part of what is sealed.
  const changed = { ...(JSON.parse(Buffer.from(header, 'base64url').toString()) as JsonObject), iat: 1_795_780_860 }
  await refused(
    call({ card: `${Buffer.from(JSON.stringify(changed)).toString('base64url')}..${iv}.${ciphertext}.${tag}` }),
    'does_not_open',
  )
})

test('a value of one field is not taken for another', async () => {
  const { card, code } = seal({ card: CARD, code: '123' })
  await refused(call({ card: code, code: card }), 'bound_elsewhere')
})

test('a value for one tool is not taken by another', async () => {
  await refused(call(seal({ card: CARD }), 'refund'), 'bound_elsewhere')
})

test('a value of one caller is not taken from another', async () => {
  await refused(call(seal({ card: CARD }), 'pay', mcp(rig.url, { token: 'eve' })), 'bound_elsewhere')
})

test('the values of two calls are not put together', async () => {
  const [one, other] = [seal({ card: CARD, code: '1' }), seal({ card: CARD, code: '2' })]
  await refused(call({ card: one.card, code: other.code }), 'of_another_call', '/arguments/code')
  // By somebody who carries one and has made the other.
  const theirs = await rig.client('pay')
  const own = theirs.seal({ code: '2' }, await theirs.agree())
  await refused(call({ card: one.card, code: own.code }), 'of_another_call', '/arguments/code')
})

test('what stands beside a value and names another sender or call is refused', async () => {
  const id = createCallId()
  const sealed = seal({ card: CARD }, { call: id })
  const eve = publicJwkOf(generateKeyPairSync('x25519').privateKey)
  await refused(alice.call('pay', sealed, { [ENCRYPTION]: { v: 1, epk: eve, call: id } }), 'of_another_call')
  await refused(alice.call('pay', sealed, { [ENCRYPTION]: { v: 1, epk: client.epk, call: createCallId() } }), 'of_another_call')
  const { result } = await alice.call('pay', sealed, { [ENCRYPTION]: { v: 1, epk: client.epk, call: id } })
  assert.notEqual(result.isError, true)
})

test('a value is taken for six minutes, and from a minute ahead', async () => {
  const at = Math.floor(rig.clock.now / 1000)
  await refused(call(seal({ card: CARD }, { over: { iat: at - 361 } })), 'too_old')
  await refused(call(seal({ card: CARD }, { over: { iat: at + 61 } })), 'from_the_future')
  for (const iat of [at - 360, at + 60]) {
    ran = []
    await call(seal({ card: CARD }, { over: { iat } }))
    assert.equal(ran.length, 1)
  }
  ran = []
  // For as long as it would be taken it is known to be used.
  const early = seal({ card: CARD }, { over: { iat: at + 60 } })
  await call(early)
  ran = []
  rig.clock.now += 419_000
  await refused(call(early), 'used_before')
  // In the last second, too.
  rig.clock.now += 1_500
  await refused(call(early), 'used_before')
  rig.clock.now += 500
  await refused(call(early), 'too_old')
})

test('a client whose key or clock is wrong is told how it can be put right', async () => {
  const stranger = publicJwkOf(generateKeyPairSync('x25519').privateKey as KeyObject)
  const other = await call(seal({ card: CARD }, { agreement: { key: stranger } }))
  await refused(other, 'unknown_key')
  assert.ok(readRefusal(other.result)?.agreement)
  const old = await call(seal({ card: CARD }, { over: { iat: 1 } }))
  await refused(old, 'too_old')
  assert.ok(readRefusal(old.result)?.agreement)
})

test('another algorithm, a compressed one, a heavy or a deep header is malformed', async () => {
  const { card } = seal({ card: CARD })
  const [header, ...rest] = card.split('.')
  const right = JSON.parse(Buffer.from(header, 'base64url').toString()) as JsonObject
  const headers: readonly unknown[] = [
    { ...right, alg: 'dir' },
    { ...right, alg: 'PBES2-HS512+A256KW', p2c: 2_000_000_000, p2s: 'AAAA' },
    { ...right, enc: 'A128CBC-HS256' },
    { ...right, zip: 'DEF' },
    { ...right, crit: ['exp'], exp: 1 },
    { ...right, jku: 'http://127.0.0.1:1/keys' },
    { ...right, extra: 'x'.repeat(500_000) },
    { ...right, epk: JSON.parse('['.repeat(500) + ']'.repeat(500)) },
  ]
  for (const each of headers)
    await refused(call({ card: [Buffer.from(JSON.stringify(each)).toString('base64url'), ...rest].join('.') }), 'malformed')
})

test('what does not open uses nothing up', async () => {
  const id = createCallId()
  const sealed = seal({ card: CARD }, { call: id })
  const eve = await rig.client('pay', 'eve')
  // The same call's name, by another key.
  await mcp(rig.url, { token: 'eve' }).call('pay', eve.seal({ card: 'x' }, await eve.agree(), { call: id }))
  ran = []
  const [header, , iv, ciphertext] = sealed.card.split('.')
  await refused(call({ card: `${header}..${iv}.${ciphertext}.AAAAAAAAAAAAAAAAAAAAAA` }), 'does_not_open')
  assert.notEqual((await call(sealed)).result.isError, true)
})
