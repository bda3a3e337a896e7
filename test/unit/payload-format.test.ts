/** `payload/`: the format of payload encryption. A standard library opens what we seal and seals what we open; nothing else opens. */

import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, randomInt } from 'node:crypto'
import { test } from 'node:test'
import { CompactEncrypt, compactDecrypt, flattenedVerify, importJWK } from 'jose'
import type { JsonObject } from '../../src/core/index.ts'
import {
  argumentPointer,
  bindingOf,
  createCallId,
  createContentKeys,
  type FieldHeader,
  followSuccession,
  fromWireSchema,
  type OkpJwk,
  openField,
  parseField,
  parseJwk,
  publicJwkOf,
  readAgreeWord,
  readCallEncryption,
  readRefusal,
  type Statement,
  sealField,
  stateAgreement,
  stateKeys,
  stateSuccession,
  takeMarks,
  thumbprintOf,
  toAgreeWord,
  toRefusalLine,
  toWireSchema,
  valueAt,
  verifyAgreement,
  verifyKeys,
  withValue,
} from '../../src/payload/index.ts'

interface Pair {
  readonly privateKey: KeyObject
  readonly jwk: OkpJwk
}
const pairOf = (privateKey: KeyObject): Pair => ({ privateKey, jwk: publicJwkOf(privateKey) })
const agreePair = (): Pair => pairOf(generateKeyPairSync('x25519').privateKey)
const signPair = (): Pair => pairOf(generateKeyPairSync('ed25519').privateKey)

const server = agreePair()
const client = agreePair()
const keys = createContentKeys(100)
const place = { tool: 'pay', pointer: '/arguments/card', principal: 'key alice' }
const header = (over: Partial<FieldHeader> = {}): FieldHeader => ({
  kid: thumbprintOf(server.jwk),
  epk: client.jwk.x,
  iat: 1_795_780_800,
  call: createCallId(),
  bnd: bindingOf(place),
  ...over,
})
const clientKey = (direction: 'request' | 'result' = 'request') =>
  keys.of(client.privateKey, 'client', server.jwk.x, direction) as KeyObject
const serverKey = (direction: 'request' | 'result' = 'request') =>
  keys.of(server.privateKey, 'server', client.jwk.x, direction) as KeyObject
const seal = (value: unknown, over?: Partial<FieldHeader>): string => sealField(JSON.stringify(value), clientKey(), 'request', header(over))
function open(sealed: string): unknown {
  const parsed = parseField(sealed, 'request')
  return parsed && openField(parsed, serverKey())?.value
}

/** Anything that JSON can say. */
function anything(depth = 0): unknown {
  switch (randomInt(depth > 3 ? 5 : 7)) {
    case 0:
      return null
    case 1:
      return randomInt(2) === 0
    case 2:
      return (Math.random() - 0.5) * 10 ** randomInt(20)
    case 3:
      return randomBytes(randomInt(40)).toString('latin1')
    case 4:
      return String.fromCodePoint(...Array.from({ length: randomInt(9) }, () => 0x1f300 + randomInt(500)))
    case 5:
      return Array.from({ length: randomInt(4) }, () => anything(depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: randomInt(4) }, (_, at) => [`${at}${randomBytes(3).toString('hex')}`, anything(depth + 1)]),
      )
  }
}

test('whatever JSON can say opens as what it was', () => {
  for (let round = 0; round < 300; round++) {
    const value = JSON.parse(JSON.stringify(anything())) as unknown
    assert.deepEqual(open(seal(value)), value)
  }
})

test('no sealed value opens once one character of it is another, is missing or is there twice', () => {
  const sealed = seal({ card: '4111 1111 1111 1111' })
  const others = ['A', 'Q', 'g', 'w']
  for (let at = 0; at < sealed.length; at++) {
    const char = sealed[at] as string
    const other = others.find((each) => each !== char) as string
    for (const changed of [
      sealed.slice(0, at) + other + sealed.slice(at + 1),
      sealed.slice(0, at) + sealed.slice(at + 1),
      sealed.slice(0, at) + char + sealed.slice(at),
    ])
      assert.equal(open(changed), undefined, `at ${at}`)
    assert.equal(open(sealed.slice(0, at)), undefined)
  }
})

