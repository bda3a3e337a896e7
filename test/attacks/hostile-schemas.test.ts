// Schemas that are meant to switch their own check off, to make it take for ever, or to reach into another tool's.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { JsonObject } from '../../src/core/index.ts'
import { compileCheck, createChecks } from '../../src/schema/index.ts'
import { verifies } from '../requirements.ts'
import { cpuMs } from '../support/cpu.ts'

verifies('bounded-input')

const of = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
function check(schema: JsonObject, args: unknown) {
  const compiled = compileCheck(schema)
  assert.ok('check' in compiled, 'problem' in compiled ? compiled.problem : '')
  return compiled.check(args)
}
function problem(schema: JsonObject): string {
  const compiled = compileCheck(schema)
  return 'problem' in compiled ? compiled.problem : assert.fail('should have been refused')
}
const dialects = [
  'https://json-schema.org/draft/2020-12/schema',
  'https://json-schema.org/draft/2019-09/schema',
  'http://json-schema.org/draft-07/schema#',
]

it('an asynchronous check, whose promise would count as a yes, is refused wherever it is asked for', () => {
  const inner = { $async: true, type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
  for (const $schema of dialects) {
    assert.match(problem({ ...inner, $schema }), /\$async/)
    for (const schema of [
      of({ a: inner }),
      of({}, { allOf: [inner] }),
      of({ a: { $ref: '#/$defs/a' } }, { $defs: { a: inner } }),
      of({}, { if: inner }),
    ])
      assert.match(problem({ ...schema, $schema }), /\$async/)
  }
  assert.match(problem({ ...inner, $async: false }), /\$async/)
  // An argument that is called so is none.
  assert.equal(check(of({ $async: { type: 'number' } }), { $async: 'x' })?.path, 'arguments/$async')
})

it('keywords that only the compiler knows mean nothing', () => {
  assert.equal(check(of({ a: { type: 'string', nullable: true } }), { a: null })?.path, 'arguments/a')
  assert.equal(check(of({ a: { type: 'string', id: 'x', 'x-sallyport-step': true } }), { a: 1 })?.path, 'arguments/a')
  assert.equal(check(of({ a: { type: 'string', discriminator: { propertyName: 'k' } } }), { a: 1 })?.path, 'arguments/a')
  assert.match(problem(of({ a: { type: 'number', maximum: { $data: '1/b' } }, b: {} })), /not valid/)
  assert.match(problem({ type: 'object', $schema: 12 }), /dialect/)
})

it('a reference leads to something that was read, or refuses the tool', () => {
  // Behind a keyword that nobody knows, steps would not be counted: 2^30 of them.
  const x: Record<string, JsonObject> = { a30: {} }
  for (let i = 0; i < 30; i++) x[`a${i}`] = { allOf: [{ $ref: `#/x/a${i + 1}` }, { $ref: `#/x/a${i + 1}` }] }
  assert.match(problem(of({ p: { $ref: '#/x/a0' } }, { x })), /refers to/)
  for (const $ref of ['#/properties', '#/properties/a/enum/0', '#/required', '#/default', '#nowhere', '#/%zz', '#/$defs/__proto__', ''])
    assert.match(problem(of({ a: { enum: [{}] }, b: { $ref } }, { required: [], default: {} })), /refers to/, $ref)
  for (const keyword of ['$ref', '$dynamicRef', '$recursiveRef'])
    assert.match(problem(of({ b: { [keyword]: '#/x/a30' } }, { x, $schema: dialects[1] })), /refers to/, keyword)
  assert.match(problem(of({ b: { $ref: '#/$defs/a', $dynamicRef: '#/$defs/a' } }, { $defs: { a: {} } })), /two references/)
})

it('references that honest schemas have still mean what they say', () => {
  const $defs = {
    'a/b': { type: 'string' },
    'a~b': { type: 'number' },
    'ä b': { type: 'boolean' },
    no: false,
    named: { $anchor: 'here', type: 'null' },
  }
  const refs = {
    slash: '#/$defs/a~1b',
    tilde: '#/$defs/a~0b',
    encoded: '#/$defs/%C3%A4%20b',
    no: '#/$defs/no',
    anchor: '#here',
    other: '#/properties/plain',
  }
  const schema = of({ plain: { const: 1 }, ...Object.fromEntries(Object.entries(refs).map(([name, $ref]) => [name, { $ref }])) }, { $defs })
  assert.equal(check(schema, { slash: 's', tilde: 1, encoded: true, anchor: null, other: 1 }), undefined)
  for (const [name, wrong] of [
    ['slash', 1],
    ['tilde', 's'],
    ['encoded', 's'],
    ['no', 1],
    ['anchor', 1],
    ['other', 2],
  ] as const)
    assert.equal(check(schema, { [name]: wrong })?.path, `arguments/${name}`)

  const tree = of({ next: { $ref: '#' } }, { additionalProperties: false })
  assert.equal(check(tree, { next: { next: {} } }), undefined)
  assert.equal(check(tree, { next: { next: { x: 1 } } })?.path, 'arguments/next/next')
  const dynamic = of({ next: { $dynamicRef: '#node' } }, { $dynamicAnchor: 'node', unevaluatedProperties: false })
  assert.equal(check(dynamic, { next: { x: 1 } })?.path, 'arguments/next')
  const recursive = of({ next: { $recursiveRef: '#' } }, { $recursiveAnchor: true, unevaluatedProperties: false, $schema: dialects[1] })
  assert.equal(check(recursive, { next: { x: 1 } })?.path, 'arguments/next')
})

it('one tool’s schema leaves nothing behind that another could refer to', () => {
  const address = 'https://shared.example/address.json'
  check(of({ q: { $id: address, type: 'object' } }), { q: {} })
  assert.match(problem(of({ z: { $ref: address } })), /refers to/)
  for (const $id of [dialects[0], 'https://json-schema.org/draft/2020-12/meta/core'])
    assert.equal(check(of({ a: { $id, type: 'number' } }), { a: 1 }), undefined)
  assert.match(problem(of({ a: { $ref: '#/$defs/x' } }, { $defs: { x: { $id: address, type: 'number' } } })), /\$id/)
  assert.equal(check(of({ a: { type: 'number' } }), { a: 'x' })?.path, 'arguments/a')
})

it('patterns that cost too much are refused at import, or given up at the call, and that is a no', () => {
  const large = (count: number) =>
    of({ a: { type: 'string', anyOf: Array.from({ length: count }, (_, i) => ({ pattern: `^(a|aa|aaa){1,${200 + (i % 50)}}$` })) } })
  const cost = cpuMs(() => {
    assert.match(problem(large(900)), /patterns are too large/)
    assert.match(check(large(3), { a: `${'a'.repeat(60_000)}!` })?.rule ?? '', /cannot be checked/)
  })
  assert.ok(cost < 1500, `${cost} ms`)
})

it('the first call, which compiles, does not take long for the largest schema that is let in', () => {
  const $defs = Object.fromEntries(Array.from({ length: 498 }, (_, i) => [`d${i}`, { type: 'string' }]))
  const schema = of(Object.fromEntries(Object.keys($defs).map((name) => [name, { $ref: `#/$defs/${name}` }])), { $defs })
  const cost = cpuMs(() => assert.equal(check(schema, { d1: 1 })?.path, 'arguments/d1'))
  assert.ok(cost < 4000, `${cost} ms`)
  const names = <T>(value: T) => Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`p${i}`, value]))
  for (const more of [{ properties: names({}) }, { dependentRequired: names(['a']) }, { anyOf: Array.from({ length: 1000 }, () => false) }])
    assert.match(problem(of({}, more)), /parts/)
})

it('a list that is read again compiles nothing twice, and keeps nothing that it no longer has', () => {
  const checks = createChecks()
  const schema = (i: number) => of({ a: { type: 'string', maxLength: i } })
  const first = checks.understand(schema(1))
  checks.sweep()
  assert.equal(checks.understand({ properties: { a: { maxLength: 1, type: 'string' } }, type: 'object' }), first)
  assert.notEqual(checks.understand(schema(2)), first)
  checks.sweep()
  checks.sweep()
  assert.notEqual(checks.understand(schema(1)), first)
})
