// Schemas of libraries, in the place of JSON Schema: Zod, and a library of our own that has only what the standard asks for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import type { JsonObject } from '../../src/core/index.ts'
import type { StandardIssue, StandardSchema } from '../../src/server/definitions/index.ts'
import { createParse } from '../../src/server/definitions/standard-schema.ts'
import { defineTool } from '../support/definitions.ts'

const execute = (): string => 'done'
const tool = (parameters: unknown) => defineTool({ name: 'a', parameters, execute })
const inputSchema = (parameters: unknown): JsonObject => {
  const { entry, problems } = tool(parameters)
  assert.deepEqual(problems, [])
  return entry?.definition['inputSchema'] as JsonObject
}

/** A library: says what `issues` says, emits `schema`. */
function library(schema: JsonObject | undefined, issues: (value: unknown) => readonly StandardIssue[] = () => []): StandardSchema {
  const emit = (): JsonObject => schema ?? {}
  return {
    '~standard': {
      version: 1,
      vendor: 'ours',
      validate(value) {
        const found = issues(value)
        return found.length > 0 ? { issues: found } : { value }
      },
      ...(schema ? { jsonSchema: { input: emit, output: emit } } : {}),
    },
  }
}

describe('a Zod schema', () => {
  it('is shown as JSON Schema, closed', () => {
    assert.deepEqual(inputSchema(z.object({ a: z.string().max(3), b: z.number().optional() })), {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { a: { type: 'string', maxLength: 3 }, b: { type: 'number' } },
      required: ['a'],
      additionalProperties: false,
    })
    assert.deepEqual(inputSchema(z.looseObject({ a: z.boolean() }))['additionalProperties'], {})
    const union = inputSchema(z.discriminatedUnion('k', [z.object({ k: z.literal('a') }), z.object({ k: z.literal('b'), n: z.number() })]))
    assert.deepEqual(
      (union['oneOf'] as JsonObject[]).map((each) => each['additionalProperties']),
      [false, false],
    )
    const { entry } = tool(z.intersection(z.object({ a: z.boolean() }), z.object({ b: z.boolean() })))
    assert.equal(entry?.check?.({ a: true, b: true }), undefined)
    assert.match(entry?.check?.({ a: true, b: true, c: true })?.rule ?? '', /properties/)
  })
  it('of every kind that is bounded needs no warning; formats of Zod run on the linear engine', () => {
    const schema = z.object({
      email: z.email(),
      uuid: z.uuid(),
      when: z.iso.datetime(),
      date: z.iso.date(),
      ip: z.ipv4(),
      int: z.int(),
      one: z.enum(['a', 'b']),
      list: z.array(z.boolean()).max(3),
      tuple: z.tuple([z.literal(1), z.null()]),
    })
    const { problems, warnings, entry } = tool(schema)
    assert.deepEqual([problems, warnings], [[], []])
    const args = {
      email: 'ana@example.com',
      uuid: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      when: '2026-07-28T10:00:00Z',
      date: '2026-07-28',
      ip: '127.0.0.1',
      int: 3,
      one: 'a',
      list: [],
      tuple: [1, null],
    }
    assert.equal(entry?.check?.(args), undefined)
    for (const name of Object.keys(args)) assert.ok(entry?.check?.({ ...args, [name]: {} })?.path.startsWith(`arguments/${name}`), name)
  })
  it('that has no JSON Schema is refused in words that say why', () => {
    assert.deepEqual(tool(z.object({ at: z.date() })).problems, [
      'tool "a": parameters: at has no JSON Schema: Date cannot be represented in JSON Schema',
    ])
    assert.match(tool(z.string()).problems.join(), /must be of type "object"/)
    assert.match(
      tool(z.object({ a: z.string().regex(/a(?=b)/) })).problems.join(),
      /parameters\/properties\/a\/pattern: is not understood by the linear-time engine/,
    )
  })
  it('of an older version of Zod 4 is converted by ours, and Zod 3 is told to be too old', () => {
    const schema = z.object({ a: z.boolean() })
    const { jsonSchema: _, ...standard } = schema['~standard'] as unknown as Record<string, unknown>
    const older = Object.create(schema, { '~standard': { value: standard } })
    assert.deepEqual(inputSchema(older)['properties'], { a: { type: 'boolean' } })
    const three = { _def: {}, '~standard': { version: 1, vendor: 'zod', validate: () => ({ value: {} }) } }
    assert.match(tool(three).problems.join(), /emits no JSON Schema: zod 3 has none: use zod 4/)
    assert.match(tool({ _def: {}, parse() {} }).problems.join(), /no Standard Schema of version 1: use zod 4/)
  })
})

