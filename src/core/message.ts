/** One JSON-RPC message of a caller, parsed and bounded, whichever revision it is spoken in. @module */

export type JsonObject = Readonly<Record<string, unknown>>
export type RequestId = string | number

/** Modern: 2026-07-28 and later, each request carries its version. Legacy: 2025-11-25 and earlier, after `initialize`. */
export type Era = 'modern' | 'legacy'

export interface Message {
  readonly era: Era
  readonly version: string
  /** Undefined for a notification. */
  readonly id: RequestId | undefined
  readonly method: string
  readonly params: JsonObject
  /** The tool by which the one that `params` names was called, where it was not called itself: header fields speak of that. */
  readonly through?: string | undefined
  /** Of a call that is made in the course of another: a snippet's. No transport writes it. */
  readonly within?: Within | undefined
  /** How long it was, where it came over a wire. */
  readonly bytes?: number | undefined
  /** `params._meta`, or an empty object. */
  readonly meta: JsonObject
  /** What the client says of itself: for display and logs, never for a decision (2026-07-28 basic §_meta). */
  readonly client: { readonly name: string; readonly version: string } | undefined
  readonly capabilities: JsonObject
  /** From which level on the caller wants to hear log messages; undefined: not at all (2026-07-28 logging). */
  readonly logLevel: LogLevel | undefined
}

/** The call in whose course another is made. Its caller is the caller of both. */
export interface Within {
  /** The id of its decision: for the records of those that are made in its course. */
  readonly decision: string
  /** Whether a tool of that name may be called there at all; whether by this caller is decided as ever. */
  readonly allows: (tool: string) => boolean
}

/** Least severe first (RFC 5424 §6.2.1). */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A notification of ours to the caller; with an `id`, a request that it is to answer (legacy revisions). */
export interface Outgoing {
  readonly id?: string
  readonly method: string
  readonly params: JsonObject
}

/** What a server may ask of its caller before it answers (2026-07-28 multi round-trip requests §InputRequests). */
export interface InputRequest {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list'
  readonly params: JsonObject
}
export type InputRequests = Readonly<Record<string, InputRequest>>
/** The caller's result for each request, under the request's key. */
export type InputResponses = Readonly<Record<string, JsonObject>>

/** What the rounds before this one brought. */
export interface Input {
  /** Of all rounds so far. */
  readonly responses: InputResponses
  /** Of this round alone. */
  readonly latest: InputResponses
  /** What the executor wanted to have back. */
  readonly state: unknown
}
