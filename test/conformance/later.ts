// What the gateway does not pass yet, each with the reason. An entry that has come to pass fails the run as stale, so that the list only
// ever gets shorter. It is empty, and is to stay so.

import type { Version } from '../support/index.ts'

export interface Later {
  readonly revision: Version
  readonly scenario: string
  /** One check of the scenario; without it, the whole scenario. */
  readonly check?: string
  readonly reason: string
}

export const later: readonly Later[] = []