describe('any Standard Schema', () => {
  it('that emits JSON Schema is one; a function may be a schema too', () => {
    const schema = { type: 'object', properties: { a: { type: 'boolean' } } }
    assert.deepEqual(inputSchema(library(schema)), { ...schema, additionalProperties: false })
    assert.deepEqual(inputSchema(Object.assign(() => {}, library(schema))), { ...schema, additionalProperties: false })
  })
  it('that emits none is refused, with the way to mend it', () => {
    const problem =
      'tool "a": parameters: is a schema of "ours" that emits no JSON Schema: use a version of the library that has "~standard".jsonSchema, or write JSON Schema'
    assert.deepEqual(tool(library(undefined)).problems, [problem])
    const valibot = library(undefined)
    assert.match(tool({ '~standard': { ...valibot['~standard'], vendor: 'valibot' } }).problems.join(), /toStandardJsonSchema/)
    assert.match(tool({ '~standard': { ...valibot['~standard'], version: 2 } }).problems.join(), /Standard Schema of version 1/)
  })
  it('that emits something else is refused', () => {
    for (const emitted of [undefined, null, 'x', []])
      assert.match(
        tool({ '~standard': { ...library({})['~standard'], jsonSchema: { input: () => emitted, output: () => emitted } } }).problems.join(),
        /no JSON Schema/,
      )
  })
})

describe('what a library says of arguments', () => {
  const rule = (message: string, value: unknown, path?: StandardIssue['path']) => {
    const parsed = createParse(
      library({}, () => [{ message, path }]),
      'arguments',
    )(value)
    assert.ok(!(parsed instanceof Promise) && 'violation' in parsed)
    return parsed.violation
  }
  it('is told with the path, whatever the path is made of', () => {
    assert.deepEqual(rule('must be later than the start', { end: '2026' }, ['end']), {
      path: 'arguments/end',
      rule: 'must be later than the start',
    })
    assert.equal(rule('no', {}, [{ key: 'a' }, 0, Symbol('s')]).path, 'arguments/a/0/Symbol(s)')
    assert.equal(rule('no', {}).path, 'arguments')
    assert.equal(rule('no', {}, ['x'.repeat(1000)]).path.length, 'arguments'.length + 200)
  })
  it('is not told where it quotes what was sent', () => {
    const general = 'must keep the rules of its schema'
    for (const [message, value] of [
      ['Invalid type: Expected number but received "hunter2"', { password: 'hunter2' }],
      ['must be a number (was HUNTER2)', { deep: [{ password: 'hunter2' }] }],
      ['4711 is taken', { pin: 4711 }],
      ['x'.repeat(301), {}],
      ['', {}],
    ] as const)
      assert.equal(rule(message, value).rule, general)
    const circle: Record<string, unknown> = {}
    circle['circle'] = circle
    assert.equal(rule('anything', circle).rule, general)
  })
  it('never holds a string or number of the arguments, whatever the library says', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string({ maxLength: 4 }), fc.oneof(fc.string({ minLength: 2 }), fc.integer({ min: 100 }))),
        fc.nat(),
        (words, args, pick) => {
          const values = Object.values(args)
          const quoted = values.length > 0 ? String(values[pick % values.length]) : ''
          const told = rule(`${words}${quoted}${words}`, args).rule
          if (told === 'must keep the rules of its schema') return
          for (const value of values) assert.ok(!told.includes(String(value)))
        },
      ),
    )
  })
  it('may come later', async () => {
    const later = z.object({ a: z.string().refine(async (a) => a === 'yes', { error: 'must be agreed' }) })
    const parse = createParse(later, 'arguments')
    assert.deepEqual(await parse({ a: 'yes' }), { value: { a: 'yes' } })
    assert.deepEqual(await parse({ a: 'perhaps' }), { violation: { path: 'arguments/a', rule: 'must be agreed' } })
  })
})