test('a field opens with its own key alone, and in its own direction', () => {
  const sealed = seal('secret')
  const parsed = parseField(sealed, 'request')
  assert.ok(parsed)
  const other = keys.of(agreePair().privateKey, 'other', client.jwk.x, 'request') as KeyObject
  assert.equal(openField(parsed, other), undefined)
  assert.equal(openField(parsed, serverKey('result')), undefined)
  assert.equal(parseField(sealed, 'result'), undefined)
})

test('jose opens what we seal', async () => {
  const sealed = seal({ card: '4111' })
  const key = await importJWK(server.privateKey.export({ format: 'jwk' }) as JsonObject, 'ECDH-ES')
  const { plaintext, protectedHeader } = await compactDecrypt(sealed, key)
  assert.deepEqual(JSON.parse(Buffer.from(plaintext).toString()), { card: '4111' })
  assert.equal(protectedHeader.alg, 'ECDH-ES')
  assert.equal(protectedHeader.enc, 'A256GCM')
})

test('we open what jose seals, with a key of its own for each value', async () => {
  const text = Buffer.from(JSON.stringify(['from', 'jose']))
  const recipient = await importJWK({ ...server.jwk }, 'ECDH-ES')
  const bytes = (name: string) => Buffer.from(name)
  const { kid, iat, call, bnd } = header()
  const sealed = await new CompactEncrypt(text)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'sallyport-field+jwe', kid, iat, call, bnd })
    .setKeyManagementParameters({ apu: bytes('sallyport client'), apv: bytes('sallyport server') })
    .encrypt(recipient)
  const parsed = parseField(sealed, 'request')
  assert.ok(parsed)
  const key = keys.of(server.privateKey, 'server', parsed.header.epk, 'request') as KeyObject
  assert.deepEqual(openField(parsed, key)?.value, ['from', 'jose'])
})

test('a header that says anything else is none', () => {
  const [first = '', ...rest] = seal('x').split('.')
  const right = JSON.parse(Buffer.from(first, 'base64url').toString()) as JsonObject
  const withHeader = (value: unknown): string => [Buffer.from(JSON.stringify(value)).toString('base64url'), ...rest].join('.')
  assert.ok(parseField(withHeader(right), 'request'))
  const { kid: _, ...withoutKid } = right
  const wrong: readonly unknown[] = [
    { ...right, alg: 'dir' },
    { ...right, alg: 'ECDH-ES+A256KW' },
    { ...right, alg: 'PBES2-HS256+A128KW', p2c: 1_000_000_000, p2s: 'AAAA' },
    { ...right, alg: 'none' },
    { ...right, enc: 'A128CBC-HS256' },
    { ...right, enc: 'A128GCM' },
    { ...right, zip: 'DEF' },
    { ...right, crit: ['bnd'] },
    { ...right, jku: 'https://evil.example/keys' },
    { ...right, jwk: right['epk'] },
    { ...right, typ: 'JWT' },
    { ...right, apu: right['apv'], apv: right['apu'] },
    { ...right, iat: '1795780800' },
    { ...right, iat: -1 },
    { ...right, iat: 1.5 },
    { ...right, iat: 1e300 },
    { ...right, epk: { ...(right['epk'] as object), crv: 'P-256', y: 'AAAA' } },
    { ...right, epk: { ...(right['epk'] as object), d: client.jwk.x } },
    { ...right, epk: { deep: { deeper: {} } } },
    { ...right, epk: [right['epk']] },
    { ...right, call: 'x' },
    { ...right, bnd: `${String(right['bnd'])}A` },
    { ...right, kid: { toString: 'x' } },
    { ...right, padding: 'x'.repeat(4000) },
    withoutKid,
    [right],
    null,
    'text',
  ]
  for (const value of wrong) assert.equal(parseField(withHeader(value), 'request'), undefined, JSON.stringify(value)?.slice(0, 80))
  const twice = `{"kid":"x",${JSON.stringify(right).slice(1)}`
  for (const text of [twice, '['.repeat(1_000), '{"a":', '\u0000', JSON.stringify(right) + ' '.repeat(3_000)])
    assert.equal(parseField([Buffer.from(text).toString('base64url'), ...rest].join('.'), 'request'), undefined)
  const [, , iv, ciphertext, tag] = seal('x').split('.') as [string, string, string, string, string]
  for (const text of [
    '',
    '....',
    '.....',
    `${first}..${iv}.${ciphertext}`,
    `${first}.AAAA.${iv}.${ciphertext}.${tag}`,
    `${first}..${iv}.${ciphertext}.${tag}.`,
    `${first}..AA.${ciphertext}.${tag}`,
    `${first}..${iv}.${ciphertext}.${tag.slice(0, 8)}`,
    `${first}..${iv}.${ciphertext}.${tag}=`,
  ])
    assert.equal(parseField(text, 'request'), undefined)
})

