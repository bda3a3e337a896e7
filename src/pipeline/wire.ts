/**
 * The only place where a decision becomes something a caller can see: HTTP status, header fields, and the JSON-RPC message
 * that answers the request's id. Transports without statuses send the message alone.
 *
 * What a token's client can mend by stepping up is a 403 challenge; what the protocol or HTTP gives a status keeps it;
 * every other refusal after sign-in is a 200 that the model can read (SEP-1303).
 *
 * @module
 */

import {
  type Budget,
  type CredentialProblem,
  type Denial,
  type JsonObject,
  type Partway,
  PROOF_ALGORITHMS,
  type SealedProblem,
} from '../core/index.ts'
import type { LimitHeaders, Outcome } from '../guards/index.ts'
import { ENCRYPTION, type RefusedEncryption, type Statement, toRefusalLine } from '../payload/index.ts'
import {
  HEADER_MISMATCH,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  MISSING_CAPABILITY,
  PARSE_ERROR,
  SUPPORTED_VERSIONS,
  UNSUPPORTED_VERSION,
} from '../protocol/index.ts'
import { limitFields, STANDARD_ONLY } from './limit-fields.ts'

export interface Answer {
  readonly status: number
  /** Name, value, name, value: the shape that node:http writes fastest. */
  readonly headers: readonly string[]
  /** Undefined for an accepted notification. */
  readonly body: string | undefined
  /** JSON unless told. */
  readonly contentType?: string | undefined
}

/** What a challenge tells of the server: RFC 9728 §5.1, RFC 6750 §3. */
export interface Surroundings {
  readonly resourceMetadataUrl: (resource: string) => string | undefined
  /** What a sign-in from nothing should ask for. Never `offline_access`. */
  readonly challengeScopes: () => readonly string[]
  /** Which header fields tell of a budget; the standard ones unless told. */
  readonly limitHeaders?: LimitHeaders | undefined
}

export function toWire(request: Partway, outcome: Outcome, decisionId: string, surroundings: Surroundings): Answer {
  if (outcome === 'crashed') return crash(request, budgetOf(request, surroundings), decisionId)
  if (!outcome.allowed) return refusal(request, outcome.denial, decisionId, surroundings)
  const headers = budgetOf(request, surroundings)
  if (request.id === undefined) return { status: 202, headers, body: undefined }
  const { kind, text, code } = outcome.value
  // Whoever finds that a capability is missing, the status is the same (2026-07-28 basic §_meta).
  const status = code === MISSING_CAPABILITY && request.message?.era === 'modern' ? 400 : 200
  return { status, headers, body: `{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"${kind}":${text}}` }
}

/** What the caller is told, for the record. */
export function sentenceOf(outcome: Outcome): string | undefined {
  return outcome === 'crashed' || outcome.allowed ? undefined : toldOf(outcome.denial)
}

