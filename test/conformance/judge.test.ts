// The judgement itself: what it must not let through.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expected } from './expected.ts'
import { judge } from './judge.ts'
import type { Later } from './later.ts'
import type { Check, Results } from './suite.ts'

const REVISION = '2026-07-28'
const requirements = { scored: ['ping-pong', 'tools-list'], unscored: new Map([['server-sse-polling', 'pending']]) }
const check = (id: string, status: Check['status'] = 'SUCCESS', errorMessage?: string): Check => ({
  id,
  status,
  ...(errorMessage === undefined ? {} : { errorMessage }),
})
const whole = ['a', 'b', 'c', 'd'].map((id) => check(id))
const verdict = (scenario: string, checks: readonly Check[], later: readonly Later[] = []): string | undefined => {
  const results: Results = new Map([[scenario, checks]])
  return judge(REVISION, requirements, results, later).find((row) => row.scenario === scenario)?.verdict
}

test('as many checks as are counted is passed, and more is too', () => {
  assert.equal(expected[REVISION]['tools-list'], whole.length)
  assert.equal(verdict('tools-list', whole), 'passed')
  assert.equal(verdict('tools-list', [...whole, check('e')]), 'passed')
})

test('a check fewer is a failure, though nothing failed', () => {
  assert.equal(verdict('tools-list', whole.slice(1)), 'failed')
  assert.equal(verdict('tools-list', []), 'failed')
})

test('what neither passes nor fails is a failure, unless it is named with its reason', () => {
  for (const status of ['FAILURE', 'WARNING', 'SKIPPED', 'INFO'] as const)
    assert.equal(verdict('tools-list', [...whole, check('e', status)]), 'failed', status)
  const remarked = 'input-required-result-ignore-extra-params'
  const says = 'Server did not return complete result'
  assert.equal(verdict(remarked, [check('sep-2322-ignore-unexpected-params', 'WARNING', says), check('a')]), 'passed')
  assert.equal(verdict(remarked, [check('sep-2322-ignore-unexpected-params', 'WARNING', 'Failed: 404'), check('a')]), 'failed')
  assert.equal(verdict(remarked, [check('sep-2322-ignore-unexpected-params'), check('a')]), 'failed', 'a reason that is none any more')
})

test('a scored scenario that nobody has counted is a failure', () => {
  assert.equal(verdict('ping-pong', [check('a')]), 'failed')
  assert.equal(verdict('server-sse-polling', [check('a', 'FAILURE')]), 'not required')
})

test('what follows is excused by name, and stale once it passes', () => {
  const entry = { revision: REVISION, scenario: 'tools-list', reason: 'a reason' } as const
  const broken = [...whole.slice(1), check('a', 'FAILURE')]
  assert.equal(verdict('tools-list', broken, [entry]), 'later')
  assert.equal(verdict('tools-list', broken, [{ ...entry, check: 'a' }]), 'later')
  assert.equal(verdict('tools-list', broken, [{ ...entry, check: 'b' }]), 'failed')
  assert.equal(verdict('tools-list', whole.slice(1), [{ ...entry, check: 'a' }]), 'failed', 'a check that was not run is not excused')
  assert.equal(verdict('tools-list', whole, [entry]), 'stale')
})