test('a point that agrees on nothing agrees on nothing', () => {
  for (const point of [Buffer.alloc(32), Buffer.from([1, ...Buffer.alloc(31)])])
    assert.equal(keys.of(server.privateKey, 'server', point.toString('base64url'), 'request'), undefined)
})

test('a key is spelled in one way', () => {
  const { x } = client.jwk
  const last = x.at(-1) as string
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const sibling = x.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1]
  assert.deepEqual(Buffer.from(sibling, 'base64url'), Buffer.from(x, 'base64url'))
  assert.equal(parseJwk({ ...client.jwk, x: sibling }, 'X25519'), undefined)
  assert.equal(parseJwk({ ...client.jwk, d: x }, 'X25519'), undefined)
  assert.equal(parseJwk(client.jwk, 'Ed25519'), undefined)
  assert.deepEqual(parseJwk({ ...client.jwk, kid: 'more' }, 'X25519'), client.jwk)
})

test('content keys are kept in a bounded number, and are made again', () => {
  const few = createContentKeys(2)
  const first = few.of(server.privateKey, 'server', client.jwk.x, 'request')
  assert.equal(few.of(server.privateKey, 'server', client.jwk.x, 'request'), first)
  for (let round = 0; round < 3; round++) few.of(server.privateKey, 'server', agreePair().jwk.x, 'request')
  const again = few.of(server.privateKey, 'server', client.jwk.x, 'request')
  assert.notEqual(again, first)
  assert.ok(first && again?.equals(first))
})

test('a statement is believed of whoever signed it, for what it is, as it was signed', async () => {
  const [identity, other] = [signPair(), signPair()]
  const agreement = { tool: 'pay', principal: 'key alice', epk: thumbprintOf(client.jwk), key: server.jwk, iat: 1, exp: 2 }
  const said = stateAgreement(agreement, identity.privateKey)
  const stated = stateKeys([server.jwk], 1, identity.privateKey)
  assert.deepEqual(verifyAgreement(said, identity.jwk), agreement)
  assert.deepEqual(verifyKeys(stated, identity.jwk), [server.jwk])
  assert.equal(verifyAgreement(said, other.jwk), undefined)
  assert.equal(verifyKeys(said, identity.jwk), undefined)
  assert.equal(verifyAgreement(stated, identity.jwk), undefined)
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const decode = (text: string): JsonObject => JSON.parse(Buffer.from(text, 'base64url').toString()) as JsonObject
  const wrong: readonly Statement[] = [
    { ...said, payload: encode({ ...decode(said.payload), principal: 'key eve' }) },
    { ...said, protected: encode({ ...decode(said.protected), alg: 'none' }), signature: '' },
    { ...said, protected: encode({ ...decode(said.protected), alg: 'HS256' }) },
    { ...said, protected: encode({ ...decode(said.protected), crit: ['x'] }) },
    { ...said, signature: said.signature.slice(2) },
    { ...said, signature: stateAgreement({ ...agreement, tool: 'x' }, identity.privateKey).signature },
  ]
  for (const each of wrong) assert.equal(verifyAgreement(each, identity.jwk), undefined)
  for (const each of [undefined, null, 'text', [], {}, { ...said, payload: 1 }, { ...said, payload: 'x'.repeat(20_000) }])
    assert.equal(verifyAgreement(each, identity.jwk), undefined)
  const { payload } = await flattenedVerify({ ...said }, await importJWK({ ...identity.jwk }, 'EdDSA'))
  assert.equal((JSON.parse(Buffer.from(payload).toString()) as JsonObject)['tool'], 'pay')
})

