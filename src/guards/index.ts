export { anonymous } from './anonymous.ts'
export { createApprove } from './approve.ts'
export { createReadArguments } from './arguments.ts'
export { createAsks } from './asks.ts'
export { type Audit, createAudit, type Outcome } from './audit.ts'
export { createAuditArguments, hashOf, type KeptArguments, placeOfArguments, type ToKeep } from './audit-arguments.ts'
export { redactRecord } from './audit-redaction.ts'
export { type AuditTrail, type AuditTrailOptions, createAuditTrail } from './audit-trail.ts'
export { createAuthenticate } from './authenticate.ts'
export { createAuthorize } from './authorize.ts'
export { createEntryConcurrency } from './concurrency.ts'
export { createExecute } from './execute.ts'
export { createInputCheck } from './input-check.ts'
export { createKeptEntry, createKeptMethods, createKeptResources, type KeptBounds } from './kept/index.ts'
export { createLimiter, type Limiter, type LimitOptions } from './limit.ts'
export type { Limits } from './limit-budgets.ts'
export type { LimitedRequest, LimitedResponse, LimitHandler } from './limit-handler.ts'
export {
  costProblems,
  type LimitHeaders,
  type RateLimitOptions,
  type RateLimits,
  type RateOptions,
  rateSchema,
  toLimit,
  toLimits,
} from './limit-options.ts'
export { createLocalUserVerifier } from './local-user.ts'
export {
  createPersonalTokens,
  createReveal,
  givesSigns,
  type PersonalOptions,
  personalOptionsSchema,
  REVEAL_SCOPE,
  withPersonal,
} from './personal/index.ts'
export {
  createReadInside,
  createResolveReferences,
  type ReadStages,
  type ReferenceSource,
  type ResolveReferences,
} from './references/index.ts'
export {
  type CompiledRules,
  compileRules,
  createLargeResults,
  createPersonalData,
  createProjectStep,
  createRelease,
  type ReleaseRuleOptions,
  releaseSchema,
} from './release/index.ts'
export {
  createStatistics,
  type Results,
  type ResultsOptions,
  readStatistics,
  resultsSchema,
  type Statistic,
  toResults,
} from './results/index.ts'
export { createRounds } from './rounds.ts'
export { createPayloadKeys, createSealing, type Sealing } from './sealing/index.ts'
export { type AnswerOf, createTaskGate, createTasks, type TaskBounds } from './tasks/index.ts'
export { createValidate } from './validate.ts'
export { type AskedWithin, receivedWithin } from './within.ts'
