/**
 * What a caller carries from one round of a call to the next (2026-07-28 multi round-trip requests §requestState): sealed by
 * the key ring, so that it can neither be read nor made up, and bound to whom it was given, to the very request that it
 * belongs to and to a short time. Nothing is kept here meanwhile, but for the fact that it was used.
 *
 * Fails closed: what does not open, is not this caller's, not this request's or too old is refused in one and the same way.
 *
 * @module
 */

import {
  type Clock,
  createId,
  type InputRequests,
  type InputResponses,
  type JsonObject,
  type Message,
  type Principal,
  principalKey,
} from '../core/index.ts'
import { canonicalHash } from '../protocol/index.ts'
import type { KeyRing } from '../vault/index.ts'

export interface RoundState {
  /** What was asked, for the check of what is answered. */
  readonly asked: InputRequests
  /** Of the rounds before. */
  readonly responses: InputResponses
  readonly state: unknown
  /** Which work of ours waits for the answer, where some does. */
  readonly parked: string | undefined
  readonly round: number
}

export interface RequestStates {
  /** Undefined: the state is too large to be carried. */
  seal(principal: Principal, message: Message, round: RoundState): string | undefined
  /** `nonce`: to be used once. */
  open(principal: Principal, message: Message, sealed: string): (RoundState & { readonly nonce: string }) | undefined
}

interface Sealed extends RoundState {
  readonly owner: string
  readonly request: string
  readonly expiresAt: number
  readonly nonce: string
}

/** A person may think for a while. */
export const STATE_LIFETIME_SECONDS = 600
/** It is sent to the caller and back: what is larger belongs into a store, under a name. */
export const MAX_STATE_CHARACTERS: number = 64 * 1024
const PLACE = 'request-state'

export function createRequestStates({ keyRing, clock }: { readonly keyRing: KeyRing; readonly clock: Clock }): RequestStates {
  return {
    seal(principal, message, round) {
      const sealed: Sealed = {
        ...round,
        owner: principalKey(principal),
        request: digestOf(message),
        expiresAt: clock() + STATE_LIFETIME_SECONDS * 1000,
        nonce: createId('', 24),
      }
      const text = JSON.stringify(sealed)
      return text.length > MAX_STATE_CHARACTERS ? undefined : keyRing.seal(text, PLACE)
    },
    open(principal, message, sealed) {
      const text = sealed.length > 2 * MAX_STATE_CHARACTERS ? undefined : keyRing.open(sealed, PLACE)?.toString('utf8')
      if (text === undefined) return undefined
      const opened = JSON.parse(text) as Sealed
      const isTheirs = opened.owner === principalKey(principal) && opened.request === digestOf(message) && opened.expiresAt > clock()
      return isTheirs ? opened : undefined
    },
  }
}

/** The method and everything it says, but for what changes from round to round. */
function digestOf({ method, params }: Message): string {
  const { _meta: _, inputResponses: __, requestState: ___, arguments: args = {}, ...salient }: JsonObject = params
  return canonicalHash([method, salient, args])
}
