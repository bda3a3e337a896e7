import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../src/core/index.ts'
import { compileCheck, mirrorsOf, promptCheck } from '../../src/schema/index.ts'
import { cpuMs } from '../support/cpu.ts'

function check(schema: JsonObject, args: unknown): { path: string; rule: string } | undefined {
  const compiled = compileCheck(schema)
  assert.ok('check' in compiled, 'problem' in compiled ? compiled.problem : '')
  return compiled.check(args)
}
function problem(schema: JsonObject): string {
  const compiled = compileCheck(schema)
  return 'problem' in compiled ? compiled.problem : assert.fail('should have been refused')
}
const of = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })

test('arguments are checked, and what is wrong is told by path and rule, never by value', () => {
  const schema = of(
    { name: { type: 'string', maxLength: 5 }, level: { enum: ['low', 'high'] }, list: { type: 'array', items: { type: 'integer' } } },
    { required: ['name'], additionalProperties: false },
  )
  assert.equal(check(schema, { name: 'ok', level: 'low', list: [1] }), undefined)
  assert.deepEqual(check(schema, {}), { path: 'arguments', rule: "must have required property 'name'" })
  assert.deepEqual(check(schema, undefined), { path: 'arguments', rule: "must have required property 'name'" })
  for (const args of [
    { name: 'hunter2hunter2' },
    { name: 'x', level: 'hunter2' },
    { name: 'x', list: ['hunter2'] },
    { name: 'x', hunter2: 1 },
  ]) {
    const violation = check(schema, args)
    assert.ok(violation)
    assert.ok(!JSON.stringify(violation).includes('hunter2'), JSON.stringify(violation))
  }
  assert.equal(check(schema, { name: 'x', list: [1, 'a'] })?.path, 'arguments/list/1')
})

test('each pattern is its own', () => {
  // ajv keeps compiled patterns by their text form: with a shared one, the second would be taken for the first.
  const schema = of({ a: { type: 'string', pattern: '^a+$' }, b: { type: 'string', pattern: '^b+$' } })
  assert.equal(check(schema, { a: 'aaa', b: 'bbb' }), undefined)
  assert.equal(check(schema, { b: 'aaa' })?.path, 'arguments/b')
  assert.equal(check(of({ c: { type: 'string', pattern: '^c+$' } }), { c: 'aaa' })?.path, 'arguments/c')
})

test('a pattern that takes for ever elsewhere takes no time, and one that RE2 cannot say is refused', () => {
  const match = (): void => assert.ok(check(of({ a: { type: 'string', pattern: '^(a+)+$' } }), { a: `${'a'.repeat(5000)}b` }))
  assert.ok(cpuMs(match) < 500)
  for (const pattern of ['(?=a)b', '(a)\\1', '(']) assert.match(problem(of({ a: { type: 'string', pattern } })), /pattern/)
  assert.match(problem(of({}, { patternProperties: { '(?!x)': {} } })), /pattern/)
  assert.ok(check(of({ a: { type: 'string', pattern: 'a' } }), { a: 'a'.repeat(70_000) }), 'beyond the bound a pattern does not match')
})

test('draft-07 and 2019-09 are understood, other dialects refused', () => {
  const tuple = { a: { type: 'array', items: [{ type: 'string' }, { type: 'number' }], additionalItems: false } }
  for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2019-09/schema']) {
    assert.equal(check(of(tuple, { $schema }), { a: ['x', 1] }), undefined)
    assert.equal(check(of(tuple, { $schema }), { a: ['x', 'y'] })?.path, 'arguments/a/1')
  }
  assert.equal(check(of({ a: { type: 'array', prefixItems: [{ type: 'string' }] } }), { a: [1] })?.path, 'arguments/a/0')
  assert.match(problem(of({}, { $schema: 'http://json-schema.org/draft-04/schema#' })), /dialect/)
  assert.match(problem(of({}, { $schema: 'https://evil.example/schema' })), /dialect/)
})

test('nothing is fetched, and references stay within the schema', () => {
  for (const $ref of ['https://evil.example/schema.json', 'file:///etc/passwd', '#/$defs/absent', 'other.json'])
    assert.match(problem(of({ a: { $ref } })), /refers to/)
  const tree = of(
    { a: { $ref: '#/$defs/node' } },
    { $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, additionalProperties: false } } },
  )
  assert.equal(check(tree, { a: { next: { next: {} } } }), undefined)
  assert.equal(check(tree, { a: { next: { next: { x: 1 } } } })?.path, 'arguments/a/next/next')
})

