/**
 * Why somebody who went to a provider, or should have, is not signed in: a closed union, made of whatever the library throws. Messages of
 * others stay out: `detail` holds words of ours, and of theirs codes alone.
 *
 * @module
 */

import { NotAsked } from './provider-fetch.ts'

export interface ProviderProblem {
  /**
   * `unavailable`: it does not answer, or not in a way that could be used. `refused`: it says no, or the person did. `misconfigured`: it does
   * not take our id and secret, or is another one. `mixed_up`: the answer is another provider's. `invalid`: what it says does not hold.
   * `not_fresh`: it did not ask the person anew.
   */
  readonly problem: 'unavailable' | 'refused' | 'misconfigured' | 'mixed_up' | 'invalid' | 'not_fresh'
  readonly detail: string
}

/** What the errors of openid-client have in common. */
interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly error?: unknown
  readonly status?: unknown
  readonly cause?: unknown
}

const word = (value: unknown): string => (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : 'no code')

export function problemOf(error: unknown): ProviderProblem {
  const { name, code, error: named, status, cause } = (error ?? {}) as Thrown
  const asked = error instanceof NotAsked ? error : cause instanceof NotAsked ? cause : undefined
  if (asked !== undefined) return { problem: 'unavailable', detail: `the provider did not answer (${asked.problem})` }
  if (name === 'WrongIssuer') return wrongIssuer
  if (name === 'AuthorizationResponseError') return { problem: 'refused', detail: `the provider answered ${word(named)}` }
  const answered = typeof status === 'number' ? status : cause instanceof Response ? cause.status : undefined
  // RFC 6749 §5.2: that is how a token endpoint says invalid_client. Bodies of errors are not read.
  if (answered === 401) return { problem: 'misconfigured', detail: 'the provider does not take the client id and its secret (401)' }
  if (answered === 400) return { problem: 'invalid', detail: 'the provider does not take the code that came back (400)' }
  if (answered !== undefined && answered !== 200) return { problem: 'unavailable', detail: `the provider answered ${answered}` }
  const attribute = (cause as { readonly attribute?: unknown } | undefined)?.attribute
  if (attribute === 'issuer') return wrongIssuer
  const claim = claimOf(cause)
  if (error instanceof TypeError && code === undefined) throw error
  return { problem: 'invalid', detail: `what the provider says does not hold (${word(code)}${claim === undefined ? '' : `, ${claim}`})` }
}

const wrongIssuer: ProviderProblem = {
  problem: 'misconfigured',
  detail: 'its metadata names another issuer: issuer must be written exactly as there, a slash at the end too',
}

/** Which claim or parameter did not hold, where the library says it. */
function claimOf(cause: unknown, levels = 3): string | undefined {
  if (typeof cause !== 'object' || cause === null || levels === 0) return undefined
  const { claim, parameter, cause: inner } = cause as { claim?: unknown; parameter?: unknown; cause?: unknown }
  const found = [claim, parameter].find((each) => typeof each === 'string' && /^[\w.-]{1,64}$/.test(each))
  return (found as string | undefined) ?? claimOf(inner, levels - 1)
}
