// What becomes of a schema that a server's own author wrote: which objects are closed and which are not, what is named as unbounded,
// what is refused and in which words.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { JsonObject, Violation } from '../../src/core/index.ts'
import { compileCheck, compileResultCheck, type OwnSchema, understandOwn } from '../../src/schema/index.ts'
import { cpuMs } from '../support/cpu.ts'

const text = { type: 'string', maxLength: 10 }
const of = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
/** A condition, and what follows from it. */
// oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword
const when = (condition: JsonObject, then: JsonObject, more: JsonObject = {}): JsonObject => ({ if: condition, then, ...more })
type Understood = Extract<OwnSchema, { check: unknown }>

function understand(schema: JsonObject): Understood {
  const understood = understandOwn(schema)
  assert.ok('check' in understood, 'problems' in understood ? understood.problems.join('; ') : '')
  return understood
}
function problemsOf(schema: JsonObject): readonly string[] {
  const understood = understandOwn(schema)
  return 'problems' in understood ? understood.problems : assert.fail('should have been refused')
}
const ruleFor = (schema: JsonObject, args: unknown): string | undefined => understand(schema).check(args)?.rule

describe('an object that does not say what else it takes', () => {
  it('takes nothing else, wherever it stands', () => {
    const schema = of({
      a: of({ b: text }),
      list: { type: 'array', maxItems: 3, items: of({ c: text }) },
      map: { type: 'object', additionalProperties: of({ d: text }) },
    })
    assert.equal(understand(schema).check({ a: { b: 'x' }, list: [{ c: 'x' }], map: { any: { d: 'x' } } }), undefined)
    for (const [args, path] of [
      [{ x: 1 }, 'arguments'],
      [{ a: { x: 1 } }, 'arguments/a'],
      [{ list: [{ x: 1 }] }, 'arguments/list/0'],
      [{ map: { any: { x: 1 } } }, 'arguments/map/any'],
    ] as const)
      assert.deepEqual(understand(schema).check(args), { path, rule: 'must NOT have additional properties' })
  })
  it('is shown closed, and the author’s object is left alone', () => {
    const schema = Object.freeze(of(Object.freeze({ a: Object.freeze(of({})) })))
    const shown = understand(schema).schema
    assert.deepEqual(shown, of({ a: of({}, { additionalProperties: false }) }, { additionalProperties: false }))
    assert.deepEqual(schema, of({ a: of({}) }))
  })
  it('takes what the author says', () => {
    for (const additionalProperties of [true, {}, { type: 'number' }])
      assert.equal(ruleFor(of({}, { additionalProperties }), { x: 1 }), undefined)
    assert.equal(ruleFor(of({}, { unevaluatedProperties: { type: 'number' } }), { x: 1 }), undefined)
    assert.match(ruleFor(of({}, { patternProperties: { '^x': text } }), { y: '' }) ?? '', /additional/)
  })
  it('has no type at the root either', () => {
    assert.deepEqual(understand({ properties: { a: text } }).schema, { ...of({ a: text }), additionalProperties: false })
    assert.match(ruleFor({}, { a: 1 }) ?? '', /additional/)
  })
})

