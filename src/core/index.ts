export { type Clock, systemClock } from './clock.ts'
export { allow, type CredentialProblem, type Decision, type Denial, deny, type Guard } from './decision.ts'
export type { CallDetails, Entry, EntryKind, Executor, Mirror, Permission } from './entry.ts'
export { createDecisionId, createId } from './ids.ts'
export { createLog, type Level, type Log, type LogOptions, silentLog } from './log.ts'
export type { Era, JsonObject, Message, Outgoing, RequestId } from './message.ts'
export { ConfigError, checkOptions } from './options.ts'
export { type Principal, principalKey } from './principal.ts'
export { createRedactor, MASK, type Redactor } from './redact.ts'
export {
  type Admitted,
  type Approved,
  type Authorized,
  admit,
  approved,
  authorize,
  type Budget,
  begun,
  type Call,
  type Credential,
  type Executed,
  executed,
  type Identified,
  identify,
  type Partway,
  type Produced,
  type Received,
  type Released,
  released,
  type Understood,
  understand,
  type Validated,
  validated,
} from './request.ts'
export type { TokenVerifier, Verified } from './verifier.ts'
