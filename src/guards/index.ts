export { anonymous } from './anonymous.ts'
export { createApprove } from './approve.ts'
export { type Asks, type AsksOptions, createAsks } from './asks.ts'
export { type Audit, type AuditOptions, createAudit, type Outcome } from './audit.ts'
export { redactRecord } from './audit-redaction.ts'
export { type AuditTrail, type AuditTrailOptions, createAuditTrail } from './audit-trail.ts'
export { type AuthenticateOptions, createAuthenticate } from './authenticate.ts'
export { type AuthorizeOptions, createAuthorize } from './authorize.ts'
export { createEntryConcurrency, type EntryConcurrency } from './concurrency.ts'
export { createExecute, type ExecuteOptions } from './execute.ts'
export { createLimiter, type Limiter, type LimitOptions } from './limit.ts'
export type { Limit, Limits } from './limit-budgets.ts'
export type { LimitedRequest, LimitedResponse, LimitHandler } from './limit-handler.ts'
export {
  costProblems,
  type LimitHeaders,
  type RateLimitOptions,
  type RateLimits,
  type RateOptions,
  toLimits,
} from './limit-options.ts'
export { createLocalUserVerifier, type LocalUserOptions } from './local-user.ts'
export { createRelease, type Release, type ReleaseOptions } from './release.ts'
export { createRounds, type Rounds, type RoundsOptions } from './rounds.ts'
export {
  type AnswerOf,
  createTaskGate,
  createTasks,
  type TaskBounds,
  type TaskGate,
  type Tasks,
} from './tasks/index.ts'
export { createValidate, type ValidateOptions } from './validate.ts'
