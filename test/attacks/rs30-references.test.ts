// RS30: nothing that a schema refers to is ever fetched, and a schema whose reference leads elsewhere is refused rather than taken
// to allow everything. A server of our own stands where the references lead, and hears nothing.

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, it } from 'node:test'
import type { JsonObject } from '../../src/core/index.ts'
import type { StandardSchema } from '../../src/server/definitions/index.ts'
import { verifies } from '../requirements.ts'
import { cpuMs } from '../support/cpu.ts'
import { definePrompt, defineTool } from '../support/definitions.ts'

verifies('RS30')

let canary: Server
let address: string
let heard = 0
before(async () => {
  canary = createServer((_, res) => {
    heard++
    res.setHeader('content-type', 'application/json').end('{"type":"string"}')
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`
})
after(() => {
  canary.close()
  assert.equal(heard, 0)
})

const execute = (): string => 'done'
const text = { type: 'string', maxLength: 10 }
const of = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
const emits = (schema: JsonObject): StandardSchema => ({
  '~standard': { version: 1, vendor: 'ours', validate: (value) => ({ value }), jsonSchema: { input: () => schema, output: () => schema } },
})

/** Every way to lead out of a schema. */
const leading = (): JsonObject[] => [
  of({ a: { $ref: `${address}/a.json` } }),
  of({ a: { $ref: `//${address.slice(7)}/a.json` } }),
  of({ a: { $ref: 'a.json' } }, { $id: `${address}/root.json` }),
  of({ a: { $ref: '#/$defs/a' } }, { $defs: { a: { $ref: `${address}/a.json#/x` } } }),
  of({ a: { $dynamicRef: `${address}/a.json` } }),
  of({ a: { $id: `${address}/inner/`, $ref: 'b.json' } }),
  of({ a: { allOf: [{ not: { $ref: `${address}/a.json` } }] } }),
  of({ a: { if: { $ref: `${address}/a.json` } } }),
  of({}, { $schema: `${address}/dialect.json` }),
  of({ a: { $ref: 'file:///etc/passwd' } }),
  of({ a: { $ref: '#/$defs/nothing' } }),
  of({ a: { $ref: '#nowhere' } }),
]

it('a tool whose parameters or results lead elsewhere does not start the server', () => {
  for (const schema of leading())
    for (const definition of [
      { parameters: schema },
      { outputSchema: schema },
      { parameters: emits(schema) },
      { outputSchema: emits(schema) },
    ]) {
      const { entry, problems } = defineTool({ name: 'a', execute, ...definition })
      assert.equal(entry, undefined, JSON.stringify(schema))
      assert.match(
        problems.join('; '),
        /^tool "a": (?:parameters|outputSchema): it is an (?:in|out)put schema (?:that refers to something outside itself|in a dialect|with an address inside)/,
      )
    }
})

it('a prompt has no references at all', () => {
  for (const schema of leading().filter(({ properties }) => Object.keys(properties as object).length > 0)) {
    const { entry, problems } = definePrompt({ name: 'a', render: execute, parameters: schema })
    assert.equal(entry, undefined)
    assert.match(problems.join('; '), /is not a keyword that is known here/)
  }
})

it('references within a schema mean what they say, and an address that nothing refers to is only a name', () => {
  const { entry, problems } = defineTool({
    name: 'a',
    execute,
    parameters: of(
      { a: { $ref: '#/$defs/a' }, b: { $ref: '#b' } },
      { $id: `${address}/root.json`, $defs: { a: text, b: { $anchor: 'b', type: 'integer' } } },
    ),
  })
  assert.deepEqual(problems, [])
  assert.equal(entry?.check?.({ a: 'x', b: 1 }), undefined)
  assert.equal(entry?.check?.({ a: 1 })?.path, 'arguments/a')
  assert.equal(entry?.check?.({ b: 'x' })?.path, 'arguments/b')
})

it('a schema has a greatest depth, number of parts, and size of patterns', () => {
  let deep: JsonObject = text
  for (let level = 0; level < 40; level++) deep = { anyOf: [deep] }
  const parts = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, text]))
  const patterns = {
    anyOf: Array.from({ length: 400 }, (_, i) => ({ type: 'string', pattern: `^(a|aa|aaa){1,${200 + i}}$`, maxLength: 9 })),
  }
  for (const [schema, problem] of [
    [of({ deep }), /nested deeper than 64 levels/],
    [of(parts), /more than 1000 parts/],
    [of({ patterns }), /patterns are too large/],
    [of({ a: { ...text, description: 'x'.repeat(300_000) } }), /more than 262144 characters/],
  ] as const)
    for (const definition of [{ parameters: schema }, { outputSchema: schema }]) {
      const cost = cpuMs(() => {
        const { entry, problems } = defineTool({ name: 'a', execute, ...definition })
        assert.equal(entry, undefined)
        assert.match(problems.join('; '), problem)
      })
      assert.ok(cost < 1_500, `${cost} ms`)
    }
})

it('one call costs a bounded amount of work, however the references double', () => {
  const $defs: Record<string, JsonObject> = { a24: { type: 'object', properties: { q: text } } }
  for (let i = 0; i < 24; i++) $defs[`a${i}`] = { allOf: [{ $ref: `#/$defs/a${i + 1}` }, { $ref: `#/$defs/a${i + 1}` }] }
  const { entry } = defineTool({ name: 'a', execute, parameters: of({ p: { $ref: '#/$defs/a0' } }, { $defs }) })
  entry?.check?.({})
  const cost = cpuMs(() => {
    assert.deepEqual(entry?.check?.({ p: { q: 'x' } }), { path: 'arguments', rule: "cannot be checked against the tool's schema" })
  })
  assert.ok(cost < 500, `${cost} ms`)
})
