// Fifty sign-ins of `npm run soak:sign-in`, which does ten thousand: descriptors stay, and what is stored is what the rules keep. Of the
// heap so few say nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeSoak, type Step } from '../soak/judge.ts'
import { soak } from '../soak/soak.ts'

test('fifty sign-ins leave what the retention rules keep, and no file or socket open', async () => {
  const { verdicts, steps, end } = await soak({ signIns: 50, parallel: 4 })
  for (const { what, isMet, found } of verdicts) assert.ok(isMet, `${what}: ${found}`)
  assert.ok(verdicts.length >= (process.platform === 'linux' ? 4 : 2))
  assert.equal(steps.at(-1)?.signIns, 50)
  assert.equal(steps.at(-1)?.rows['client'], 50)
  assert.equal(end['client'], undefined)
})

test('a heap that grows, a file that stays open, a row that no rule keeps: each fails the soak', () => {
  const step = (at: number, changes: Partial<Step> = {}): Step => ({
    signIns: at * 100,
    heapBytes: 50e6,
    externalBytes: 0,
    residentBytes: 0,
    descriptors: { sockets: 3, others: 20 },
    rows: { client: at },
    databaseBytes: 0,
    auditRecords: 0,
    expected: { exactly: { client: at, code: 0 }, atMost: { session: 1 } },
    ...changes,
  })
  const failing = (changes: (at: number) => Partial<Step>, end = {}): number =>
    judgeSoak(
      Array.from({ length: 20 }, (_, at) => step(at, changes(at))),
      end,
    ).filter(({ isMet }) => !isMet).length
  assert.equal(
    failing(() => ({})),
    0,
  )
  assert.equal(
    failing((at) => ({ heapBytes: 50e6 + at * 1e6 })),
    1,
  )
  assert.equal(
    failing((at) => ({ descriptors: { sockets: 3, others: 20 + at } })),
    1,
  )
  assert.equal(
    failing((at) => ({ descriptors: { sockets: 3 + at, others: 20 } })),
    1,
  )
  assert.equal(
    failing((at) => ({ rows: { client: at, code: 1 } })),
    1,
  )
  assert.equal(
    failing((at) => ({ rows: { client: at, session: 2 } })),
    1,
  )
  assert.equal(
    failing(() => ({}), { account: 1, client: 9 }),
    1,
  )
})
