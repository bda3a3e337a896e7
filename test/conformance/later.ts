// What the gateway does not pass yet, each with the reason. An entry that has come to pass fails the run as stale, so that the list only
// ever gets shorter.

import type { Version } from '../support/index.ts'

export interface Later {
  readonly revision: Version
  readonly scenario: string
  /** One check of the scenario; without it, the whole scenario. */
  readonly check?: string
  readonly reason: string
}

const LOGGING = 'the gateway does not declare logging before it relays messages'
const REQUESTS = 'what a server asks of the client of a session is not relayed yet'
const ROUNDS = 'input-required rounds are not relayed yet: the gateway declares no capability of the client upstream'
const SUBSCRIPTIONS = 'a client cannot subscribe to a resource yet'

const sessions: Record<string, string> = {
  'logging-set-level': LOGGING,
  'tools-call-with-logging': LOGGING,
  'tools-call-sampling': REQUESTS,
  'tools-call-elicitation': REQUESTS,
  'elicitation-sep1034-defaults': REQUESTS,
  'elicitation-sep1330-enums': REQUESTS,
  'resources-subscribe': SUBSCRIPTIONS,
  'resources-unsubscribe': SUBSCRIPTIONS,
}

const rounds = [
  'basic-elicitation',
  'basic-sampling',
  'basic-list-roots',
  'request-state',
  'multiple-input-requests',
  'multi-round',
  'missing-input-response',
  'non-tool-request',
  'result-type',
  'tampered-state',
  'capability-check',
  'ignore-extra-params',
]

export const later: readonly Later[] = [
  ...Object.entries(sessions).map(([scenario, reason]) => ({ revision: '2025-11-25', scenario, reason }) as const),
  ...rounds.map((name) => ({ revision: '2026-07-28', scenario: `input-required-result-${name}`, reason: ROUNDS }) as const),
  {
    revision: '2026-07-28',
    scenario: 'server-stateless',
    check: 'sep-2575-http-server-no-independent-requests-on-stream',
    reason: ROUNDS,
  },
]
