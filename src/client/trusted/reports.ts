/**
 * Tells what was noticed about definitions, once each: to the program's own function where it has one, to the log otherwise. Names are
 * cut and cleaned; what a server wrote is in no line of the log.
 *
 * @module
 */

import type { Log } from '../../core/index.ts'
import { canonicalHash } from '../../protocol/index.ts'
import { type Drift, type Finding, toVisibleLine } from '../../trust/index.ts'

export interface DriftReport extends Drift {
  /** The host, or the command that is run. */
  readonly server: string
}

export interface FindingReport {
  readonly server: string
  readonly tool: string
  readonly findings: readonly Finding[]
}

/** What becomes of what a server says of its tools. */
export interface TrustOptions {
  /** Of a tool whose definition is another than at first: `refuse` (unless told) leaves it out and does not call it, `warn` says so. */
  readonly drift?: 'refuse' | 'warn' | 'off' | undefined
  /** Of a definition in which something was found: `warn` (unless told) says so, `refuse` leaves it out and does not call it. */
  readonly findings?: 'warn' | 'refuse' | 'off' | undefined
  /** Is told instead of the log; what it throws ends the request. */
  readonly onDrift?: ((report: DriftReport) => void) | undefined
  readonly onFinding?: ((report: FindingReport) => void) | undefined
  /** Origins, besides the server's own, that pictures of its icons may be fetched from. */
  readonly iconOrigins?: readonly string[] | undefined
}

export interface Reports {
  drift(drift: Drift): void
  findings(tool: string, findings: readonly Finding[]): void
}

/** How many reports are remembered, so that none is made twice. */
const MAX_TOLD = 10_000
const MAX_NAMES = 5

export function createReports({ onDrift, onFinding }: TrustOptions, server: string, log: Log): Reports {
  const told = new Set<string>()
  const isNew = (report: unknown): boolean => {
    const key = canonicalHash(report)
    if (told.has(key)) return false
    if (told.size >= MAX_TOLD) told.clear()
    told.add(key)
    return true
  }
  return {
    drift(drift) {
      if (drift.added.length + drift.removed.length + drift.changed.length === 0 || !isNew(drift)) return
      if (onDrift) return onDrift({ server, ...drift })
      const changed = drift.changed.map(({ name }) => name)
      if (changed.length > 0) log('warn', 'Tools are not what they were when they were seen first', { server, tools: shown(changed) })
    },
    findings(tool, findings) {
      if (findings.length === 0 || !isNew([tool, findings])) return
      if (onFinding) return onFinding({ server, tool, findings })
      const codes = [...new Set(findings.map(({ code }) => code))].join(' ')
      log('warn', 'The definition of a tool has what poisoned ones have', { server, tool: shown([tool]), findings: codes })
    },
  }
}

const shown = (names: readonly string[]): string => {
  const some = names.slice(0, MAX_NAMES).map((name) => toVisibleLine(name.slice(0, 80)))
  return names.length > MAX_NAMES ? `${some.join(' ')} and ${names.length - MAX_NAMES} more` : some.join(' ')
}