describe('an object that several schemas describe together', () => {
  it('takes what one of them names, and nothing that none does', () => {
    const cases: [JsonObject, JsonObject][] = [
      [of({ a: text }, { allOf: [of({ b: text })] }), { a: '', b: '' }],
      [of({ a: text }, when({ required: ['a'] }, of({ b: text }), { else: of({ b: text }) })), { a: '', b: '' }],
      [of({ a: text }, { anyOf: [of({ b: text }), of({ c: text })] }), { a: '', c: '' }],
      [of({ a: text }, { dependentSchemas: { a: of({ b: text }) } }), { a: '', b: '' }],
      [of({ a: text }, { $ref: '#/$defs/more', $defs: { more: of({ b: text }) } }), { a: '', b: '' }],
      [
        of({}, { allOf: [{ $ref: '#/$defs/one' }, { $ref: '#/$defs/two' }], $defs: { one: of({ a: text }), two: of({ b: text }) } }),
        { a: '', b: '' },
      ],
      [of({}, { allOf: [{ $ref: '#one' }, of({ b: text })], $defs: { one: { $anchor: 'one', ...of({ a: text }) } } }), { a: '', b: '' }],
      [of({ a: text, b: text }, { allOf: [{ anyOf: [{ required: ['a'] }, { required: ['b'] }] }] }), { a: '', b: '' }],
    ]
    for (const [schema, args] of cases) {
      assert.equal(ruleFor(schema, args), undefined, JSON.stringify(schema))
      assert.match(ruleFor(schema, { ...args, x: 1 }) ?? '', /additional|unevaluated/, JSON.stringify(schema))
    }
  })
  it('is closed in each alternative, where there is nothing but alternatives', () => {
    const schema = { anyOf: [of({ a: text }), { $ref: '#/$defs/b' }], $defs: { b: of({ b: text }) } }
    assert.equal(ruleFor(schema, { a: '' }), undefined)
    assert.equal(ruleFor(schema, { b: '' }), undefined)
    for (const args of [{ a: '', b: '' }, { x: 1 }]) assert.ok(ruleFor(schema, args), JSON.stringify(args))
    // These add to an object that nobody has described: it has no properties.
    assert.ok(ruleFor({ type: 'object', anyOf: [{ required: ['a'] }, {}] }, { a: 1 }))
  })
  it('is closed where a definition stands alone, though it is a part elsewhere', () => {
    const schema = of(
      { alone: { $ref: '#/$defs/node' }, part: { allOf: [{ $ref: '#/$defs/node' }, of({ more: text })] } },
      { $defs: { node: of({ name: text, next: { $ref: '#/$defs/node' } }) } },
    )
    assert.equal(ruleFor(schema, { alone: { name: '', next: { name: '' } }, part: { name: '', more: '' } }), undefined)
    for (const args of [{ alone: { more: '' } }, { alone: { next: { x: 1 } } }, { part: { x: 1 } }])
      assert.match(ruleFor(schema, args) ?? '', /unevaluated|additional/, JSON.stringify(args))
  })
  it('is not closed in what only asks a question', () => {
    const condition = {
      properties: { where: { type: 'object', properties: { country: { const: 'US' } }, required: ['country'] } },
      required: ['where'],
    }
    const where = of({ country: text, zip: text })
    const conditional = of({ where, note: text }, when(condition, { required: ['note'] }))
    assert.match(ruleFor(conditional, { where: { country: 'US', zip: '1' } }) ?? '', /required property 'note'/)
    const not = of({ where }, { not: condition })
    assert.ok(ruleFor(not, { where: { country: 'US', zip: '1' } }))
    assert.equal(ruleFor(not, { where: { country: 'CH', zip: '1' } }), undefined)
    const contains = of({
      list: {
        type: 'array',
        maxItems: 3,
        items: of({ a: text, b: text }),
        contains: { type: 'object', properties: { a: { const: 'x' } } },
        maxContains: 0,
        minContains: 0,
      },
    })
    assert.ok(ruleFor(contains, { list: [{ a: 'x', b: 'y' }] }))
  })
  it('stays open where closing would refuse what another part allows, and that is named', () => {
    const shared = of({ at: of({ a: text }) }, { allOf: [of({ at: of({ b: text }) })] })
    const { check, unbounded } = understand(shared)
    assert.equal(check({ at: { a: '', b: '' } }), undefined)
    assert.deepEqual(unbounded, [
      '/properties/at: takes any properties: say additionalProperties: false, or maxProperties',
      '/allOf/0/properties/at: takes any properties: say additionalProperties: false, or maxProperties',
    ])
    const draft = of({ a: text }, { allOf: [of({ b: text })], $schema: 'http://json-schema.org/draft-07/schema#' })
    assert.equal(ruleFor(draft, { a: '', b: '' }), undefined)
    assert.deepEqual(understand(draft).unbounded, ['/: takes any properties: say additionalProperties: false, or maxProperties'])
  })
})

