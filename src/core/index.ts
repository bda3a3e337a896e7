export { toBasicPair } from './basic-pair.ts'
export { createByteBuffer } from './byte-buffer.ts'
export { type Clock, systemClock } from './clock.ts'
export {
  allow,
  type CredentialProblem,
  type Decision,
  type Denial,
  deny,
  type Guard,
  type Named,
  type ProofProblem,
  type SandboxEnd,
  type SandboxPermission,
  type SealedProblem,
} from './decision.ts'
export { nearest, noSuchKey } from './did-you-mean.ts'
export { toSeconds } from './durations.ts'
export type {
  CallDetails,
  Condition,
  Entry,
  EntryKind,
  EntryLimits,
  Executor,
  Limit,
  Mirror,
  Offer,
  Permission,
  ReleaseRules,
  SealedFields,
  TaskSupport,
  Violation,
} from './entry.ts'
export { matchesGlob } from './glob.ts'
export { createDecisionId, createId } from './ids.ts'
export { keyOfToken, pointerToken } from './json-pointer.ts'
export { createLog, type Level, type Log, silentLog } from './log.ts'
export {
  type Era,
  type Input,
  type InputRequest,
  type InputRequests,
  type InputResponses,
  type JsonObject,
  LOG_LEVELS,
  type LogLevel,
  type Message,
  type Outgoing,
  type RequestId,
} from './message.ts'
export { NOTHING } from './nothing.ts'
export { once } from './once.ts'
export { ConfigError, checkOptions, describeProblems } from './options.ts'
export { OWN_ORIGIN } from './own-origin.ts'
export { type Possession, type PossessionVerifier, PROOF_ALGORITHMS, type Proving } from './possession.ts'
export { type Principal, principalKey, subjectOf, userInRecord } from './principal.ts'
export { writePrivateFile } from './private-file.ts'
export { problemOf } from './problem.ts'
export { isProtocolWord } from './protocol-words.ts'
export {
  compilePersonal,
  createLineRedactor,
  createRedactor,
  type Finding,
  findBeside,
  findPersonal,
  findSecrets,
  MASK,
  mergeFindings,
  PERSONAL_ACTIONS,
  PERSONAL_KINDS,
  type PersonalKind,
  type PersonalPolicy,
  type PersonalRules,
  type Redactor,
  redactDeep,
  replaceFindings,
  type Taken,
  textInBlob,
} from './redact/index.ts'
export { PendingContent, REFERENCE_MARK, type ReferencedContent, type ReferenceField } from './reference.ts'
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
  type Conclusion,
  type Credential,
  decisionOf,
  detached,
  type Executed,
  type Execution,
  executed,
  type Final,
  type Identified,
  identify,
  isFinal,
  type Partway,
  type Produced,
  type Received,
  type Released,
  type Resume,
  released,
  type SessionState,
  type TaskId,
  tookOut,
  type Understood,
  understand,
  type Validated,
  validated,
} from './request.ts'
export { ROLE_PATTERN } from './roles.ts'
export { createScopeHierarchy, type ScopeDeclarations, type ScopeHierarchy, scopesSchema } from './scope-hierarchy.ts'
export { isScope, SCOPE_PATTERN, STANDARD_SCOPES } from './scopes.ts'
export { looksSecret } from './secret-names.ts'
export { atOnce, inSlices, type Steps } from './slices.ts'
export { createTally } from './tally.ts'
export { BYTES_A_TOKEN, estimateTokens } from './tokens.ts'
export { atTurnEnd } from './turn-end.ts'
export { UnderWay } from './under-way.ts'
export type { TokenVerifier, Verified } from './verifier.ts'
export { createWork, type Work } from './work.ts'
