// What the gateway does not pass yet and is not asked to before the framework (issue 3), each with the reason. An entry that has
// come to pass fails the run as stale, so that the list only ever gets shorter.

import type { Version } from '../support/index.ts'

export interface Later {
  readonly revision: Version
  readonly scenario: string
  /** One check of the scenario; without it, the whole scenario. */
  readonly check?: string
  readonly reason: string
}

/** The scenarios that issue 3 answers for: what a server asks of a client, and what it says without being asked. */
export const ISSUE_3 = /^input-required-result-|sampling|elicitation|logging|resources-(un)?subscribe/

export const later: readonly Later[] = []
