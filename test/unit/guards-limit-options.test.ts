/** The `rateLimit` block: what it means, and that nothing in it is guessed at. */

import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { ConfigError, type Entry } from '../../src/core/index.ts'
import { costProblems, type RateLimitOptions, toLimits } from '../../src/guards/index.ts'

const problemsOf = (options: unknown): readonly string[] => {
  try {
    toLimits(options as RateLimitOptions)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}

describe('rateLimit', () => {
  it('counts addresses and principals with the same figures unless one of them is chosen', () => {
    const hundred = { max: 100, windowMs: 60_000 }
    const { limits, headers } = toLimits({ windowMs: 60 * 1000, max: 100, standardHeaders: true, legacyHeaders: false })
    assert.deepEqual([limits.address, limits.principal, limits.tool], [hundred, hundred, undefined])
    assert.deepEqual(headers, { standard: true, legacy: false })
    const { address, principal } = toLimits({ max: 100, by: 'address' }).limits
    assert.deepEqual([address, principal], [hundred, undefined])
    const chosen = toLimits({ max: 100, by: 'principal' }).limits
    assert.deepEqual([chosen.address, chosen.principal], [undefined, hundred])
  })
  it('has a default for everything', () => {
    const { limits, headers, handler, warnings } = toLimits()
    assert.deepEqual(
      [limits.address, limits.principal],
      [
        { max: 1_200, windowMs: 60_000 },
        { max: 1_200, windowMs: 60_000 },
      ],
    )
    assert.deepEqual([headers, handler, warnings], [{ standard: true, legacy: false }, undefined, []])
  })
  it('gives those that are named the window of the block unless they have their own', () => {
    const { limits } = toLimits({
      windowMs: 1_500,
      max: 10,
      tools: { max: 3 },
      clients: { batch: { max: 1 } },
      roles: { clerk: { max: 5, windowMs: 250 } },
      users: { ana: { max: 0 } },
    })
    assert.deepEqual(limits.tool, { max: 3, windowMs: 1_500 })
    assert.deepEqual(limits.clients, { batch: { max: 1, windowMs: 1_500 } })
    assert.deepEqual(limits.roles, { clerk: { max: 5, windowMs: 250 } })
    assert.deepEqual(limits.users, { ana: { max: 0, windowMs: 1_500 } })
  })
  it('warns of what lets nothing through, and of what an address is held back from', () => {
    assert.match(toLimits({ max: 0 }).warnings.join(), /rateLimit\.max: 0 lets nothing through/)
    const generous: RateLimitOptions = { max: 10, roles: { boss: { max: 100 } }, users: { ana: { max: 11 }, bo: { max: 10 } } }
    assert.equal(toLimits(generous).warnings.length, 2)
    assert.match(toLimits(generous).warnings.join(), /rateLimit\.roles\.boss: lets more through than rateLimit\.max/)
    assert.match(
      toLimits({ ...generous, by: 'principal' }).warnings.join(),
      /^rateLimit\.by: callers who have not signed in are not counted[^,]*$/,
    )
  })
  it('does not change what it was given', () => {
    const given: RateLimitOptions = Object.freeze({ max: 5, roles: Object.freeze({ clerk: Object.freeze({ max: 1 }) }) })
    toLimits(given)
    assert.deepEqual(given, { max: 5, roles: { clerk: { max: 1 } } })
  })
})

test('a figure that is not a whole number of requests or milliseconds does not start the server', () => {
  const wrong: readonly unknown[] = ['5', Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, null, true, 1e15, [5], {}]
  for (const value of wrong) {
    for (const key of ['max', 'windowMs'] as const)
      assert.match(problemsOf({ [key]: value }).join(), new RegExp(`^rateLimit\\.${key}: `), String(value))
    assert.match(problemsOf({ roles: { clerk: { max: value } } }).join(), /^rateLimit\.roles\.clerk\.max: /, String(value))
  }
  assert.match(problemsOf({ windowMs: 0 }).join(), /^rateLimit\.windowMs: /)
  assert.match(problemsOf({ concurrency: 0 }).join(), /^rateLimit\.concurrency: there is no such key/)
  assert.deepEqual(problemsOf({ max: 0, windowMs: 1 }), [])
})

test('a word that is not known does not start the server either, and every problem is named', () => {
  assert.match(problemsOf({ limit: 5 }).join(), /limit/)
  const problems = problemsOf({
    max: '5',
    by: 'ip',
    standardHeaders: 'draft-8',
    handler: 'no',
    keyGenerator: () => '',
    users: { ana: { limit: 1 } },
  })
  for (const key of ['max', 'by', 'standardHeaders', 'handler', 'users.ana'])
    assert.ok(
      problems.some((problem) => problem.startsWith(`rateLimit.${key}`)),
      key,
    )
  assert.ok(problems.some((problem) => problem.includes('keyGenerator')))
  assert.ok(problems.every((problem) => !problem.includes('draft-8')))
  for (const options of [false, 5, 'off', [], null]) assert.match(problemsOf(options).join(), /^rateLimit: /, String(options))
})

test('a tool that costs more than anybody’s whole window holds is a problem', () => {
  const tool = (name: string, limits: Entry['limits']): Entry => ({ kind: 'tool', name, limits }) as Entry
  const { limits } = toLimits({ max: 10, by: 'principal', roles: { boss: { max: 50 } }, tools: { max: 30 } })
  const tools = [
    tool('fine', { cost: 30 }),
    tool('dear', { cost: 31 }),
    tool('rare', { cost: 3, rate: { max: 2, windowMs: 1 } }),
    tool('plain', undefined),
  ]
  assert.deepEqual(costProblems(limits, tools), [
    'tool dear: one use costs 31, and a whole window holds 30',
    'tool rare: one use costs 3, and a whole window holds 2',
  ])
  const { limits: byAddress } = toLimits({ max: 30, by: 'address', users: { ana: { max: 1_000 } } })
  assert.deepEqual(costProblems(byAddress, tools), [
    'tool dear: one use costs 31, and a whole window holds 30',
    'tool rare: one use costs 3, and a whole window holds 2',
  ])
})
