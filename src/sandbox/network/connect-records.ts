/**
 * Connections of a sandbox as records for the audit. What repeats does not flood it: of what is the same, host and reason, some are
 * recorded one by one in each window; the next says that more come (`repeated` is 1), at once, and one more at the window's end how many.
 *
 *   proxy → [connect records] → the audit trail
 *
 * Bounded whatever a program asks for: beyond so many hosts, those that were refused are told apart by their reason alone.
 *
 * @module
 */

import { type Clock, createDecisionId } from '../../core/index.ts'
import type { AuditRecord } from '../../storage/index.ts'
import { type Connection, isRefusal } from './connection.ts'

/** Whose sandbox it is. */
export type ConnectFrom = Pick<AuditRecord, 'server' | 'subject' | 'issuer' | 'user' | 'clientId'> & {
  /** The tool or server that runs in it. */
  readonly program: string
}

export interface ConnectRecords {
  note(connection: Connection, from: ConnectFrom): void
  /** Hands over what is counted. */
  close(): void
}

export interface ConnectRecordsOptions {
  readonly record: (record: AuditRecord) => void
  readonly clock: Clock
  readonly windowMs?: number | undefined
}

const WINDOW_MS = 60_000
const SINGLE = 5
/** Of each program: none hides another's. */
const MAX_GROUPS = 64

function toConnectRecord(connection: Connection, from: ConnectFrom): AuditRecord {
  const { reason, target, at, durationMs, sentBytes, receivedBytes } = connection
  const { program, ...who } = from
  return {
    id: createDecisionId(at),
    at,
    decision: reason === 'allowed' ? 'allow' : isRefusal(reason) ? 'deny' : 'error',
    reason,
    action: 'sandbox.connect',
    ...(target !== '' && { target }),
    ...who,
    transport: 'sandbox',
    facts: { program, sentBytes, receivedBytes },
    durationMs,
  }
}

interface Group {
  single: number
  folded: number
  sentBytes: number
  receivedBytes: number
  last: AuditRecord
}

export function createConnectRecords({ record, clock, windowMs = WINDOW_MS }: ConnectRecordsOptions): ConnectRecords {
  let programs = new Map<string, Map<string, Group>>()
  let timer: NodeJS.Timeout | undefined

  function endWindow(): void {
    clearTimeout(timer)
    timer = undefined
    const ended = [...programs.values()].flatMap((groups) => [...groups.values()])
    programs = new Map()
    for (const { folded, last, sentBytes, receivedBytes } of ended)
      if (folded > 0)
        record({ ...last, id: createDecisionId(clock()), facts: { ...last.facts, sentBytes, receivedBytes }, repeated: folded })
  }

  function groupsOf(program: string): Map<string, Group> {
    const groups = programs.get(program) ?? new Map<string, Group>()
    programs.set(program, groups)
    return groups
  }

  function note(connection: Connection, from: ConnectFrom): void {
    timer ??= setTimeout(endWindow, windowMs).unref()
    const groups = groupsOf(from.program)
    const keyOf = ({ reason, target }: Connection): string => JSON.stringify([reason, target, from])
    const isTold = groups.size < MAX_GROUPS || groups.has(keyOf(connection))
    const shown = isTold ? connection : { ...connection, target: '' }
    const made = toConnectRecord(shown, from)
    const group = groups.get(keyOf(shown)) ?? { single: 0, folded: 0, sentBytes: 0, receivedBytes: 0, last: made }
    groups.set(keyOf(shown), group)
    group.single++
    if (group.single <= SINGLE) return record(made)
    if (group.single === SINGLE + 1) return record({ ...made, repeated: 1 })
    group.folded++
    group.sentBytes += connection.sentBytes
    group.receivedBytes += connection.receivedBytes
    group.last = made
  }
  return { note, close: endWindow }
}
