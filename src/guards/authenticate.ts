/**
 * Who is calling.
 *
 *   [authenticate] → read → limit → authorize → validate → approve → execute → release
 *
 * Comes before anything of the message is looked at: a caller without a credential gets its 401 whatever it sent. The
 * outcome of a verification is kept by the credential's hash until it expires, or until a credential changes anywhere. What
 * shows that a bound token is in the right hands is never kept: each request brings a proof of its own (RFC 9449 §7).
 * Fails closed: a verifier that cannot answer throws, and the request is refused.
 *
 * @module
 */

import { hash } from 'node:crypto'
import {
  allow,
  type Clock,
  type Credential,
  type Decision,
  deny,
  type Guard,
  type Identified,
  identify,
  type Possession,
  type PossessionVerifier,
  type Principal,
  type Received,
  type TokenVerifier,
  type Verified,
} from '../core/index.ts'
import type { Bus } from '../storage/index.ts'

export interface AuthenticateOptions {
  /** Asked in order: the first that claims the credential decides. */
  readonly verifiers: readonly TokenVerifier[]
  /** Checks the proofs that come with bound tokens; without it, bound tokens are refused. */
  readonly possession?: PossessionVerifier | undefined
  readonly bus: Bus
  readonly clock: Clock
  /** Who a caller without any credential is; without it, such a caller is refused. What is presented is verified all the same. */
  readonly anonymous?: Principal | undefined
}

/** The oldest goes first. */
const MAX_OUTCOMES = 10_000

export function createAuthenticate({ verifiers, possession, bus, clock, anonymous }: AuthenticateOptions): Guard<Received, Identified> {
  const outcomes = new Map<string, Verified>()
  // A connection presents the same object again: its hash is made once. The audience is checked per resource, so it is part of it.
  const keys = new WeakMap<Credential, { readonly resource: string; readonly key: string }>()
  // Counts the changes, so that an outcome found before a revocation is not kept after it.
  let generation = 0
  // A WebSocket's messages, and a stream that is looked at again, come with the one proof that was shown at the start. It is
  // known by the object, which only the transport of that connection has.
  const shown = new WeakMap<Possession, { readonly credential: Credential; readonly boundTo: string }>()
  bus.subscribe('credentials', () => {
    generation++
    outcomes.clear()
  })

  /** Outcomes are kept by hash: what outlives a connection holds no token. */
  function keyOf(credential: Credential, resource: string): string {
    const known = keys.get(credential)
    if (known?.resource === resource) return known.key
    const key = hash('sha256', `${credential.scheme} ${resource} ${credential.value}`, 'base64')
    keys.set(credential, { resource, key })
    return key
  }

  async function verify(request: Received, credential: Credential, key: string): Promise<Decision<Identified>> {
    const verifier = verifiers.find((each) => each.claims(credential))
    if (!verifier) return deny({ reason: 'unauthenticated', problem: 'unknown' })
    const before = generation
    const verified = await verifier.verify(credential, request.resource)
    if (!verified.allowed) return verified
    if (before === generation) {
      if (outcomes.size >= MAX_OUTCOMES) outcomes.delete(outcomes.keys().next().value as string)
      outcomes.set(key, verified.value)
    }
    return admit(request, credential, verified.value)
  }

  function admit(request: Received, credential: Credential, verified: Verified): Decision<Identified> | Promise<Decision<Identified>> {
    // Asked of each request: whoever has the token alone comes over another connection (RFC 8705 §3).
    if (verified.certificate !== undefined && request.certificate?.() !== verified.certificate)
      return deny({ reason: 'unauthenticated', problem: 'wrong_certificate' })
    return isFree(credential, verified) ? allow(identify(request, verified.principal)) : admitHolder(request, credential, verified)
  }

  /** A bound token is only good with a proof by its key, and as nothing else than what it is (RFC 9449 §7.2). */
  async function admitHolder(request: Received, credential: Credential, { principal, boundTo }: Verified): Promise<Decision<Identified>> {
    const { possession: presented } = request
    if (boundTo === undefined) return deny({ reason: 'unauthenticated', problem: 'token_unbound' })
    if (credential.scheme !== 'dpop' || !possession) return deny({ reason: 'unauthenticated', problem: 'token_bound' })
    if (!presented) return deny({ reason: 'unauthenticated', problem: 'proof_missing' })
    const known = shown.get(presented)
    if (known?.credential === credential && known.boundTo === boundTo) return allow(identify(request, principal))
    const { transport, resource } = request
    const proven = await possession.verify({ transport, resource, possession: presented, token: credential.value, boundTo })
    if (!proven.allowed) return proven
    shown.set(presented, { credential, boundTo })
    return allow(identify(request, principal))
  }

  return function authenticate(request) {
    const { credential } = request
    if (!credential) return anonymous ? allow(identify(request, anonymous)) : deny({ reason: 'unauthenticated', problem: 'missing' })
    if (credential.scheme === 'several') return deny({ reason: 'unauthenticated', problem: 'several' })
    const key = keyOf(credential, request.resource)
    const known = outcomes.get(key)
    if (known && known.expiresAt > clock()) return admit(request, credential, known)
    outcomes.delete(key)
    return verify(request, credential, key)
  }
}

/** Good by itself, and presented as that. */
const isFree = ({ scheme }: Credential, { boundTo }: Verified): boolean => boundTo === undefined && scheme !== 'dpop'