test('an identity is followed from any that came before it, and from no other', () => {
  const [first, second, third, other] = [signPair(), signPair(), signPair(), signPair()]
  const chain = [stateSuccession(second.jwk, 1, first.privateKey), stateSuccession(third.jwk, 2, second.privateKey)]
  assert.ok(followSuccession(thumbprintOf(first.jwk), chain, third.jwk))
  assert.ok(followSuccession(thumbprintOf(second.jwk), chain, third.jwk))
  assert.ok(!followSuccession(thumbprintOf(other.jwk), chain, third.jwk))
  assert.ok(!followSuccession(thumbprintOf(first.jwk), chain.slice(1), third.jwk))
  assert.ok(!followSuccession(thumbprintOf(first.jwk), [...chain].reverse(), third.jwk))
  assert.ok(!followSuccession(thumbprintOf(first.jwk), chain, other.jwk))
  // Signed by the new one, in the name of the old.
  const forged = { ...stateSuccession(other.jwk, 3, other.privateKey), protected: (chain[0] as Statement).protected }
  assert.ok(!followSuccession(thumbprintOf(first.jwk), [forged], other.jwk))
  assert.ok(!followSuccession(thumbprintOf(first.jwk), Array(1_000).fill(chain[0]), third.jwk))
  assert.ok(!followSuccession(thumbprintOf(first.jwk), 'none', third.jwk))
})

const marked = {
  type: 'object',
  properties: {
    card: { type: 'string', maxLength: 19, title: 'Card', description: 'Number', encrypted: true },
    owner: {
      type: 'object',
      properties: { 'a/b': { type: 'integer', encrypted: true }, name: { type: 'string' } },
      additionalProperties: false,
    },
    // A property that is called so is no mark.
    encrypted: { type: 'boolean' },
  },
  required: ['card'],
}

test('a schema with marks becomes one with strings in their places, and comes back', () => {
  const taken = takeMarks(marked, false)
  assert.ok('paths' in taken)
  assert.deepEqual(taken.paths, [['card'], ['owner', 'a/b']])
  const wire = toWireSchema(taken.plain, taken.paths)
  assert.deepEqual(valueAt(wire, ['properties', 'card']), {
    type: 'string',
    title: 'Card',
    description: 'Number',
    'x-sallyport-encrypted': true,
    'x-sallyport-plain': { type: 'string', maxLength: 19, title: 'Card', description: 'Number' },
  })
  assert.deepEqual(valueAt(wire, ['properties', 'encrypted']), { type: 'boolean' })
  assert.deepEqual(fromWireSchema(wire), taken)
  assert.deepEqual(taken.paths.map(argumentPointer), ['/arguments/card', '/arguments/owner/a~1b'])
  const whole = takeMarks({ ...marked, encrypted: true }, true)
  assert.ok('paths' in whole)
  assert.deepEqual(whole.paths, [[]])
  assert.deepEqual(fromWireSchema(toWireSchema(whole.plain, whole.paths)), whole)
})