function refusal(request: Partway, denial: Denial, decisionId: string, surroundings: Surroundings): Answer {
  const told = toldOf(denial)
  const error = (status: number, code: number, headers: readonly string[] = [], data?: object): Answer =>
    failed(request, status, [...budgetOf(request, surroundings), ...headers], code, told, decisionId, data)
  switch (denial.reason) {
    case 'forbidden_host':
    case 'forbidden_origin':
      return error(403, 403)
    case 'not_found':
      return error(404, 404)
    case 'method_not_allowed':
      return error(405, 405, ['Allow', denial.allowed.join(', ')])
    case 'unauthenticated': {
      const nonce = denial.nonce === undefined ? [] : ['DPoP-Nonce', denial.nonce]
      // Presented in more than one way, the request itself is wrong (RFC 6750 §3.1).
      const status = denial.problem === 'several' ? 400 : 401
      return error(status, 401, ['WWW-Authenticate', challenge(request, denial.problem, surroundings), ...nonce])
    }
    case 'unsupported_media_type':
      return error(415, INVALID_REQUEST)
    case 'not_acceptable':
      return error(406, INVALID_REQUEST)
    case 'body_too_large':
      return error(413, INVALID_REQUEST)
    case 'malformed_json':
      return error(400, PARSE_ERROR)
    case 'malformed_message':
      return error(400, INVALID_REQUEST)
    case 'header_mismatch':
      return error(400, HEADER_MISMATCH)
    case 'unsupported_version':
      return error(400, UNSUPPORTED_VERSION, [], { supported: SUPPORTED_VERSIONS, requested: denial.requested })
    case 'unknown_session':
      return error(404, INVALID_REQUEST)
    case 'rate_limited': {
      // The budget that is spent, in place of one that the request was told of before.
      const fields = fieldsOf({ ...denial, remaining: 0, resetSeconds: denial.retryAfterSeconds }, request, surroundings)
      return failed(request, 429, [...fields, 'Retry-After', `${denial.retryAfterSeconds}`], 429, told, decisionId)
    }
    case 'overloaded':
      return error(503, 503, ['Retry-After', '1'])
    case 'unknown_method':
      return error(request.message?.era === 'legacy' ? 200 : 404, METHOD_NOT_FOUND)
    case 'unknown_name':
      // The resource that was asked for is named again (2026-07-28 server/resources §Error Handling).
      return error(200, INVALID_PARAMS, [], denial.kind === 'resource' ? { uri: request.message?.params['uri'] } : undefined)
    case 'missing_capability':
      return error(request.message?.era === 'modern' ? 400 : 200, MISSING_CAPABILITY, [], { requiredCapabilities: denial.required })
    case 'insufficient_scope':
      return error(403, 403, ['WWW-Authenticate', stepUp(request, denial.required, surroundings)])
    case 'invalid_params':
      // Missing _meta fields have a status of their own (2026-07-28 basic §_meta); before the message is understood, that is what it was.
      return error(request.message ? 200 : 400, INVALID_PARAMS)
    case 'not_permitted':
    case 'invalid_arguments':
    case 'condition_not_met':
    case 'approval_required':
    case 'input_refused':
    case 'not_connected':
    case 'upstream_unavailable':
    case 'deadline_exceeded':
    case 'sandbox_refused':
    case 'sandbox_stopped':
    case 'result_too_large':
    case 'flow_spent':
    case 'invalid_result':
      return spoken(request, denial.reason, told, decisionId, budgetOf(request, surroundings))
    case 'encryption_required':
    case 'sealed_value_refused':
      return spoken(request, denial.reason, told, decisionId, budgetOf(request, surroundings), encryptionOf(denial))
    case 'cancelled':
      return error(200, INTERNAL_ERROR)
  }
}

/** What a client needs to do it right: it need not understand the sentence. */
const encryptionOf = (denial: Extract<Denial, { readonly reason: 'encryption_required' | 'sealed_value_refused' }>): RefusedEncryption => ({
  v: 1,
  ...('problem' in denial ? { problem: denial.problem } : {}),
  ...(denial.agreement ? { agreement: denial.agreement as unknown as Statement } : {}),
})

/** Nothing of what was thrown. Once a tool was found, it is the tool that failed, and the model should know that it did. */
function crash(request: Partway, headers: readonly string[], decisionId: string): Answer {
  if (request.message?.method !== 'tools/call' || request.entry === undefined || request.id === undefined)
    return failed(request, 500, headers, INTERNAL_ERROR, 'Internal error', decisionId)
  return spoken(request, 'crashed', `The tool ${request.entry.name} failed. Its operator can look up why.`, decisionId, headers)
}

/** A refusal that the model should read, so that it can do something else: a tool's result, or an error where there is no tool. */
function spoken(
  request: Partway,
  reason: keyof typeof codes,
  told: string,
  decisionId: string,
  headers: readonly string[],
  encryption?: RefusedEncryption,
): Answer {
  if (request.message?.method !== 'tools/call' || request.id === undefined)
    return failed(request, 200, headers, codes[reason], told, decisionId)
  const result = {
    ...(request.message.era === 'modern' ? { resultType: 'complete' } : {}),
    isError: true,
    // In the text too: somebody in between may keep no more than that.
    content: [{ type: 'text', text: `${told} (${decisionId})${encryption ? `\n${toRefusalLine(encryption)}` : ''}` }],
    _meta: { [DECISION]: decisionId, ...(encryption ? { [ENCRYPTION]: encryption } : {}) },
  }
  return { status: 200, headers, body: JSON.stringify({ jsonrpc: '2.0', id: request.id, result }) }
}

/** Codes of our own lie outside the reserved range (2026-07-28 basic §error codes) and read like the status they resemble. */
const codes = {
  not_permitted: 403,
  invalid_arguments: INVALID_PARAMS,
  encryption_required: INVALID_PARAMS,
  sealed_value_refused: INVALID_PARAMS,
  condition_not_met: 403,
  approval_required: 403,
  input_refused: 403,
  not_connected: 403,
  upstream_unavailable: 502,
  deadline_exceeded: 504,
  sandbox_refused: 403,
  sandbox_stopped: 502,
  result_too_large: 507,
  flow_spent: 429,
  invalid_result: 502,
  crashed: INTERNAL_ERROR,
} as const

