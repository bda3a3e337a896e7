/**
 * The guard pipeline, wired: one catalogue in, one `handle` out. A server and a gateway differ in what fills the catalogue,
 * tests and the benchmark in who verifies; nothing differs in between.
 *
 * @module
 */

import {
  type Catalogue,
  type CatalogueRules,
  createCatalogue,
  createOwnMethods,
  createSubscriptions,
  createTaskIds,
  createWatches,
  type OwnMethodsOptions,
} from '../catalogue/index.ts'
import {
  type Clock,
  createDecisionId,
  type Denial,
  type Log,
  type PossessionVerifier,
  type Principal,
  type Received,
  type Redactor,
  type ScopeHierarchy,
  type SessionState,
  type TokenVerifier,
  userInRecord,
} from '../core/index.ts'
import {
  type AuditTrail,
  createApprove,
  createAsks,
  createAudit,
  createAuditArguments,
  createAuditTrail,
  createAuthenticate,
  createAuthorize,
  createEntryConcurrency,
  createExecute,
  createInputCheck,
  createLargeResults,
  createLimiter,
  createPayloadKeys,
  createPersonalData,
  createPersonalTokens,
  createProjectStep,
  createReadArguments,
  createRelease,
  createReveal,
  createRounds,
  createSealing,
  createStatistics,
  createTaskGate,
  createTasks,
  createValidate,
  givesSigns,
  type Limiter,
  type LimitOptions,
  type PersonalOptions,
  REVEAL_SCOPE,
  type Results,
  redactRecord,
  type Sealing,
  type ToKeep,
  withPersonal,
} from '../guards/index.ts'
import { createPipeline, type Pipeline, type Surroundings, toTaskEnd } from '../pipeline/index.ts'
import { type Retention, toRetention } from '../retention/index.ts'
import type { AuditRecord, Bus, Counters, Store } from '../storage/index.ts'
import type { KeyRing, Vault } from '../vault/index.ts'
import type { Bounds } from './bounds.ts'
import { createCallWithin } from './calling-within.ts'
import { type CodeSettings, createCode } from './code/index.ts'
import { createReferring } from './referring.ts'
import { createStrangers } from './strangers.ts'

export interface EngineOptions extends Pick<OwnMethodsOptions, 'serverInfo' | 'instructions' | 'features'> {
  readonly store: Store
  readonly bus: Bus
  readonly counters: Counters
  /** For what whoever may call can use up by the thousand; the others unless told. */
  readonly proofs?: Counters | undefined
  readonly keyRing: KeyRing
  readonly vault: Vault
  /** How often each may ask. */
  readonly rates: LimitOptions['limits']
  readonly bounds: Bounds
  /** What is sent of large results, and where the rest is kept. Undefined: nothing is kept, and what is too large is withheld. */
  readonly results?: Results | undefined
  readonly verifiers: readonly TokenVerifier[]
  /** Checks what comes with tokens that are bound to a key; without it they are refused. */
  readonly possession?: PossessionVerifier | undefined
  /** Which scopes imply others; none unless told. */
  readonly hierarchy?: ScopeHierarchy | undefined
  /** How much of the tools is told at once; all unless told. */
  readonly catalogueRules?: CatalogueRules | undefined
  /** Who a caller without a credential is, where there may be such callers. */
  readonly anonymous?: Principal | undefined
  readonly resourceMetadataUrl: Surroundings['resourceMetadataUrl']
  readonly limitHeaders?: Surroundings['limitHeaders']
  readonly redactor: Redactor
  /** What of callers' code runs, and what it may call. Undefined: none does. */
  readonly code?: CodeSettings | undefined
  /** Who may read what stands for personal data, and for how long. */
  readonly personal?: PersonalOptions | undefined
  /** How long arguments are kept beside the audit, where they are. */
  readonly retention?: Retention | undefined
  /** Whether they are kept where a tool does not say; not unless told. */
  readonly keepArguments?: boolean | undefined
  readonly clock: Clock
  readonly log: Log
  /** Is told of every decision at once: when a credential was used. Must be quick. */
  readonly noteUse?: ((record: AuditRecord) => void) | undefined
  /** Is told of every decision as it is recorded: for a terminal. Must be quick. */
  readonly onRecord?: ((record: AuditRecord) => void) | undefined
}