test('a mark where nothing can be sealed is a problem that names its place', () => {
  const item = { type: 'string', encrypted: true }
  const wrong: readonly [JsonObject, RegExp][] = [
    [{ type: 'object', encrypted: true }, /^: mark its properties/],
    [{ properties: { list: { type: 'array', items: item } } }, /^\/properties\/list\/items: only a property/],
    [{ properties: { list: { prefixItems: [item] } } }, /^\/properties\/list\/prefixItems\/0/],
    [{ $defs: { card: item }, properties: { card: { $ref: '#/$defs/card' } } }, /^\/\$defs\/card/],
    [{ anyOf: [{ properties: { card: item } }] }, /^\/anyOf\/0\/properties\/card/],
    [{ additionalProperties: item }, /^\/additionalProperties/],
    [{ patternProperties: { '^c': item } }, /^\/patternProperties\/\^c/],
    [{ properties: { card: { type: 'string', encrypted: 'yes' } } }, /^\/properties\/card\/encrypted: must be true or false/],
  ]
  for (const [schema, problem] of wrong) {
    const taken = takeMarks(schema, false)
    assert.match('problem' in taken ? taken.problem : 'none', problem)
  }
  // What is a value is no schema.
  const value = takeMarks({ properties: { it: { default: { encrypted: true }, enum: [{ encrypted: true }] } } }, false)
  assert.ok('paths' in value && value.paths.length === 0)
})

test('a wire schema that is marked in another way is not understood', () => {
  for (const node of [
    { 'x-sallyport-encrypted': 1 },
    { 'x-sallyport-encrypted': true },
    { 'x-sallyport-encrypted': true, 'x-sallyport-plain': 'x' },
  ])
    assert.equal(fromWireSchema({ properties: { card: node } }), undefined)
})

test('a value is put in its place in a copy, whatever the keys are called', () => {
  const of = JSON.parse('{"__proto__":{"card":1},"other":2}') as JsonObject
  const put = withValue(of, ['__proto__', 'card'], 'opened')
  assert.equal(JSON.stringify(put), '{"__proto__":{"card":"opened"},"other":2}')
  assert.equal(JSON.stringify(of), '{"__proto__":{"card":1},"other":2}')
  assert.equal(valueAt({}, ['constructor', 'name']), undefined)
})

test('what the sides say to each other is read strictly', () => {
  assert.deepEqual(readAgreeWord(toAgreeWord(client.jwk)), client.jwk)
  for (const word of [undefined, 1, '', 'sallyport-agree.', `sallyport-agree.${client.jwk.x}x`, client.jwk.x])
    assert.equal(readAgreeWord(word), undefined)
  const call = createCallId()
  const meta = { 'sallyport/encryption': { v: 1, epk: client.jwk, call } }
  assert.deepEqual(readCallEncryption(meta), { v: 1, epk: client.jwk, call })
  for (const wrong of [
    {},
    { v: 2, epk: client.jwk },
    { v: 1 },
    { v: 1, epk: client.jwk, call: 'x' },
    { v: 1, epk: { ...client.jwk, x: 'x' } },
  ])
    assert.equal(readCallEncryption({ 'sallyport/encryption': wrong }), undefined)
  const agreement = stateKeys([server.jwk], 1, signPair().privateKey)
  const refusal = { v: 1, agreement, problem: 'too_old' } as const
  assert.deepEqual(readRefusal({ _meta: { 'sallyport/encryption': refusal } }), refusal)
  const text = `Sentence (dec_1)\n${toRefusalLine(refusal)}`
  assert.deepEqual(readRefusal({ content: [{ type: 'text', text }] }), refusal)
  assert.equal(readRefusal({ content: [{ type: 'text', text: 'Sentence' }] }), undefined)
  assert.equal(readRefusal({ content: [{ type: 'text', text: '{"sallyport/encryption":{' }] }), undefined)
})

test('a private key that was kept as a JWK is the same key', () => {
  const again = createPrivateKey({ key: server.privateKey.export({ format: 'jwk' }), format: 'jwk' })
  assert.deepEqual(publicJwkOf(again), server.jwk)
})
