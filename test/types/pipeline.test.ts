import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { errorsOf, expectedIn, readProgram, withoutNotes } from './compile.ts'

verifies('one-order')

const source = readProgram('pipeline.ts')
const [errors, errorsWithoutNotes] = errorsOf(source, withoutNotes(source))

describe('the types of the pipeline', () => {
  it('let the order compile, and nothing else', () => {
    assert.deepEqual(errors, [])
  })
  it('refuse each skipped or reordered stage: without the notes that expect it, every one is an error', () => {
    const expected = expectedIn(source)
    assert.ok(expected.length >= 10)
    assert.deepEqual(errorsWithoutNotes, expected)
  })
})