test('two tools with the same $id do not see each other', () => {
  const first = of({ a: { type: 'string' } }, { $id: 'https://a.example/same' })
  const second = of({ a: { type: 'number' } }, { $id: 'https://a.example/same' })
  assert.equal(check(first, { a: 'x' }), undefined)
  assert.equal(check(second, { a: 'x' })?.path, 'arguments/a')
  assert.match(problem(of({ a: { $ref: 'https://a.example/same' } })), /refers to/)
})

test('a schema that costs too much is refused, or refuses', () => {
  let deep: JsonObject = { type: 'string' }
  for (let i = 0; i < 3000; i++) deep = { type: 'object', properties: { a: deep } }
  assert.match(problem(deep), /nested deeper/)
  assert.match(problem(of({ a: { type: 'string', description: 'x'.repeat(300_000) } })), /characters/)
  assert.match(problem(of(Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`p${i}`, { type: 'string' }])))), /parts/)

  // Each definition refers to the next one twice: 2^40 steps for one string.
  const $defs: Record<string, JsonObject> = { d40: { type: 'string' } }
  for (let i = 0; i < 40; i++) $defs[`d${i}`] = { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] }
  const follow = (): void => assert.match(check(of({ a: { $ref: '#/$defs/d0' } }, { $defs }), { a: 'x' })?.rule ?? '', /cannot be checked/)
  assert.ok(cpuMs(follow) < 2000)
  // A reference that leads back to itself without taking anything in.
  const loop = compileCheck(of({ a: { $ref: '#/$defs/a' } }, { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }))
  assert.ok('problem' in loop || /cannot be checked/.test(loop.check({ a: 1 })?.rule ?? ''))
})

test('uniqueItems is not quadratic, and knows that the order of keys does not matter', () => {
  const schema = of({ a: { type: 'array', uniqueItems: true } })
  assert.equal(check(schema, { a: [1, '1', { x: 1 }, { x: 2 }] }), undefined)
  assert.equal(
    check(schema, {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    })?.rule,
    'must NOT have duplicate items',
  )
  const many = Array.from({ length: 20_000 }, (_, i) => ({ i }))
  assert.ok(cpuMs(() => assert.equal(check(schema, { a: many }), undefined)) < 1000)
})

test('inherited names count for nothing', () => {
  const schema = of(
    { constructor: { type: 'string' }, toString: { type: 'string' } },
    { required: ['toString'], additionalProperties: { type: 'number' } },
  )
  assert.equal(check(schema, {})?.rule, "must have required property 'toString'")
  assert.equal(check(schema, JSON.parse('{"toString":"x","__proto__":"y"}'))?.path, 'arguments/__proto__')
})

test('x-mcp-header is read where the rules allow it', () => {
  const schema = of({
    region: { type: 'string', 'x-mcp-header': 'Region' },
    deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
    plain: { type: 'string' },
  })
  assert.deepEqual(mirrorsOf(schema), {
    mirrors: [
      { header: 'mcp-param-region', path: ['region'], type: 'string' },
      { header: 'mcp-param-count', path: ['deep', 'count'], type: 'integer' },
    ],
  })
  // A property that is called so, or a value that looks like one, is none.
  assert.deepEqual(mirrorsOf(of({ 'x-mcp-header': { type: 'string' }, a: { const: { 'x-mcp-header': 'A' } } })), { mirrors: [] })
})

test('an x-mcp-header that breaks a rule excludes its tool', () => {
  const header = (value: unknown, type: unknown = 'string'): JsonObject => ({ type, 'x-mcp-header': value })
  for (const properties of [
    { a: header('') },
    { a: header('a b') },
    { a: header('a\r\nb') },
    { a: header(1) },
    { a: header('A', 'number') },
    { a: header('A', 'object') },
    { a: header('A', ['string', 'null']) },
    { a: header('Same'), b: header('same') },
    { a: { type: 'array', items: header('A') } },
    { a: { anyOf: [header('A')] } },
  ])
    assert.ok('problem' in mirrorsOf(of(properties)), JSON.stringify(properties))
  for (const more of [{ 'x-mcp-header': 'Root' }, { $defs: { a: header('A') } }, { if: of({ a: header('A') }) }])
    assert.ok('problem' in mirrorsOf(of({}, more)), JSON.stringify(more))
})

test('a prompt’s arguments are strings, and the required ones are there', () => {
  const check = promptCheck([{ name: 'city', required: true }, { name: 'state' }])
  assert.equal(check?.({ city: 'Paris' }), undefined)
  assert.deepEqual(check?.({}), { path: 'arguments', rule: "must have required property 'city'" })
  assert.deepEqual(check?.({ city: 1 }), { path: 'arguments/city', rule: 'must be string' })
  assert.equal(promptCheck(undefined)?.(undefined), undefined)
  assert.equal(promptCheck('no list'), undefined)
  assert.equal(promptCheck([{ title: 'no name' }]), undefined)
})
