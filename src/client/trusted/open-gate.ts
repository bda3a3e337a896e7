/** The gate of one client: where its pins are kept, and under which name. @module */

import type { Clock, Log } from '../../core/index.ts'
import { canonicalHash } from '../../protocol/index.ts'
import { pinsName } from '../store/names.ts'
import type { TokenStore } from '../store/token-store.ts'
import { createGate, type Gate, type GateOptions, type ListTools } from './gate.ts'
import { createPinKeeper } from './pin-keeper.ts'
import type { TrustOptions } from './reports.ts'
import type { ToolCallHook } from './tool-call.ts'

/** Which server, for good: its URL, or the whole command that starts it. */
export type ServerPlace = URL | { readonly command: string; readonly args: readonly string[]; readonly cwd: string }

export interface OpenGateOptions {
  readonly trust: TrustOptions | undefined
  readonly onToolCall: ToolCallHook | undefined
  readonly store: TokenStore
  readonly server: ServerPlace
  readonly account: string
  /** What the server is called in sentences. */
  readonly host: string
  readonly list: ListTools
  readonly accepted: GateOptions['accepted']
  readonly clock: Clock
  readonly log: Log
}

export function openGate({ trust = {}, onToolCall, store, server, account, host, list, accepted, clock, log }: OpenGateOptions): Gate {
  const pins = createPinKeeper({ store, name: pinsName(keyOf(server), account), server: host, clock, log })
  return createGate({ trust, onToolCall, pins, server: host, list, accepted, log })
}

/** What its records are named by: arguments of a command may hold a secret. */
export const keyOf = (server: ServerPlace): string =>
  server instanceof URL ? server.href : canonicalHash([server.command, server.args, server.cwd])