const DECISION = 'sallyport/decision'

function failed(
  request: Partway,
  status: number,
  headers: readonly string[],
  code: number,
  message: string,
  decisionId: string,
  data?: object,
): Answer {
  const error = { code, message, data: { ...data, [DECISION]: decisionId } }
  // A message whose id could not be read is answered without one; a notification's refusal is the status.
  const body = JSON.stringify(request.id === undefined ? { jsonrpc: '2.0', error } : { jsonrpc: '2.0', id: request.id, error })
  return { status, headers, body }
}

/** One sentence for the caller. Exhaustive on its own, so that nothing a denial holds is shown by accident. */
function toldOf(denial: Denial): string {
  switch (denial.reason) {
    case 'forbidden_host':
      return 'This server is not served under that Host.'
    case 'forbidden_origin':
      return 'This Origin may not use this server.'
    case 'not_found':
      return 'There is nothing here: the MCP endpoint has another path.'
    case 'method_not_allowed':
      return `Only ${denial.allowed.join(', ')} can be used here.`
    case 'unauthenticated':
      return unauthenticated[denial.problem]
    case 'unsupported_media_type':
      return 'The Content-Type must be application/json.'
    case 'not_acceptable':
      return 'The Accept header must allow application/json, and text/event-stream for a subscription: clients list both.'
    case 'body_too_large':
      return `The body is larger than ${denial.limitBytes} bytes: send less, or a reference to it where the tool takes one.`
    case 'malformed_json':
    case 'malformed_message':
    case 'header_mismatch':
    case 'invalid_params':
    case 'overloaded':
      return denial.problem
    case 'unsupported_version':
      return 'Unsupported protocol version'
    case 'unknown_session':
      return 'This session has ended or is not yours: initialize again.'
    case 'rate_limited':
      return `Too many requests: at most ${denial.limit} in ${denial.windowSeconds} seconds for this ${denial.policy}. Try again in ${denial.retryAfterSeconds} seconds.`
    case 'unknown_method':
      return 'Method not found'
    case 'unknown_name':
      return denial.kind === 'resource' ? 'Resource not found' : `Unknown ${denial.kind === 'completion' ? 'reference' : denial.kind}`
    case 'insufficient_scope':
    case 'not_permitted':
    case 'condition_not_met':
    case 'approval_required':
    case 'input_refused':
    case 'sandbox_refused':
    case 'sandbox_stopped':
    case 'upstream_unavailable':
      return denial.sentence
    case 'not_connected':
      return `${denial.sentence} Do that at ${denial.url} and try again.`
    case 'missing_capability':
      return `Missing required client capability: ${namesOf(denial.required)}`
    case 'invalid_arguments':
      return `Invalid arguments: ${denial.path} ${denial.rule}`
    case 'encryption_required':
      return toldOfEncryption(denial)
    case 'sealed_value_refused':
      return `The encrypted value of ${denial.path} was refused: ${sealedProblems[denial.problem]}`
    case 'invalid_result':
      return `The answer is not what this server promises: ${denial.path} ${denial.rule}. It was withheld.`
    case 'deadline_exceeded':
      return `The call took longer than ${denial.seconds} seconds and was stopped.`
    case 'cancelled':
      return 'The request was cancelled.'
    case 'flow_spent':
      return `All results together may come to ${denial.limitTokens} tokens in ${denial.windowSeconds} seconds, and they have: nothing was called. Try again in ${denial.retryAfterSeconds} seconds.`
    case 'result_too_large':
      return `The result is larger than ${denial.limitBytes} bytes and was withheld. Ask for less of it.`
  }
}

function toldOfEncryption({ path, agreement }: Extract<Denial, { readonly reason: 'encryption_required' }>): string {
  if (path === undefined && agreement) return 'Nothing was run: a key is agreed, and the call can be made with encrypted values.'
  const what = path === undefined ? 'What this tool answers is encrypted' : `The value of ${path} must be encrypted`
  return `${what}: use a client that can do that, such as MCPClient of sallyport.`
}

const sealedProblems: Record<SealedProblem, string> = {
  malformed: 'it is not one.',
  unknown_key: 'it is for a key that is not, or no longer, this server’s.',
  does_not_open: 'it does not open.',
  bound_elsewhere: 'it was made for another tool, another field or another caller.',
  too_old: 'it was made too long ago, or the clocks differ.',
  from_the_future: 'it was made in the future: the clocks differ.',
  of_another_call: 'the values of one call must be made together.',
  used_before: 'it was used before: each call needs new ones.',
}

