// How many checks of each scenario pass on the server of `our-server.ts`, at least. Counted, because a scenario that ends early has no
// failure either: a server that answers everything with 404 gets five of the scored ones.

import type { Version } from '../support/index.ts'
import type { Check } from './suite.ts'

export type Counts = Readonly<Record<string, number>>

/** What is held against what the suite found. */
export interface Expectations {
  readonly counts: Counts
  readonly remarks: readonly Remark[]
  /** Not scored and not required, with the reason. */
  readonly notRequired: Readonly<Record<string, string>>
}

const inBoth: Counts = {
  'completion-complete': 2,
  'dns-rebinding-protection': 2,
  'json-schema-2020-12': 8,
  'prompts-get-embedded-resource': 2,
  'prompts-get-simple': 2,
  'prompts-get-with-args': 2,
  'prompts-get-with-image': 2,
  'prompts-list': 2,
  'resources-list': 2,
  'resources-read-binary': 2,
  'resources-read-text': 2,
  'resources-templates-read': 2,
  'server-sse-multiple-streams': 1,
  'tools-call-audio': 2,
  'tools-call-embedded-resource': 2,
  'tools-call-error': 2,
  'tools-call-image': 2,
  'tools-call-mixed-content': 2,
  'tools-call-simple-text': 2,
  'tools-call-with-progress': 2,
}

/** Every scored scenario, and of the others those that Sallyport is to pass too. */
export const expected: Readonly<Record<Version, Counts>> = {
  '2025-11-25': {
    ...inBoth,
    'elicitation-sep1034-defaults': 6,
    'elicitation-sep1330-enums': 6,
    'logging-set-level': 2,
    ping: 2,
    'resources-subscribe': 2,
    'resources-unsubscribe': 2,
    'server-initialize': 3,
    'server-session-lifecycle': 3,
    'tools-call-elicitation': 2,
    'tools-call-sampling': 2,
    'tools-call-with-logging': 2,
    'tools-list': 3,
  },
  '2026-07-28': {
    ...inBoth,
    caching: 8,
    'http-custom-header-server-validation': 10,
    'http-header-validation': 14,
    'input-required-result-basic-elicitation': 3,
    'input-required-result-basic-list-roots': 3,
    'input-required-result-basic-sampling': 3,
    'input-required-result-capability-check': 2,
    'input-required-result-ignore-extra-params': 1,
    'input-required-result-missing-input-response': 2,
    'input-required-result-multi-round': 4,
    'input-required-result-multiple-input-requests': 3,
    'input-required-result-non-tool-request': 3,
    'input-required-result-request-state': 3,
    'input-required-result-result-type': 2,
    'input-required-result-tampered-state': 2,
    'input-required-result-unsupported-methods': 2,
    'input-required-result-validate-input': 3,
    'sep-2164-resource-not-found': 4,
    'server-stateless': 30,
    'tasks-capability-negotiation': 5,
    'tasks-dispatch-and-envelope': 9,
    'tasks-lifecycle': 9,
    'tasks-mrtr-composition': 2,
    'tasks-mrtr-input': 4,
    'tasks-request-headers': 5,
    'tasks-request-state-removal': 3,
    'tasks-required-task-error': 3,
    'tasks-status-notifications': 0,
    'tasks-wire-fields': 4,
    'tools-list': 4,
  },
}

/** A check that neither passes nor fails, and why that is right. */
export interface Remark {
  readonly scenario: string
  readonly check: string
  readonly status: 'INFO' | 'WARNING' | 'SKIPPED'
  /** What the suite says of it, where it could be of something worse. */
  readonly says?: RegExp
  readonly reason: string
}

export const remarks: readonly Remark[] = [
  {
    scenario: 'server-sse-multiple-streams',
    check: 'server-sse-streams-functional',
    status: 'INFO',
    reason: 'an answer that nothing comes before is one JSON object, which the specification leaves to the server',
  },
  {
    scenario: 'input-required-result-ignore-extra-params',
    check: 'sep-2322-ignore-unexpected-params',
    status: 'WARNING',
    says: /did not return complete result/,
    reason:
      'the suite answers what it was never asked, without the requestState that a client must bring back (mrtr §client requirements); ' +
      'with it, what nobody asked for is ignored and the call ends well: `own-checks.test.ts` shows that',
  },
  {
    scenario: 'tasks-status-notifications',
    check: 'tasks-status-notifications',
    status: 'SKIPPED',
    reason: 'the suite has no test of it yet',
  },
]

/** Whether that is one of them. */
export const remarkOn = (
  scenario: string,
  { id, status, errorMessage = '' }: Check,
  among: readonly Remark[] = remarks,
): Remark | undefined =>
  among.find((each) => each.scenario === scenario && each.check === id && each.status === status && (each.says?.test(errorMessage) ?? true))

/** Not scored and not required, with the reason. */
export const notRequired: Readonly<Record<string, string>> = {
  'server-sse-polling': 'pending in the suite: it tests streams that a client may resume, which are optional, and which Sallyport has not',
}

export const ofServer = (revision: Version): Expectations => ({ counts: expected[revision], remarks, notRequired })
