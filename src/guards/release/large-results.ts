/**
 * All that large results need, wired: the step in `release`, the entries to read them by, and the bound on a flow.
 *
 * @module
 */

import { type Clock, createWork, type Entry, type Principal, type Redactor } from '../../core/index.ts'
import type { Counters, Store } from '../../storage/index.ts'
import { createInstanceId, createSealedParts, type KeyRing, type Vault } from '../../vault/index.ts'
import type { ReferenceSource } from '../references/index.ts'
import {
  createBudgets,
  createFlow,
  createResultEntries,
  createResultUris,
  createStoredResults,
  type Flow,
  type Results,
  type Statistics,
} from '../results/index.ts'
import { type BudgetStepOptions, createBudgetStep } from './budget.ts'
import type { Step } from './steps.ts'

export interface LargeResultsOptions {
  readonly results: Results
  readonly resultBytes: number
  readonly store: Store
  readonly vault: Vault
  readonly keyRing: KeyRing
  readonly counters: Counters
  readonly redactor: Redactor
  readonly clock: Clock
  /** Whether the caller may use the tool of that name now. */
  readonly mayUse: (tool: string, principal: Principal) => boolean
  readonly statistics?: Statistics | undefined
}

export interface LargeResults {
  readonly budget: Step
  /** What every result of a tool without rules is measured against. */
  readonly plain: (principal: Principal) => number
  readonly flow: Flow | undefined
  readonly entries: readonly Entry[]
  /** A stored result, whole, for a reference to it. */
  readonly source: ReferenceSource
}

export function createLargeResults(options: LargeResultsOptions): LargeResults {
  const { results, resultBytes, store, vault, keyRing, counters, redactor, clock, mayUse, statistics } = options
  const budgets = createBudgets({ ...results, resultBytes })
  const uris = createResultUris(createInstanceId(keyRing))
  const stored = createStoredResults({ ...results, store, vault, parts: createSealedParts({ store, vault }), clock, mayUse })
  const flow = results.flow && createFlow(results.flow, counters)
  const { tool } = results
  const note: BudgetStepOptions['note'] = statistics && (({ name }, produced, sent) => statistics.saved(name, 'budget', produced - sent))
  const source: ReferenceSource = {
    isOurs: uris.isOurs,
    async find(uri, principal) {
      const asked = uri.includes('?') ? undefined : uris.parse(uri)
      const found = asked && typeof asked !== 'string' ? await stored.find(asked.id, principal) : undefined
      return found && { uri, mimeType: found.mimeType, size: found.bytes, read: found.read }
    },
  }
  return {
    budget: createBudgetStep({ budgets, uris, stored, work: createWork(), redactor, flow, tool, note }),
    plain: budgets.plain,
    flow,
    source,
    entries: createResultEntries({ uris, stored, budgets, tool }),
  }
}
