/**
 * The network of one sandbox. Inside there is nothing but an empty loopback; what is granted goes through a proxy of ours (`proxy.ts`),
 * which is reached over a socket, by a bridge that runs inside (`inside/bridge.ts`).
 *
 *   Destination[] ─ openNetwork ─▶ Network ─ into(program) ─▶ the program with its bridge before it
 *
 * Where nothing is granted there is no proxy, no bridge and no cost. Fails closed: without the bridge there is no way out.
 *
 * @module
 */

import { type Clock, type Log, systemClock } from '../../core/index.ts'
import type { Lookup } from '../../net/index.ts'
import type { Program } from '../confine/confinement.ts'
import type { Destination } from '../grants/destination.ts'
import type { Connection } from './connection.ts'

export interface NetworkOptions {
  /** What it is called in what a refused program reads: the guarded server, the tool. */
  readonly name: string
  readonly allowed: readonly Destination[]
  /** Is told of each connection when it has ended or was refused. See `createConnectNotes` for what makes audit records of it. */
  readonly note: (connection: Connection) => void
  readonly log: Log
  readonly clock?: Clock | undefined
  readonly lookup?: Lookup | undefined
  /** Names that may have addresses of this machine or of a private network. Link-local and metadata addresses are never reached. */
  readonly dangerouslyAllowPrivateHosts?: readonly string[] | undefined
}

/** What a bridge has to know. Holds no secret. */
export interface BridgeSettings {
  /** Where the proxy's socket is, as it is seen inside. */
  readonly socket: string
  /** Where it listens inside, and where that leads. Without `target` it is a proxy, for programs that know of one. */
  readonly listen: readonly { readonly address: string; readonly port: number; readonly target?: string }[]
}

/** What is to be added to a `Program`. All of it is empty where nothing is granted. */
export interface Network {
  /** The proxy's socket and `/etc/hosts`, by where they are seen: for `Program.given`. */
  readonly given: Readonly<Record<string, string>>
  /** Where the proxy is, for programs that look: for `Program.env`. */
  readonly env: Readonly<Record<string, string>>
  /** What the bridge needs to run: for `Program.code`. */
  readonly code: readonly string[]
  /** For `Program.lowPorts`. */
  readonly lowPorts: boolean
  /** For a program of ours that starts the bridge itself (`startBridge`). Undefined: there is no network. */
  readonly bridge: BridgeSettings | undefined
  /** The program with all of this, and with the bridge as what is started: it starts the program in its turn. For what is not ours. */
  into(program: Program): Program
  /** Ends every connection, and removes the socket. */
  close(): Promise<void>
}

const NONE: Network = {
  given: {},
  env: {},
  code: [],
  lowPorts: false,
  bridge: undefined,
  into: (program) => program,
  close: async () => {},
}

/**
 * One for each sandbox: what comes over its socket is that sandbox's.
 *
 * @throws {ConfigError} where the socket cannot be made.
 */
export async function openNetwork({ allowed, clock = systemClock }: NetworkOptions): Promise<Network> {
  if (allowed.length === 0) return NONE
  throw new Error(`not yet ${clock()}`)
}