describe('what is not bounded', () => {
  const unbounded = (property: unknown, more: JsonObject = {}) => understand(of({ x: property }, more)).unbounded
  it('is named with its place', () => {
    assert.deepEqual(unbounded({ type: 'string' }), ['/properties/x: has no maxLength'])
    assert.deepEqual(unbounded({ type: ['string', 'null'], pattern: '^a+$' }), ['/properties/x: has no maxLength'])
    assert.deepEqual(unbounded({ type: 'array', items: text }), ['/properties/x: has no maxItems'])
    assert.deepEqual(unbounded({ type: 'array', maxItems: 2 }), ['/properties/x: has no items: they may be of any kind'])
    assert.deepEqual(unbounded({ type: 'array', maxItems: 2, items: { type: 'string' } }), ['/properties/x/items: has no maxLength'])
    const open = '/properties/x: takes any properties: say additionalProperties: false, or maxProperties'
    assert.deepEqual(unbounded({ type: 'object', additionalProperties: true }), [open])
    assert.deepEqual(unbounded({ type: 'object', additionalProperties: text }), [open])
    assert.deepEqual(unbounded({ type: 'object', patternProperties: { '^a': text } }), [open])
    for (const any of [true, {}, { description: 'anything' }, { minLength: 1 }])
      assert.deepEqual(unbounded(any), ['/properties/x: takes a value of any kind'])
    assert.deepEqual(unbounded({ $ref: '#/$defs/a~1b' }, { $defs: { 'a/b': { type: 'string' } } }), ['/$defs/a~1b: has no maxLength'])
    assert.deepEqual(unbounded({ anyOf: [text, { type: 'string' }] }), ['/properties/x/anyOf/1: has no maxLength'])
  })
  it('is not named where a bound stands somewhere else', () => {
    for (const bounded of [
      text,
      { enum: ['a'] },
      { const: 'a' },
      { type: 'string', enum: ['a'] },
      { type: 'number' },
      { type: 'boolean' },
      { type: 'null' },
      { type: 'string', format: 'uuid' },
      { type: 'string', allOf: [{ maxLength: 3 }] },
      { maxLength: 3, anyOf: [{ type: 'string' }, { type: 'null' }] },
      { type: 'array', items: text, maxItems: 3 },
      { type: 'array', prefixItems: [text], items: false },
      { type: 'object', additionalProperties: text, maxProperties: 4 },
      { type: 'string', not: { type: 'array' }, maxLength: 1 },
      false,
    ])
      assert.deepEqual(unbounded(bounded), [], JSON.stringify(bounded))
    assert.deepEqual(unbounded({ $ref: '#/$defs/a' }, { $defs: { a: text } }), [])
    assert.deepEqual(unbounded({ type: 'object', properties: { next: { $ref: '#/properties/x' } } }), [])
  })
  it('has the length of its format, which is checked', () => {
    assert.match(ruleFor(of({ id: { type: 'string', format: 'uuid' } }), { id: 'x'.repeat(37) }) ?? '', /more than 36/)
    assert.equal(ruleFor(of({ id: { type: 'string', format: 'uri' } }), { id: `x:${'x'.repeat(370)}` }), undefined)
    assert.deepEqual(unbounded({ type: 'string', format: 'uri' }), ['/properties/x: has no maxLength'])
  })
})

describe('a schema that cannot be kept', () => {
  it('is refused with every pattern that the linear engine does not know', () => {
    const schema = of({ a: { type: 'string', pattern: '(?=a)' }, 'b/c': { patternProperties: { '(a)\\1': {} } }, fine: { pattern: '^a$' } })
    assert.deepEqual(problemsOf(schema), [
      '/properties/a/pattern: is not understood by the linear-time engine (RE2: no look-around, no back-references)',
      '/properties/b~1c/patternProperties/(a)\\1: is not understood by the linear-time engine (RE2: no look-around, no back-references)',
    ])
  })
  it('is refused for what the compiler refuses', () => {
    const cases: [JsonObject, RegExp][] = [
      [{ type: 'string' }, /must be of type "object"/],
      [of({ a: { $ref: 'https://example.com/a.json' } }), /refers to something outside itself/],
      [of({ a: { $ref: '#/$defs/nothing' } }), /refers to something outside itself, or to nothing/],
      [of({ a: { type: 'text' } }), /not valid JSON Schema/],
      [of({}, { $schema: 'http://json-schema.org/draft-04/schema#' }), /dialect/],
      [of({ a: { 'x-mcp-header': 'A b', type: 'string' } }), /x-mcp-header/],
      [of({ a: { $async: true } }), /\$async/],
    ]
    for (const [schema, problem] of cases) assert.match(problemsOf(schema).join('; '), problem)
    let deep: JsonObject = {}
    for (let level = 0; level < 40; level++) deep = of({ a: deep })
    assert.match(problemsOf(deep).join(), /deeper than 64/)
    const circle: Record<string, unknown> = {}
    circle['properties'] = { circle }
    assert.match(problemsOf(circle).join(), /deeper than 64/)
  })
  it('does not take long, however its references double', () => {
    const $defs: Record<string, JsonObject> = { a30: of({ q: text }) }
    for (let i = 0; i < 30; i++) $defs[`a${i}`] = { allOf: [{ $ref: `#/$defs/a${i + 1}` }, { $ref: `#/$defs/a${i + 1}` }] }
    assert.ok(cpuMs(() => void understandOwn(of({ p: { $ref: '#/$defs/a0' } }, { $defs }))) < 1_000)
  })
})

