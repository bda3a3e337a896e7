/**
 * Keeps a flood of refusals from filling the disk: equal ones from one address, with nobody signed in, are stored one by
 * one up to a number in each window. The next opens the flood (`repeated` is 1) and is stored at once, so that it is on
 * record whatever happens to the process; those after it are counted in one more record when the window ends. The sum of
 * `repeated`, or one where there is none, is how many were refused.
 *
 * Bounded whatever is sent: once a window has stored too many, or the queue is full, refusals are told apart by their reason only.
 *
 * @module
 */

import type { AuditRecord } from '../storage/index.ts'

const WINDOW_MS = 10_000
const SINGLE = 20
/** How many are stored one by one in a window, of all sorts together. */
const SINGLE_IN_ALL = 2_000

export interface Folding {
  /** @param mustFold there is no room for another record of its own. */
  take(record: AuditRecord, mustFold: boolean): void
  /** Hands over what is counted. */
  close(): void
}

/** Refused before anybody was identified. What a sandbox was refused is folded where it is noted, and there by its target. */
export const isFoldable = ({ decision, subject, action }: AuditRecord): boolean =>
  decision === 'deny' && subject === undefined && action !== 'sandbox.connect'

interface Group {
  single: number
  folded: number
  opened: boolean
  /** The first that was only counted: it gives the record its id. */
  record: AuditRecord | undefined
  lastAt: number
}

export function createFolding(store: (record: AuditRecord) => void): Folding {
  let groups = new Map<string, Group>()
  let endsAt = 0
  let singleInAll = 0
  let timer: NodeJS.Timeout | undefined

  function groupOf(key: string): Group {
    let group = groups.get(key)
    if (group === undefined) {
      group = { single: 0, folded: 0, opened: false, record: undefined, lastAt: 0 }
      groups.set(key, group)
    }
    return group
  }
  function fold(group: Group, record: AuditRecord): void {
    if (!group.opened) {
      group.opened = true
      return store({ ...record, repeated: 1 })
    }
    group.record ??= record
    group.folded++
    group.lastAt = record.at
  }
  function endWindow(): void {
    clearTimeout(timer)
    timer = undefined
    const ended = groups
    groups = new Map()
    singleInAll = 0
    for (const { record, folded, lastAt } of ended.values()) {
      if (record !== undefined) store(folded === 1 ? record : { ...record, at: lastAt, repeated: folded })
    }
  }
  function take(record: AuditRecord, mustFold: boolean): void {
    if (timer !== undefined && record.at >= endsAt) endWindow()
    if (timer === undefined) {
      endsAt = record.at + WINDOW_MS
      timer = setTimeout(endWindow, WINDOW_MS).unref()
    }
    if (mustFold || singleInAll >= SINGLE_IN_ALL) {
      // Only what all of them share; the reasons are few.
      const { id, at, decision, reason, transport, durationMs } = record
      return fold(groupOf(reason), { id, at, decision, reason, action: 'various', transport, durationMs })
    }
    const group = groupOf(`${record.reason}\n${record.action}\n${record.address}\n${record.credentialId}`)
    if (group.single >= SINGLE) return fold(group, record)
    group.single++
    singleInAll++
    store(record)
  }
  return { take, close: endWindow }
}