/** `elicitation.form`, `extensions.io.modelcontextprotocol/tasks`. */
function namesOf(required: JsonObject): string {
  const names = Object.entries(required).flatMap(([name, value]) => {
    const inner = typeof value === 'object' && value !== null ? Object.keys(value) : []
    return inner.length === 0 ? [name] : inner.map((each) => `${name}.${each}`)
  })
  return names.join(', ')
}

const unauthenticated: Record<CredentialProblem, string> = {
  missing: 'Sign-in required: send a bearer token or an API key.',
  several: 'Send one credential, once.',
  malformed: 'The credential is malformed.',
  unknown: 'The credential is not valid here.',
  expired: 'The credential has expired.',
  revoked: 'The credential has been revoked.',
  wrong_audience: 'The token was issued for another server.',
  wrong_issuer: 'The token was issued by an authorization server that is not trusted here.',
  wrong_certificate: 'The token is bound to a client certificate that this connection has not shown.',
  token_bound: 'The token is bound to a key: send it with the scheme DPoP and a proof.',
  token_unbound: 'The token is not bound to a key: send it as a bearer token.',
  proof_missing: 'The token is bound to a key: send a DPoP proof with it.',
  proof_invalid: 'The DPoP proof is not one for this request and this token.',
  proof_stale: 'The DPoP proof was made too long ago, or the clocks differ: it must be within five minutes.',
  proof_used: 'The DPoP proof has been used: each request needs a new one.',
  proof_of_other_key: 'The DPoP proof is by another key than the token is bound to.',
  nonce_needed: 'The DPoP proof must carry the nonce that is given here.',
}

/** RFC 9449 §7.1 and §9; those of the token itself, like one that is bound to another key, are RFC 6750's. */
const codeOf: Partial<Record<CredentialProblem, string>> = {
  several: 'invalid_request',
  proof_missing: 'invalid_dpop_proof',
  proof_invalid: 'invalid_dpop_proof',
  proof_stale: 'invalid_dpop_proof',
  proof_used: 'invalid_dpop_proof',
  nonce_needed: 'use_dpop_nonce',
}

/** RFC 6750 §3: no `error` where no credential was presented. */
function challenge(request: Partway, problem: CredentialProblem, surroundings: Surroundings): string {
  const code = codeOf[problem] ?? 'invalid_token'
  const error = problem === 'missing' ? [] : [`error="${code}"`, `error_description="${unauthenticated[problem]}"`]
  const parameters = [...error, ...metadata(request, surroundings), ...scope(surroundings.challengeScopes())]
  // Each is told how what it has is presented, and not only how it was.
  if (problem === 'token_unbound') return bearer(parameters)
  return problem === 'token_bound' ? dpop(parameters) : schemeOf(request)(parameters)
}

/** All that the operation needs, and all that was granted already: a client that asks for just this loses nothing (2026-07-28 authorization §scope challenge). */
function stepUp(request: Partway, required: readonly string[], surroundings: Surroundings): string {
  const scopes = [...new Set([...(request.principal?.scopes ?? []), ...required])].filter((each) => each !== 'offline_access')
  return schemeOf(request)([
    'error="insufficient_scope"',
    ...scope(scopes),
    ...metadata(request, surroundings),
    'error_description="A further scope is needed"',
  ])
}

const bearer = (parameters: readonly string[]): string => `Bearer ${parameters.join(', ')}`
/** RFC 9449 §7.1: with what proofs may be signed with. */
const dpop = (parameters: readonly string[]): string => `DPoP ${[...parameters, `algs="${PROOF_ALGORITHMS.join(' ')}"`].join(', ')}`
const schemeOf = ({ credential }: Partway): typeof bearer => (credential?.scheme === 'dpop' ? dpop : bearer)
const scope = (scopes: readonly string[]): string[] => (scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : [])

function metadata(request: Partway, { resourceMetadataUrl }: Surroundings): string[] {
  const url = resourceMetadataUrl(request.resource)
  return url ? [`resource_metadata="${url}"`] : []
}

function budgetOf(request: Partway, surroundings: Surroundings): readonly string[] {
  return request.budget ? fieldsOf(request.budget, request, surroundings) : []
}

const fieldsOf = (budget: Budget, { receivedAt }: Partway, { limitHeaders = STANDARD_ONLY }: Surroundings): readonly string[] =>
  limitFields(limitHeaders, budget, receivedAt)