describe('a result', () => {
  function check(schema: JsonObject, result: JsonObject) {
    const compiled = compileResultCheck(schema)
    return 'check' in compiled ? compiled.check(result) : assert.fail(compiled.problem)
  }
  it('must have what the output schema promises, unless it is an error', () => {
    const schema = of({ sum: { type: 'number' } }, { required: ['sum'] })
    assert.equal(check(schema, { content: [], structuredContent: { sum: 1, more: 1 } }), undefined)
    assert.deepEqual(check(schema, { structuredContent: { sum: 'secret' } }), { path: 'structuredContent/sum', rule: 'must be number' })
    assert.equal(check(schema, { content: [] })?.path, 'structuredContent')
    assert.equal(check(schema, { content: [], isError: true }), undefined)
    assert.ok(check(schema, { content: [], isError: 'yes' }))
  })
  it('may be any JSON value', () => {
    assert.equal(check({ type: 'array', items: { type: 'integer' } }, { structuredContent: [1, 2] }), undefined)
    assert.equal(check({ type: 'null' }, { structuredContent: null }), undefined)
    assert.deepEqual(check({ const: 0 }, { structuredContent: {} }), { path: 'structuredContent', rule: 'must be equal to constant' })
  })
  it('has problems in words of its own', () => {
    const compiled = compileResultCheck({ $ref: 'https://example.com/x' })
    assert.deepEqual(compiled, { problem: 'an output schema that refers to something outside itself, or to nothing' })
  })
})

/** A small grammar of schemas: enough of each kind of keyword to put them together in every way. */
const { schema: anySchema } = fc.letrec<{ schema: JsonObject; object: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<JsonObject>(
      { type: 'string' },
      { type: 'string', pattern: '^(a+)+$' },
      { type: 'number' },
      { enum: ['a', 1] },
      {},
      { type: ['string', 'null'], maxLength: 2 },
      { $ref: '#' },
      { $ref: '#/$defs/d' },
    ),
    tie('object'),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('schema') }),
  ),
  object: fc.record(
    {
      type: fc.constant('object'),
      properties: fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'c/d'), tie('schema'), { maxKeys: 3 }),
      required: fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      if: tie('schema'),
      // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword
      then: tie('schema'),
      $ref: fc.constantFrom('#', '#/$defs/d'),
    },
    { requiredKeys: ['type'] },
  ),
}))
const root = fc.record(
  {
    type: fc.constant('object'),
    properties: fc.dictionary(fc.constantFrom('a', 'b'), anySchema),
    $defs: fc.record({ d: anySchema }),
    allOf: fc.array(anySchema, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['type', '$defs'] },
)
const asks = (schema: unknown): boolean => /"(?:not|oneOf|if)"/.test(JSON.stringify(schema))

describe('any schema of a small grammar, and any value', () => {
  it('is answered: the check never throws, and never takes long', () => {
    fc.assert(
      fc.property(root, fc.array(fc.oneof(fc.jsonValue(), fc.anything()), { minLength: 1, maxLength: 4 }), (schema, values) => {
        const understood = understandOwn(schema)
        if ('problems' in understood) return
        for (const value of values) {
          let violation: Violation | undefined
          assert.ok(cpuMs(() => void (violation = understood.check(value))) < 100)
          if (violation) assert.ok(violation.path.startsWith('arguments') && violation.rule !== '')
        }
      }),
      { numRuns: 200 },
    )
  })
  it('is only ever made stricter', () => {
    let accepted = 0
    const value = fc.dictionary(
      fc.constantFrom('a', 'b', 'x'),
      fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('a', 1, {}, { a: 'a' }, { b: {} })),
      { maxKeys: 3 },
    )
    fc.assert(
      fc.property(root, fc.array(value, { minLength: 5, maxLength: 5 }), (schema, values) => {
        // A question that is answered otherwise may let something else through, whoever is stricter.
        fc.pre(!asks(schema))
        const [mine, theirs] = [understandOwn(schema), compileCheck(schema)]
        assert.equal('problems' in mine, 'problem' in theirs)
        if ('problems' in mine || 'problem' in theirs) return
        for (const each of values) {
          if (mine.check(each) !== undefined) continue
          accepted++
          assert.equal(theirs.check(each), undefined)
        }
      }),
      { numRuns: 200 },
    )
    assert.ok(accepted > 50, `${accepted}`)
  })
})
