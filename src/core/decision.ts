/**
 * What every guard answers. A refusal is a value, never a throw: a throw means that we broke, and the
 * pipeline answers it with an opaque internal error.
 *
 * @module
 */

import type { JsonObject } from './message.ts'

/** What was wrong with how a token and its key were presented (RFC 9449 §7.1). */
export type ProofProblem =
  | 'token_bound'
  | 'token_unbound'
  | 'proof_missing'
  | 'proof_invalid'
  | 'proof_stale'
  | 'proof_used'
  | 'proof_of_other_key'
  | 'nonce_needed'

/** What a refused credential was, for the `error` of the 401 challenge (RFC 6750 §3.1). */
export type CredentialProblem =
  | 'missing'
  | 'several'
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'wrong_audience'
  | 'wrong_issuer'
  | 'wrong_certificate'
  | ProofProblem

/** Why a sealed value was not taken (`guards/sealing`). Never a word about what is in it. */
export type SealedProblem =
  | 'malformed'
  | 'unknown_key'
  | 'does_not_open'
  | 'bound_elsewhere'
  | 'too_old'
  | 'from_the_future'
  | 'of_another_call'
  | 'used_before'

/** What something in a sandbox wanted and was not granted. A variable is no error to read: it is not there. */
export type SandboxPermission = 'read' | 'write' | 'net' | 'run' | 'other'
/** Why something in a sandbox ended before its time. `uncovered`: a file came to where it could have seen it, and was to be hidden. */
export type SandboxEnd = 'time' | 'cpu' | 'memory' | 'processes' | 'output' | 'disk' | 'uncovered' | 'crash'

/**
 * Every way a request can be refused. A new member fails to compile until `pipeline/wire.ts` maps it.
 *
 * Sentences are written for callers: they name what would allow the request, never an argument or a secret.
 */
export type Denial =
  // The door: refused before anybody is identified.
  | { readonly reason: 'forbidden_host' }
  | { readonly reason: 'forbidden_origin' }
  | { readonly reason: 'not_found' }
  | { readonly reason: 'method_not_allowed'; readonly allowed: readonly string[] }
  // authenticate
  /** `nonce`: what the next proof must carry (RFC 9449 §9). */
  | { readonly reason: 'unauthenticated'; readonly problem: CredentialProblem; readonly nonce?: string }
  // reading the message
  | { readonly reason: 'unsupported_media_type' }
  | { readonly reason: 'not_acceptable' }
  | { readonly reason: 'body_too_large'; readonly limitBytes: number }
  | { readonly reason: 'malformed_json'; readonly problem: string }
  | { readonly reason: 'malformed_message'; readonly problem: string }
  | { readonly reason: 'header_mismatch'; readonly problem: string }
  | { readonly reason: 'unsupported_version'; readonly requested: string }
  | { readonly reason: 'unknown_session' }
  // limit
  | {
      readonly reason: 'rate_limited'
      readonly policy: string
      readonly limit: number
      readonly windowSeconds: number
      readonly retryAfterSeconds: number
    }
  | { readonly reason: 'overloaded'; readonly problem: string }
  // authorize
  | { readonly reason: 'unknown_method'; readonly method: string }
  | { readonly reason: 'unknown_name'; readonly kind: Named }
  | { readonly reason: 'insufficient_scope'; readonly required: readonly string[]; readonly sentence: string }
  /** `missing`: the scopes among what is lacking, for the record. */
  | { readonly reason: 'not_permitted'; readonly sentence: string; readonly missing?: readonly string[] }
  // validate
  | { readonly reason: 'invalid_params'; readonly problem: string }
  | { readonly reason: 'invalid_arguments'; readonly path: string; readonly rule: string }
  /** `agreement`: what was agreed with the caller's key, signed. Undefined: there is none to agree with. */
  | { readonly reason: 'encryption_required'; readonly path: string | undefined; readonly agreement: JsonObject | undefined }
  | {
      readonly reason: 'sealed_value_refused'
      readonly path: string
      readonly problem: SealedProblem
      readonly agreement: JsonObject | undefined
    }
  // approve
  | { readonly reason: 'condition_not_met'; readonly sentence: string }
  | { readonly reason: 'approval_required'; readonly sentence: string }
  /** The flow has had all the results that it gets for now. */
  | {
      readonly reason: 'flow_spent'
      readonly limitTokens: number
      readonly windowSeconds: number
      readonly retryAfterSeconds: number
    }
  // execute
  | { readonly reason: 'missing_capability'; readonly required: JsonObject }
  | { readonly reason: 'input_refused'; readonly sentence: string }
  /** The caller has no account of their own at a guarded server, or no secret for it. `url`: the page where they can mend that. */
  | { readonly reason: 'not_connected'; readonly sentence: string; readonly url: string }
  | { readonly reason: 'upstream_unavailable'; readonly sentence: string }
  | { readonly reason: 'deadline_exceeded'; readonly seconds: number }
  /** What ran in a sandbox wanted something that it was not granted. */
  | { readonly reason: 'sandbox_refused'; readonly permission: SandboxPermission; readonly sentence: string }
  /** What ran in a sandbox used more than it may, or ended before it answered. */
  | { readonly reason: 'sandbox_stopped'; readonly why: SandboxEnd; readonly sentence: string }
  | { readonly reason: 'cancelled' }
  // release
  | { readonly reason: 'result_too_large'; readonly limitBytes: number }
  | { readonly reason: 'invalid_result'; readonly path: string; readonly rule: string }

/** What a message can name. */
export type Named = 'tool' | 'prompt' | 'resource' | 'completion' | 'task'

export type Decision<T> = { readonly allowed: true; readonly value: T } | { readonly allowed: false; readonly denial: Denial }

/**
 * Takes a request at one stage and, if it may go on, hands it over at the next. Answers at once where it
 * needs no I/O.
 */
export type Guard<In, Out> = (request: In) => Decision<Out> | Promise<Decision<Out>>

export const allow = <T>(value: T): Decision<T> => ({ allowed: true, value })
export const deny = (denial: Denial): Decision<never> => ({ allowed: false, denial })
