// Large answers of upstreams over HTTP, all together: each takes its room as it comes in, and gives it back however it ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dispatcher } from 'undici'
import { readAnswer } from '../../src/gateway/upstream/http-answer.ts'
import { verifies } from '../requirements.ts'

verifies('results-large')

const MIB = 1024 * 1024
const chunk = Buffer.alloc(8 * MIB, ' ')
const controller = { abort() {} } as unknown as Dispatcher.DispatchController

function begin(type = 'application/json') {
  const heard: string[] = []
  const hear = (what: string) => (): void => void heard.push(what)
  const { handler, abort } = readAnswer({
    started: () => true,
    message: hear('message'),
    garbled: hear('garbled'),
    tooLarge: hear('too large'),
    crowded: hear('crowded'),
    ended: hear('ended'),
    failed: hear('failed'),
  })
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseStart?.(controller, 200, { 'content-type': type }, 'OK')
  const read = (mib: number): void => {
    for (let got = 0; got < mib; got += 8) handler.onResponseData?.(controller, chunk)
  }
  return { heard, read, abort, handler }
}

test('what has no room beside the others is given up, and told apart from what is too large', () => {
  const all = [begin(), begin(), begin(), begin(), begin()]
  for (let each = 0; each < 5; each++) for (const one of all) one.read(8)
  // Five times 40 MiB are more than there is room for.
  const crowded = all.filter(({ heard }) => heard.includes('crowded'))
  assert.equal(crowded.length, 1)
  const rest = all.filter(({ heard }) => heard.length === 0)
  assert.equal(rest.length, 4)
  for (const { abort } of rest) abort()

  // Ended, aborted, broken off or too large: all of it is there again.
  const next = [begin(), begin(), begin()]
  for (const { read } of next) read(56)
  next[0]?.handler.onResponseEnd?.(controller, {})
  next[1]?.handler.onResponseError?.(controller, new Error('broken off'))
  next[2]?.read(16)
  assert.deepEqual(
    next.map(({ heard }) => heard),
    [['garbled', 'ended'], ['failed'], ['too large']],
  )
  const last = [begin(), begin(), begin()]
  for (const { read } of last) read(56)
  for (const { heard, abort } of last) {
    assert.deepEqual(heard, [])
    abort()
  }
})
