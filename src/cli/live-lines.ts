/**
 * What `guard` shows on a terminal while it runs: a line for each sign-in and each use, and for whatever was refused.
 *
 *   12:01:20  call   ana  notes.read_text_file  allow  8 ms
 *
 * A flood is counted, not shown: the record has it all.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { AuditRecord } from '../storage/index.ts'
import { nameOfSubject, nameOfTarget, timeOf } from './decisions.ts'
import type { Output } from './output.ts'
import { shownShort } from './shown.ts'

const MAX_LINES_A_SECOND = 20
/** What happens all the time and changes nothing is on record, and not worth a line where it was allowed. */
const quiet =
  /^(initialize|ping|request|server\/|session\/|subscriptions\/|notifications\/|.*\/list$|completion\/|tasks\/get$|client\.register$|token$|authorize$)/
// A map: the method is the caller's, who may say `constructor`.
const verbs: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'call'],
  ['prompts/get', 'prompt'],
  ['resources/read', 'read'],
])

export function createLiveLines({ note, paint }: Output, clock: Clock): (record: AuditRecord) => void {
  let second = 0
  let shown = 0
  let left = 0

  return function show(record) {
    if (record.decision === 'allow' && quiet.test(record.action)) return
    const now = Math.floor(clock() / 1000)
    if (now !== second) {
      if (left > 0) note(paint('dim', `          … and ${left} more: sallyport audit search`))
      second = now
      shown = 0
      left = 0
    }
    if (++shown > MAX_LINES_A_SECOND) {
      left++
      return
    }
    const decision = record.decision === 'allow' ? paint('green', 'allow') : paint('red', record.decision)
    const why = record.decision === 'allow' ? '' : `  ${shownShort(record.reason)}  sallyport why ${record.id}`
    const verb = (verbs.get(record.action) ?? shownShort(record.action)).padEnd(8)
    note(
      `${timeOf(record.at, clock())}  ${verb} ${nameOfSubject(record)}  ${nameOfTarget(record)}  ${decision}  ${Math.round(record.durationMs)} ms${why}`,
    )
  }
}
