// What is long is redacted in slices, whatever it answers: others have their turn in between, and nothing more leaves than at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedactor, type Executed } from '../../src/core/index.ts'
import { createRelease } from '../../src/guards/release/index.ts'
import { causeOf } from '../../src/guards/shown.ts'

const redactor = createRedactor()
redactor.learn('a-known-secret')
const { release } = createRelease({ redactor, resultBytes: 16 * 1024 * 1024 })
const executed = (produced: object): Executed =>
  ({ request: { message: { era: 'modern', method: 'resources/read' } }, produced }) as unknown as Executed
const words = `pwd=${'x'.repeat(60)} and a-known-secret, `
// Much more than one slice of time has room for, on whatever machine.
const long = words.repeat(16_000)

async function turnsIn(work: () => unknown): Promise<{ turns: number; text: string }> {
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const outcome = (await work()) as { allowed: boolean; value: { text: string } }
  isDone = true
  assert.ok(outcome.allowed)
  return { turns, text: outcome.value.text }
}

test('a short answer is redacted at once, a long one of any method in turns', async () => {
  const short = release(executed({ kind: 'result', result: { contents: [{ uri: 'a:b', text: words }] } }))
  assert.ok(!(short instanceof Promise))
  const result = { contents: [{ uri: 'a:b', text: long }] }
  const { turns, text } = await turnsIn(() => release(executed({ kind: 'result', result })))
  assert.ok(turns >= 1, 'nobody else had a turn')
  assert.ok(!text.includes('a-known-secret'))
  assert.deepEqual((JSON.parse(text) as typeof result).contents, redactor.deep(result.contents))
})

test('so is what a long error brings with it; of its words only a head is read, and nothing that was cut in two is shown', async () => {
  const { turns, text } = await turnsIn(() => release(executed({ kind: 'error', code: -32_000, message: long, data: { why: long } })))
  assert.ok(turns >= 1, 'nobody else had a turn')
  assert.ok(!text.includes('known-secret'))
  assert.equal((JSON.parse(text) as { message: string }).message.length, 4_096)
  // So many secrets that what is left of the head is short: its end, where one was cut, is not shown.
  const many = causeOf(Object.assign(new Error('x'), { stack: 'a-known-secret'.repeat(10_000) }), redactor)
  assert.ok(!many.includes('a-known'))
})
