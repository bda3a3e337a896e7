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
  /** `params._meta`, or an empty object. */
  readonly meta: JsonObject
  /** What the client says of itself: for display and logs, never for a decision (2026-07-28 basic §_meta). */
  readonly client: { readonly name: string; readonly version: string } | undefined
  readonly capabilities: JsonObject
}

/** A notification of ours to the caller. */
export interface Outgoing {
  readonly method: string
  readonly params: JsonObject
}
