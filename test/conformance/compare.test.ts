// The comparison itself: what it must not let through.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from './compare.ts'
import type { Later } from './later.ts'
import type { Check, Results } from './suite.ts'

const REVISION = '2026-07-28'
const requirements = { scored: ['ping'], unscored: new Map([['tasks-lifecycle', 'extension']]) }
const check = (id: string, status: Check['status'] = 'SUCCESS'): Check => ({ id, status })
const results = (...checks: Check[]): Results => new Map([['ping', checks]])
const verdict = (direct: Results, gateway: Results, later: readonly Later[] = []) =>
  compare(REVISION, requirements, direct, gateway, later).find((row) => row.scenario === 'ping')?.verdict

const whole = { revision: REVISION, scenario: 'ping', reason: 'a reason' } as const

test('the same checks passing is the same', () => {
  assert.equal(verdict(results(check('a'), check('b')), results(check('a'), check('b'))), 'same')
})

test('a check that fails, warns, is skipped or is not run any more is worse', () => {
  const direct = results(check('a'), check('b'))
  for (const status of ['FAILURE', 'WARNING', 'SKIPPED', 'INFO'] as const) {
    assert.equal(verdict(direct, results(check('a'), check('b', status))), 'worse', status)
  }
  assert.equal(verdict(direct, results(check('a'))), 'worse', 'it ended early, without a failure')
  assert.equal(verdict(direct, new Map()), 'worse')
})

test('a check that passes less often is worse, and so is a failure that was not there', () => {
  assert.equal(verdict(results(check('a'), check('a')), results(check('a'))), 'worse')
  assert.equal(verdict(results(check('a')), results(check('a'), check('new', 'FAILURE'))), 'worse')
})

test('a scenario that the suite never ran directly proves nothing', () => {
  assert.equal(verdict(new Map(), results(check('a'))), 'worse')
})

test('an entry in the list excuses what it names, and is stale once that passes', () => {
  const direct = results(check('a'), check('b'))
  const broken = results(check('a'), check('b', 'FAILURE'))
  assert.equal(verdict(direct, broken, [whole]), 'later')
  assert.equal(verdict(direct, broken, [{ ...whole, check: 'b' }]), 'later')
  assert.equal(verdict(direct, broken, [{ ...whole, check: 'a' }]), 'stale')
  assert.equal(verdict(direct, direct, [whole]), 'stale')
  assert.equal(verdict(direct, results(check('a', 'FAILURE'), check('b', 'FAILURE')), [{ ...whole, check: 'b' }]), 'worse')
  assert.equal(verdict(direct, broken, [{ ...whole, revision: '2025-11-25' }]), 'worse', 'an entry counts for its own revision only')
})

test('where the specification leaves a choice, INFO is as good, and FAILURE is not', () => {
  const scenario = 'server-sse-multiple-streams'
  const rows = (...after: Check[]) =>
    compare(
      REVISION,
      { ...requirements, scored: [scenario] },
      new Map([[scenario, [check('server-sse-streams-functional')]]]),
      new Map([[scenario, after]]),
      [],
    )
  assert.equal(rows(check('server-sse-streams-functional', 'INFO'))[0]?.verdict, 'same')
  assert.equal(rows(check('server-sse-streams-functional', 'FAILURE'))[0]?.verdict, 'worse')
  assert.equal(rows()[0]?.verdict, 'worse')
})

test('a server that fails by itself proves nothing', () => {
  assert.equal(verdict(results(check('a', 'FAILURE')), results(check('a', 'FAILURE'))), 'worse')
})

test('a scenario of the tasks extension counts where the server passes it', () => {
  const of = (...checks: Check[]): Results => new Map([['tasks-lifecycle', checks]])
  const task = (direct: Results, gateway: Results) =>
    compare(REVISION, requirements, direct, gateway, []).find((row) => row.scenario === 'tasks-lifecycle')?.verdict
  assert.equal(task(of(check('a')), of(check('a'))), 'same')
  assert.equal(task(of(check('a')), of(check('a', 'FAILURE'))), 'worse')
  assert.equal(task(of(check('a'), check('b', 'FAILURE')), of(check('a', 'FAILURE'))), 'unscored')
})
