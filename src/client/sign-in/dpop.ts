/**
 * Whether tokens are asked for that are bound to a key (RFC 9449), and how a token goes into a request: a bound one with a proof of its
 * own, always; a bearer one never as if it were bound. Pure but for the proof.
 *
 * @module
 */

import type { Outgoing, Presented } from './credential.ts'
import type { Discovered } from './discovery.ts'
import { DPOP_ALGORITHM } from './dpop-key.ts'
import type { ProofKey } from './proof.ts'

/** `auth.dpop`: `true` takes nothing else, `false` never asks, and with `auto` both servers have to say that they know it. */
export type DpopChoice = 'auto' | boolean

/** `required`: nothing but a bound token will do; `welcome`: one is asked for; `none`: a bearer token is. */
export type DpopNeed = 'required' | 'welcome' | 'none'

export function selectDpop(choice: DpopChoice | undefined, { dpop, server }: Pick<Discovered, 'dpop' | 'server'>): DpopNeed {
  if (choice === true) return 'required'
  if (choice === false || dpop === 'unsaid' || !server.dpopAlgorithms?.includes(DPOP_ALGORITHM)) return 'none'
  return dpop === 'required' ? 'required' : 'welcome'
}

/** `proof`: the key that the token is bound to; undefined: it is a bearer token. */
export async function toPresented(token: string, proof: ProofKey | undefined, request: Outgoing): Promise<Presented> {
  if (proof === undefined) return { token, headers: { authorization: `Bearer ${token}` } }
  return { token, headers: { authorization: `DPoP ${token}`, dpop: await proof.prove(request, token) } }
}
