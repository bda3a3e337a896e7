/** What became of one attempt to connect out of a sandbox. @module */

/**
 * Why it was refused, or could not be made. `blocked_address`: the name has an address that no name may lead to. `name_mismatch`: what
 * was said on the connection named another host than the one it was for.
 */
export type ConnectProblem =
  | 'destination_not_granted'
  | 'blocked_address'
  | 'name_mismatch'
  | 'malformed_request'
  | 'too_many_connections'
  | 'name_not_found'
  | 'unreachable'
  | 'timeout'

export interface Connection {
  readonly reason: 'allowed' | ConnectProblem
  /** `api.example.com:443`: what was asked for. Bounded and printable; empty where it could not be read. */
  readonly target: string
  /** Milliseconds since the epoch: when it began. */
  readonly at: number
  readonly durationMs: number
  /** Bytes that went out, and that came in. */
  readonly sentBytes: number
  readonly receivedBytes: number
}

/** What was not granted, as against what was and did not work. */
export const isRefusal = (reason: Connection['reason']): boolean =>
  reason === 'destination_not_granted' ||
  reason === 'blocked_address' ||
  reason === 'name_mismatch' ||
  reason === 'malformed_request' ||
  reason === 'too_many_connections'