export interface Engine {
  readonly catalogue: Catalogue
  readonly pipeline: Pipeline
  readonly limiter: Limiter
  readonly trail: AuditTrail
  /** What entries with sealed fields say of their keys, and when that has changed. */
  readonly sealing: Pick<Sealing, 'publish' | 'onChange'>
  /** Notes what was decided elsewhere: at the sign-in pages. */
  readonly record: (record: AuditRecord) => void
  /** Why the credential that a request came with no longer holds; undefined where it does. Nothing is recorded. */
  recheck(request: Received): Promise<Denial | undefined>
  /** Tells whoever subscribed to the resource that it has changed, on every node. */
  resourceUpdated(uri: string): void
  /** A legacy session has ended with its connection. */
  forgetSession(session: SessionState): void
  /** Ends every open subscription with a result: the first step of stopping. */
  endSubscriptions(): void
  /** Is done when it closes, before the last of the audit is written: by what has something to record when it ends. */
  beforeLast(work: () => Promise<void>): void
  /** Stops tasks, and writes what is left of the audit: the last, when nothing else runs any more. */
  close(): Promise<void>
}

/** How long a subscription may outlive the token that opened it. */
const RECHECK_MS = 15_000

export function createEngine(options: EngineOptions): Engine {
  const { store, bus, counters, keyRing, vault, rates, bounds, verifiers, redactor, clock, log, noteUse, onRecord } = options
  const { retention = toRetention(), keepArguments = false, personal = {} } = options
  const { policy, revealScope = REVEAL_SCOPE } = personal
  const catalogue = createCatalogue({
    redactor,
    pageItems: bounds.pageItems,
    hierarchy: options.hierarchy,
    rules: options.catalogueRules,
    prepare: policy && ((entry) => withPersonal(entry, policy)),
    grantable: (entries) => (entries.some(givesSigns) ? [revealScope] : []),
  })
  const authenticate = createAuthenticate({ verifiers, possession: options.possession, bus, clock, anonymous: options.anonymous })
  async function recheck(request: Received): Promise<Denial | undefined> {
    const identified = await authenticate(request)
    return identified.allowed ? undefined : identified.denial
  }
  const limiter = createLimiter({
    limits: rates,
    counters,
    findTool: (name, principal) => catalogue.known('tool', name, principal),
  })
  const kept = createAuditArguments({ store, vault, redactor, keep: keepArguments, keepMs: retention.auditArgumentsMs })
  const trail = createAuditTrail({ audit: store.audit, keepArguments: kept.keep, clock, log, redactor })
  const record = (each: AuditRecord, toKeep?: ToKeep): void => {
    trail.record(each, toKeep)
    noteUse?.(each)
    onRecord?.(redactRecord(each, redactor))
  }
  const lasts: (() => Promise<void>)[] = []
  /** Who has read what stood behind signs, beside the record of the call. */
  function noteReveal(principal: Principal, kinds: readonly string[]): void {
    const { subject, issuer, clientId } = principal
    const who = { subject, issuer, user: userInRecord(principal), clientId }
    const at = clock()
    const what = {
      action: 'personal.reveal',
      decision: 'allow',
      reason: 'allowed',
      facts: { kinds: [...new Set(kinds)], count: kinds.length },
    } as const
    record({ id: createDecisionId(at), at, ...what, ...who, transport: 'arguments', durationMs: 0 })
  }
  const { resultBytes } = bounds
  const payloadKeys = createPayloadKeys({ store, vault, clock, bus, log })
  const sealing = createSealing({ keys: payloadKeys, counters: options.proofs ?? counters, redactor, clock })
  const mayUse = (tool: string, principal: Principal): boolean => {
    const entry = catalogue.find('tool', tool)
    return entry !== undefined && catalogue.permits(principal, entry).permitted
  }
  const { results } = options
  const statistics = results && createStatistics({ store, clock, log })
  const large =
    results && createLargeResults({ results, resultBytes, store, vault, keyRing, counters, redactor, clock, mayUse, statistics })
  if (large) catalogue.replace('sallyport:results', large.entries)
  const tokens = createPersonalTokens({ store, vault, keyRing, clock, days: personal.tokenDays })
  const personalData = createPersonalData({ keyRing, tokens })
  const reveal = createReveal({ tokens, scope: revealScope, note: noteReveal })
  const { release, shape, message } = createRelease({
    redactor,
    resultBytes,
    personal: personalData.now,
    steps: {
      project: createProjectStep((entry, tokens) => statistics?.saved(entry.name, 'rule', tokens)),
      personal: personalData.step,
      seal: sealing.seal,
      budget: large?.budget,
    },
    plain: large?.plain,
    note: statistics && ((entry, characters) => statistics.sent(entry.name, characters)),
    every: large?.flow !== undefined,
  })
  const { enter } = createEntryConcurrency()
  // One for all: what is asked on one way is understood on the others.
  const check = createInputCheck()
  const referring = createReferring({
    store,
    vault,
    keyRing,
    catalogue,
    bounds,
    clock,
    log,
    sources: large ? [large.source] : [],
    stages: () => stages,
  })
  const read = createReadArguments({ open: sealing.open, resolve: referring.resolve, reveal })
  const tasks = createTasks({
    store,
    vault,
    bus,
    clock,
    log,
    record,
    redactor,
    resultBytes,
    shape,
    bounds: bounds.tasks,
    answerOf: toTaskEnd,
    check,
    read,
    openSealed: sealing.open,
    enter,
  })
  const taskIds = createTaskIds(keyRing)
  const taskGate = createTaskGate({ ids: taskIds, catalogue, watch: tasks.watch, check, shape, personal: personalData.now })
  const subscriptions = createSubscriptions({ catalogue, watches: createWatches(bus), recheck, watchTask: taskGate.watch })
  // After the guard has forgotten what it knew: it listens too, and was there first.
  bus.subscribe('credentials', subscriptions.recheck)
  const expiry = setInterval(subscriptions.recheck, RECHECK_MS)
  expiry.unref()
  const asks = createAsks({ answerSeconds: bounds.answerSeconds, releaseMessage: message })
  const own = createOwnMethods({ ...options, catalogue, subscriptions, onAnswer: asks.answer, extensions: [referring.extension] })
  const rounds = createRounds({ keyRing, counters, asks, check, clock })

  // Those that a resource is read through, whether it is asked for or referred to.
  const stages = {
    authorize: createAuthorize({ catalogue, openTask: taskIds.open }),
    validate: createValidate({
      read,
      open: rounds.open,
      argumentBytes: bounds.argumentBytes,
      deadlineSeconds: bounds.deadlineSeconds,
      concurrency: bounds.concurrency,
    }),
    approve: large?.flow ? large.flow.before(createApprove()) : createApprove(),
    execute: createExecute({
      own: own.find,
      deadlineSeconds: bounds.deadlineSeconds,
      enter,
      rounds,
      tasks,
      taskGate,
      concurrency: bounds.concurrency,
      clock,
      releaseMessage: message,
    }),
  }
  const pipeline = createPipeline(
    {
      authenticate: createStrangers(authenticate, limiter),
      meant: catalogue.meant,
      limit: limiter.limit,
      ...stages,
      release,
      audit: createAudit({ record, toKeep: kept.of, redactor, clock }),
      auditing: trail.accepting,
    },
    { resourceMetadataUrl: options.resourceMetadataUrl, challengeScopes: catalogue.shownScopes, limitHeaders: options.limitHeaders },
  )

  const callWithin = createCallWithin(() => pipeline, clock)
  const code = options.code && createCode({ settings: options.code, catalogue, callWithin, redactor, clock, log })
  if (code) catalogue.replace('sallyport:code', code.entries)

  return {
    catalogue,
    pipeline,
    limiter,
    trail,
    sealing,
    record,
    recheck,
    resourceUpdated: (uri) => bus.publish('resource', uri),
    forgetSession: subscriptions.forget,
    endSubscriptions: subscriptions.close,
    beforeLast: (work) => void lasts.push(work),
    async close() {
      clearInterval(expiry)
      referring.close()
      await code?.close()
      await tasks.close()
      await statistics?.close()
      await Promise.allSettled(lasts.map((work) => work()))
      await trail.close()
    },
  }
}
