import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorsOf, expectedIn, readProgram, withoutNotes } from './compile.ts'

const source = readProgram('definitions.ts')
const [errors, errorsWithoutNotes] = errorsOf(source, withoutNotes(source))

describe('the types of definitions', () => {
  it('are inferred from their schemas', () => {
    assert.deepEqual(errors, [])
  })
  it('refuse what the schemas do not have: without the notes that expect it, every one is an error', () => {
    const expected = expectedIn(source)
    assert.ok(expected.length >= 14)
    assert.deepEqual([...new Set(errorsWithoutNotes)], expected)
  })
  it('are found quickly, for a hundred tools', () => {
    const [head = '', one = ''] = /^([\s\S]*?)(export const calculator = tool\([\s\S]*?\n\}\)\n)/.exec(source)?.slice(1) ?? []
    assert.ok(one.length > 100)
    const hundred = Array.from({ length: 100 }, (_, index) => one.replace('calculator', `calculator${index}`)).join('\n')
    const startedAt = performance.now()
    assert.deepEqual(errorsOf(`${head}${hundred}`), [[]])
    assert.ok(performance.now() - startedAt < 15_000, `${performance.now() - startedAt} ms`)
  })
})
