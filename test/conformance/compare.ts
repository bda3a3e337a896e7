// Compares what the suite found without and with the gateway in between. The rule: every check that passes directly passes through
// the gateway, as many times as it does directly. Counting matters: a scenario that ends early has no failure either.

import type { Version } from '../support/index.ts'
import { remarkOn } from './expected.ts'
import type { Later } from './later.ts'
import type { Check, Requirements, Results } from './suite.ts'

export type Verdict = 'same' | 'worse' | 'later' | 'stale' | 'unscored'

export interface Row {
  readonly revision: Version
  readonly scenario: string
  readonly direct: string
  readonly gateway: string
  readonly verdict: Verdict
  /** What was lost, or what is stale. */
  readonly notes: readonly string[]
}

/** Not scored by the suite, yet they test what 2026-07-28 and JSON Schema ask of every server; the SDK passes them. */
const REQUIRED_TOO = new Set(['http-header-validation', 'http-custom-header-server-validation', 'json-schema-2020-12'])

/** The tasks extension is not scored either, and must not suffer where the server has it. */
const isTask = (scenario: string, before: readonly Check[]): boolean => scenario.startsWith('tasks-') && isAllPassed(summary(before))

export function compare(revision: Version, requirements: Requirements, direct: Results, gateway: Results, later: readonly Later[]): Row[] {
  const names = [...requirements.scored, ...requirements.unscored.keys()]
  return names.map((scenario) => {
    const before = direct.get(scenario) ?? []
    const after = gateway.get(scenario) ?? []
    const isRequired = !requirements.unscored.has(scenario) || REQUIRED_TOO.has(scenario) || isTask(scenario, before)
    const entries = later.filter((entry) => entry.revision === revision && entry.scenario === scenario)
    const row = { revision, scenario, direct: summary(before), gateway: summary(after) }

    const lost = findLost(scenario, before, after)
    if (!isRequired) return { ...row, verdict: 'unscored' as const, notes: [] }
    // A baseline with failures would let the gateway fail the same way unseen.
    if (!isAllPassed(row.direct)) return { ...row, verdict: 'worse' as const, notes: [`the server itself: ${row.direct}`] }

    const stale = entries.filter((entry) => (entry.check === undefined ? lost.size === 0 : !lost.has(entry.check)))
    if (stale.length > 0) {
      const notes = stale.map((entry) => `passes: remove it from later.ts${entry.check === undefined ? '' : ` (${entry.check})`}`)
      return { ...row, verdict: 'stale' as const, notes }
    }
    const excused = (id: string): boolean => entries.some((entry) => entry.check === undefined || entry.check === id)
    const worse = [...lost].filter(([id]) => !excused(id))
    if (worse.length > 0) return { ...row, verdict: 'worse' as const, notes: worse.map(([id, why]) => `${id}: ${why}`) }
    return { ...row, verdict: lost.size > 0 ? ('later' as const) : ('same' as const), notes: entries.map((entry) => entry.reason) }
  })
}

/** The checks that passed directly and do not any more, or not as often, and those that fail only with the gateway. */
function findLost(scenario: string, before: readonly Check[], after: readonly Check[]): Map<string, string> {
  const lost = new Map<string, string>()
  const ids = new Set([...before, ...after].map((check) => check.id))
  for (const id of ids) {
    const passed = countOf(before, id, 'SUCCESS')
    const failing = after.filter((check) => check.id === id && check.status !== 'SUCCESS')
    const missing = passed - countOf(after, id, 'SUCCESS')
    const grew = countOf(after, id, 'FAILURE') > countOf(before, id, 'FAILURE')
    if (missing <= 0 && !grew) continue
    if (failing.length > 0 && failing.every((check) => remarkOn(scenario, check) !== undefined)) continue
    lost.set(id, failing.map((check) => `${check.status} ${check.errorMessage ?? ''}`.trim()).join('; ') || 'was not run')
  }
  return lost
}

const countOf = (checks: readonly Check[], id: string, status: Check['status']): number =>
  checks.filter((check) => check.id === id && check.status === status).length

export function summary(checks: readonly Check[]): string {
  const passed = checks.filter((check) => check.status === 'SUCCESS').length
  const failed = checks.filter((check) => check.status === 'FAILURE').length
  return checks.length === 0 ? 'not run' : `${passed}/${passed + failed}`
}

/** Whether something ran, and nothing failed. */
export function isAllPassed(summary: string): boolean {
  const [passed, run] = summary.split('/')
  return run !== undefined && run !== '0' && passed === run
}
