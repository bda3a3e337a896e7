// Holds what the suite found against `expected.ts` or `expected-client.ts`: no failure, no check fewer, and nothing that the suite remarks
// without being named there with its reason.

import type { Version } from '../support/index.ts'
import { summary } from './compare.ts'
import { type Expectations, ofServer, type Remark, remarkOn } from './expected.ts'
import type { Later } from './later.ts'
import type { Check, Requirements, Results } from './suite.ts'

export interface Judged {
  /** `all`: every scenario that the suite has, each at a revision that it chose. */
  readonly revision: Version | 'all'
  readonly scenario: string
  /** `8/8`: how many checks passed, of those that passed or failed. */
  readonly found: string
  readonly verdict: 'passed' | 'failed' | 'later' | 'stale' | 'not required'
  /** What is wrong, or what was remarked and why that is right. */
  readonly notes: readonly string[]
}

export const judge = (revision: Version, requirements: Requirements, results: Results, later: readonly Later[] = []): Judged[] =>
  judgeBy(ofServer(revision), revision, requirements, results, later)

export function judgeBy(
  { counts, remarks, notRequired }: Expectations,
  revision: Judged['revision'],
  requirements: Requirements,
  results: Results,
  later: readonly Later[] = [],
): Judged[] {
  const names = new Set([...requirements.scored, ...Object.keys(counts), ...requirements.unscored.keys()])
  return [...names].map((scenario) => {
    const checks = results.get(scenario) ?? []
    const row = { revision, scenario, found: summary(checks) }
    const count = counts[scenario]
    if (count === undefined) {
      const reason = requirements.scored.includes(scenario) ? undefined : notRequired[scenario]
      return reason === undefined
        ? { ...row, verdict: 'failed', notes: ['has no number of checks that are expected'] }
        : { ...row, verdict: 'not required', notes: [reason] }
    }
    const { problems, reasons } = problemsOf(scenario, checks, count, remarks)
    const entries = later.filter((entry) => entry.revision === revision && entry.scenario === scenario)
    if (problems.length === 0 && entries.length > 0) return { ...row, verdict: 'stale', notes: ['passes: remove it from later.ts'] }
    if (problems.length === 0) return { ...row, verdict: 'passed', notes: reasons }
    return entries.length > 0 && excuses(entries, checks, count)
      ? { ...row, verdict: 'later', notes: entries.map(({ reason }) => reason) }
      : { ...row, verdict: 'failed', notes: problems }
  })
}

function problemsOf(
  scenario: string,
  checks: readonly Check[],
  count: number,
  remarks: readonly Remark[],
): { problems: string[]; reasons: string[] } {
  if (checks.length === 0) return { problems: ['was not run'], reasons: [] }
  const problems: string[] = []
  const reasons: string[] = []
  const left = new Set<Remark>(remarks.filter((remark) => remark.scenario === scenario))
  for (const check of checks) {
    const { id, status, errorMessage = '' } = check
    if (status === 'SUCCESS' || isLog(check)) continue
    const remark = remarkOn(scenario, check, remarks)
    if (remark === undefined) problems.push(`${id}: ${status} ${errorMessage}`.trim())
    else if (left.delete(remark)) reasons.push(`${status} ${id}: ${remark.reason}`)
  }
  const passed = checks.filter(({ status }) => status === 'SUCCESS').length
  if (passed < count) problems.push(`${passed} checks passed, of ${count}`)
  for (const { check, status } of left) problems.push(`${check} is no ${status} any more: take it out of what is expected`)
  return { problems, reasons }
}

/** The suite writes down what was sent among the checks of a client. */
const isLog = ({ id, status }: Check): boolean =>
  status === 'INFO' && /^(?:incoming|outgoing)-|^(?:server-info|scope-retry-auth-attempt)$/.test(id)

/** A whole scenario may be named, or each of its checks that did not pass: then all of them must have been run. */
const excuses = (entries: readonly Later[], checks: readonly Check[], count: number): boolean =>
  entries.some(({ check }) => check === undefined) ||
  (checks.length >= count && checks.every(({ id, status }) => status === 'SUCCESS' || entries.some(({ check }) => check === id)))
