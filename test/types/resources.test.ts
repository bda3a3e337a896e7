import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorsOf, expectedIn, readProgram, withoutNotes } from './compile.ts'

const source = readProgram('resources.ts')
const [errors, errorsWithoutNotes] = errorsOf(source, withoutNotes(source))

describe('the types of templates', () => {
  it('follow their schemas and their URIs', () => {
    assert.deepEqual(errors, [])
  })
  it('refuse the rest: without the notes that expect it, every one is an error', () => {
    const expected = expectedIn(source)
    assert.ok(expected.length >= 5)
    assert.deepEqual(errorsWithoutNotes, expected)
  })
})
