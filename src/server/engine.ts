/**
 * The guard pipeline, wired: one catalogue in, one `handle` out. A server and a gateway differ in what fills the catalogue,
 * tests and the benchmark in who verifies; nothing differs in between.
 *
 * @module
 */

import { type Catalogue, createCatalogue, createOwnMethods, type OwnMethods, type OwnMethodsOptions } from '../catalogue/index.ts'
import type { Approved, Clock, Log, Redactor, TokenVerifier } from '../core/index.ts'
import {
  type AuditTrail,
  createApprove,
  createAudit,
  createAuditTrail,
  createAuthenticate,
  createAuthorize,
  createExecute,
  createLimiter,
  createRelease,
  createValidate,
  type Limiter,
  type LimitOptions,
  redactRecord,
} from '../guards/index.ts'
import { createPipeline, type Pipeline, type Surroundings } from '../pipeline/index.ts'
import type { AuditRecord, Bus, Counters, Store } from '../storage/index.ts'

/** The bounds on everything; `docs/configuration.md` gives the defaults. */
export interface Bounds {
  readonly limits: LimitOptions['limits']
  readonly bodyBytes: number
  readonly depth: number
  readonly listItems: number
  readonly resultBytes: number
  readonly deadlineSeconds: number
  /** Calls of one principal that may run at once. */
  readonly concurrency: number
}

export interface EngineOptions extends Pick<OwnMethodsOptions, 'serverInfo' | 'instructions' | 'completions'> {
  readonly store: Store
  readonly bus: Bus
  readonly counters: Counters
  readonly bounds: Bounds
  readonly verifiers: readonly TokenVerifier[]
  readonly resourceMetadataUrl: Surroundings['resourceMetadataUrl']
  readonly redactor: Redactor
  readonly clock: Clock
  readonly log: Log
  /** Is told of every decision as it is recorded: for a terminal. Must be quick. */
  readonly onRecord?: ((record: AuditRecord) => void) | undefined
}

export interface Engine {
  readonly catalogue: Catalogue
  readonly pipeline: Pipeline
  readonly limiter: Limiter
  readonly trail: AuditTrail
  /** Notes what was decided elsewhere: at the sign-in pages. */
  readonly record: (record: AuditRecord) => void
  /** Ends every open subscription with a result: the first step of stopping. */
  endSubscriptions(): void
  /** Writes what is left of the audit: the last, when nothing runs any more. */
  close(): Promise<void>
}

/** How long a subscription may outlive the token that opened it. */
const RECHECK_MS = 15_000

export function createEngine(options: EngineOptions): Engine {
  const { store, bus, counters, bounds, verifiers, redactor, clock, log, onRecord } = options
  const catalogue = createCatalogue({ redactor })
  const authenticate = createAuthenticate({ verifiers, bus, clock })
  const isStillIdentified = async (request: Approved): Promise<boolean> => (await authenticate(request)).allowed
  const own: OwnMethods = createOwnMethods({ ...options, catalogue, isStillIdentified })
  // After the guard has forgotten what it knew: it listens too, and was there first.
  bus.subscribe('credentials', own.recheck)
  const expiry = setInterval(own.recheck, RECHECK_MS)
  expiry.unref()
  const limiter = createLimiter({
    limits: bounds.limits,
    counters,
    hasTool: (name, principal) => catalogue.exists('tool', name, principal),
  })
  const trail = createAuditTrail({ audit: store.audit, clock, log, redactor })
  const record = onRecord
    ? (each: AuditRecord): void => {
        trail.record(each)
        onRecord(redactRecord(each, redactor))
      }
    : trail.record
  const { release, notification } = createRelease({ redactor, resultBytes: bounds.resultBytes })

  const pipeline = createPipeline(
    {
      authenticate,
      limit: limiter.limit,
      authorize: createAuthorize({ catalogue }),
      validate: createValidate(),
      approve: createApprove(),
      execute: createExecute({
        own: own.find,
        deadlineSeconds: bounds.deadlineSeconds,
        concurrency: bounds.concurrency,
        clock,
        releaseNotification: notification,
      }),
      release,
      audit: createAudit({ record, redactor, clock }),
      auditing: trail.accepting,
    },
    { resourceMetadataUrl: options.resourceMetadataUrl, challengeScopes: catalogue.scopes },
  )

  return {
    catalogue,
    pipeline,
    limiter,
    trail,
    record,
    endSubscriptions: own.close,
    close() {
      clearInterval(expiry)
      return trail.close()
    },
  }
}
