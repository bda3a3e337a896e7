/**
 * Every error that the command line can end with: its code and its exit code. Each has an entry in
 * `docs/errors.md`, and a test compares the two. Codes are part of the interface: never renamed, never reused.
 *
 * @module
 */

/** What a shell sees. Shared with the conventions of the MCP Inspector, where they overlap. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  signIn: 3,
  declined: 4,
  toolFailed: 5,
  upstreamDown: 6,
  untrusted: 7,
  chainBroken: 8,
  interrupted: 130,
} as const

export type ErrorCode =
  /** The repository's dependencies are not installed. Raised by `bin/sallyport.js`. */
  | 'E-SETUP'
  /** The running Node is too old. Raised by `bin/sallyport.js`. */
  | 'E-NODE'
  /** The command line itself. */
  | 'E-USAGE'
  /** `sallyport.yaml`, an environment variable or an option has a wrong value. */
  | 'E-CONFIG'
  /** What was asked for does not exist. */
  | 'E-NOT-FOUND'
  /** What should be made exists already. */
  | 'E-EXISTS'
  /** The data directory cannot be used. */
  | 'E-DATA'
  /** The port cannot be listened on. */
  | 'E-PORT'
  /** The server cannot be started or reached. */
  | 'E-UPSTREAM'
  /** The server wants a sign-in, or refuses what was signed in with. */
  | 'E-SIGN-IN'
  /** Nobody agreed to the call. */
  | 'E-DECLINED'
  /** The tool says that it failed. */
  | 'E-TOOL'
  /** What the server says about its tools is not to be trusted. */
  | 'E-TRUST'
  /** The server answers with an error, or against its own word. */
  | 'E-SERVER'
  /** The audit chain does not verify. */
  | 'E-CHAIN'
  /** A fault of ours. */
  | 'E-INTERNAL'

export const codes: Readonly<Record<ErrorCode, number>> = {
  'E-SETUP': exitCodes.usage,
  'E-NODE': exitCodes.usage,
  'E-USAGE': exitCodes.usage,
  'E-CONFIG': exitCodes.usage,
  'E-NOT-FOUND': exitCodes.failure,
  'E-EXISTS': exitCodes.failure,
  'E-DATA': exitCodes.failure,
  'E-PORT': exitCodes.failure,
  'E-UPSTREAM': exitCodes.upstreamDown,
  'E-SIGN-IN': exitCodes.signIn,
  'E-DECLINED': exitCodes.declined,
  'E-TOOL': exitCodes.toolFailed,
  'E-TRUST': exitCodes.untrusted,
  'E-SERVER': exitCodes.failure,
  'E-CHAIN': exitCodes.chainBroken,
  'E-INTERNAL': exitCodes.failure,
}
