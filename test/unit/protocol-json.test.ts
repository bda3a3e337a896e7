import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseJson } from '../../src/protocol/index.ts'

const bounds = { maxDepth: 64, maxItems: 1_000 }
const parse = (text: string | Buffer) => parseJson(Buffer.from(text), bounds)
const problem = (text: string | Buffer) => {
  const parsed = parse(text)
  return parsed.allowed ? undefined : (parsed.denial as { problem: string }).problem
}

describe('parseJson', () => {
  it('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const parsed = parse(JSON.stringify(value))
        assert.ok(parsed.allowed)
        assert.deepEqual(parsed.value, JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  it('finds the same key twice, wherever and however it is written', () => {
    for (const text of [
      '{"a":1,"a":2}',
      '{"x":[{"a":1,"a":1}]}',
      '{"a":1,"\\u0061":2}',
      '{"":1,"":2}',
      '{"__proto__":1,"__proto__":2}',
      '{"a\\"b":1,"a\\"b":2}',
    ]) {
      assert.match(problem(text) ?? '', /same key twice/, text)
    }
  })
  it('is not misled by colons, braces and quotes inside strings', () => {
    for (const text of ['{"a":"b:c{[\\"}]"}', '["\\\\",":"]', '{"a\\\\":"\\"","b":":"}', '{"__proto__":1}'])
      assert.equal(problem(text), undefined, text)
  })
  it('never takes a duplicate for none, whatever else is in the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (key, one, other) => {
        const member = (value: unknown) => `${JSON.stringify(key)}:${JSON.stringify(value)}`
        assert.match(problem(`{"outer":{${member(one)},${member(other)}}}`) ?? '', /same key twice/)
      }),
    )
  })
  it('refuses depth before it parses', () => {
    assert.match(problem(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) ?? '', /deeper than 64/)
    assert.match(problem('{"a":'.repeat(20_000)) ?? '', /deeper than 64/)
    assert.equal(problem(`${'['.repeat(64)}${']'.repeat(64)}`), undefined)
  })
  it('refuses long lists, invalid UTF-8 and what is not JSON, without quoting it', () => {
    assert.match(problem(`[${'1,'.repeat(1_000)}1]`) ?? '', /more than 1000 items/)
    assert.match(problem(Buffer.from([0x22, 0xff, 0x22])) ?? '', /UTF-8/)
    assert.equal(problem('{"secret-value":'), 'The body is not valid JSON.')
    assert.equal(problem(''), 'The body is not valid JSON.')
    assert.equal(problem('"\\'), 'The body is not valid JSON.')
  })
})
