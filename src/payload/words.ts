/**
 * The words of payload encryption on the wire (docs/payload-encryption.md), for both sides: a member that is spelled differently is not
 * understood, and what is not understood is refused.
 *
 * @module
 */

import type { SealedProblem } from '../core/index.ts'

/** In `_meta` of a tool, of its calls and of refusals. */
export const ENCRYPTION = 'sallyport/encryption'
/** In an author's schema. */
export const MARK = 'encrypted'
/** In a schema on the wire. */
export const WIRE_MARK = 'x-sallyport-encrypted'
export const WIRE_PLAIN = 'x-sallyport-plain'
/** The one member of a result that is sealed as a whole. */
export const WHOLE = 'sealed'
export const VERSION = 1
export const METHOD = 'tools/call'

/** How old a sealed value of a call may be, and how far two clocks may be apart. */
export const MAX_AGE_SECONDS = 300
export const SKEW_SECONDS = 60
/** From the earliest time at which a value is taken to the latest, of which the whole second counts. */
export const USED_FOR_SECONDS: number = MAX_AGE_SECONDS + 2 * SKEW_SECONDS + 1

export interface OkpJwk {
  readonly kty: 'OKP'
  readonly crv: 'X25519' | 'Ed25519'
  readonly x: string
}

/** A signature in flattened JSON (RFC 7515 §7.2.2): what looks for tokens in a text takes a compact one for such. */
export interface Statement {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

/** `_meta` of a tool. */
export interface ToolEncryption {
  readonly v: 1
  /** The server's own name of the tool, whatever those in between call it. */
  readonly tool: string
  readonly identity: OkpJwk
  readonly keys: Statement
  /** Oldest first: how an earlier identity became this one. */
  readonly succession: readonly Statement[]
}

/** `_meta` of a call. */
export interface CallEncryption {
  readonly v: 1
  readonly epk: OkpJwk
  /** Which call it is: 16 random bytes, in base64url. Not while the client still agrees. */
  readonly call?: string | undefined
}

/** `_meta` of a refusal. */
export interface RefusedEncryption {
  readonly v: 1
  readonly agreement?: Statement | undefined
  readonly problem?: SealedProblem | undefined
}
