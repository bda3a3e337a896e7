/** Bytes that arrive in pieces. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createByteBuffer } from '../../src/core/index.ts'

test('what was added is taken, in order, however it was cut, and what is taken stays as it is', () => {
  const bytes = createByteBuffer()
  assert.equal(bytes.take().length, 0)
  const source = Buffer.from(Array.from({ length: 20_000 }, (_, index) => index % 251))
  const sizes = [1, 1, 0, 5, 4096, 3, 1, 9000]
  const taken: Buffer[] = []
  for (let at = 0, turn = 0; at < source.length; turn++) {
    const piece = source.subarray(at, at + (sizes[turn % sizes.length] as number))
    bytes.add(piece)
    at += piece.length
    if (turn % 5 === 4) taken.push(bytes.take())
  }
  assert.equal(bytes.length, source.length - Buffer.concat(taken).length)
  taken.push(bytes.take())
  assert.ok(Buffer.concat(taken).equals(source))
  assert.equal(bytes.length, 0)
})

test('single bytes cost what they are', () => {
  const bytes = createByteBuffer()
  const one = Buffer.from('x')
  const before = process.memoryUsage()
  for (let at = 0; at < 4_000_000; at++) bytes.add(one.subarray(0))
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  assert.equal(bytes.length, 4_000_000)
  const grown = arrayBuffers + heapUsed - before.arrayBuffers - before.heapUsed
  assert.ok(grown < 200_000_000, String(grown))
})
