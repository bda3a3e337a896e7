/**
 * Pushed authorization requests (RFC 9126): a client hands in what it asks for, and the browser brings a reference only. Good for
 * a minute and for one authorization.
 *
 * Anybody may push in the name of a public client, and each is stored: how many and how large is bounded here, before the provider
 * sees them. Fails closed.
 *
 * @module
 */

import type { Configuration } from 'oidc-provider'
import type { Counters } from '../storage/index.ts'
import { mostStored } from './addresses.ts'
import type { Refusal } from './refusal.ts'

export const parFeature: NonNullable<NonNullable<Configuration['features']>['pushedAuthorizationRequests']> = {
  enabled: true,
  requirePushedAuthorizationRequests: false,
  // OAuth 2.1 §2.3: a redirect URI is registered, whoever asks.
  allowUnregisteredRedirectUris: false,
}

export const parMetadata = (issuer: string): Readonly<Record<string, unknown>> => ({
  pushed_authorization_request_endpoint: `${issuer}/par`,
  require_pushed_authorization_requests: false,
})

/**
 * How long one is kept beyond its minute: as long as a sign-in that began with it may take. Once it were forgotten, a second
 * sign-in that began with it would end well.
 */
export const PUSHED_KEPT_SECONDS = 900
/** The parameters of one. Real ones have some hundred characters, and a redirect URI at most. */
const MAX_PUSHED = 8192
const WINDOW_MS = 600_000

export interface PushRefusal extends Refusal {
  readonly status: 413 | 429
  readonly retryAfterSeconds?: number
}

/** Why a push is not taken. `budget`: whose it counts against (`addresses.ts`). */
export async function problemWithPush(
  { counters }: { readonly counters: Counters },
  budget: string,
  text: string,
): Promise<PushRefusal | undefined> {
  const { count, resetMs } = await counters.increment(`par:${budget}`, WINDOW_MS)
  if (count > mostStored(budget)) {
    const description = 'too many requests were pushed from this address: try again later'
    return { status: 429, error: 'temporarily_unavailable', description, retryAfterSeconds: Math.ceil(resetMs / 1000) }
  }
  // RFC 9126 §2.3.
  if (text.length > MAX_PUSHED)
    return { status: 413, error: 'invalid_request', description: `a request has at most ${MAX_PUSHED} characters` }
  return undefined
}
