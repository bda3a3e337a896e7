/**
 * Authorization requests under way: what was recorded before the person was sent off, and whether what comes back belongs to it
 * (OAuth 2.1 §4.1, RFC 7636, RFC 9207; 2026-07-28 authorization §authorization response validation).
 *
 * Fails closed: a request is taken out before anything else is looked at, so each can be answered once; and nothing that an answer
 * says, an error included, is believed before its `state` and its issuer are.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import type { ClientIdentity } from './client-identity.ts'
import { parseOAuthError } from './oauth-error.ts'
import { OFFLINE_ACCESS } from './scopes.ts'
import type { AuthorizationServer } from './server-metadata.ts'

export interface AuthorizationRequest {
  /** Its issuer is the one that an answer must come from. */
  readonly server: AuthorizationServer
  readonly client: ClientIdentity
  readonly resource: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
}

export interface AuthorizationCode<R extends AuthorizationRequest = AuthorizationRequest> {
  readonly request: R
  readonly code: string
  readonly verifier: string
}

export interface AuthorizationRequests<R extends AuthorizationRequest> {
  /** Records a request, and answers the URL that the person is sent to, with the `state` in it. */
  begin(request: R): { readonly url: string; readonly state: string }
  /** @throws {AuthorizationError} */
  finish(callback: URLSearchParams): AuthorizationCode<R>
  /** Nobody waits for its answer any more. */
  drop(state: string): void
}

const TTL_MS = 10 * 60 * 1000
const MAX_PENDING = 100
const MAX_CODE = 4096
const MAX_CALLBACK = 16_384

interface Pending<R> {
  readonly request: R
  readonly verifier: string
  readonly expiresAt: number
}

export function createAuthorizationRequests<R extends AuthorizationRequest>(clock: Clock): AuthorizationRequests<R> {
  const pending = new Map<string, Pending<R>>()

  return {
    begin(request) {
      const state = randomBytes(32).toString('base64url')
      const verifier = randomBytes(32).toString('base64url')
      // The oldest goes: a program that begins and never ends does not grow.
      if (pending.size >= MAX_PENDING) for (const oldest of pending.keys()) if (pending.size >= MAX_PENDING) pending.delete(oldest)
      pending.set(state, { request, verifier, expiresAt: clock() + TTL_MS })
      return { url: toAuthorizationUrl(request, state, verifier), state }
    },
    finish(callback) {
      const state = stateIn(callback)
      const found = state === undefined ? undefined : pending.get(state)
      if (state === undefined || found === undefined)
        throw new AuthorizationError('state_mismatch', 'This answer belongs to no sign-in that was begun here, or was used already.')
      pending.delete(state)
      if (found.expiresAt <= clock()) throw new AuthorizationError('state_mismatch', 'This sign-in was begun too long ago.')
      return { request: found.request, code: codeIn(callback, found.request.server), verifier: found.verifier }
    },
    drop: (state) => void pending.delete(state),
  }
}

/** What a URL that a person came back to says: a whole one, or from its path on, as servers see it. Undefined where it is none. */
export function parseCallback(text: string): URLSearchParams | undefined {
  return text.length <= MAX_CALLBACK ? URL.parse(text, 'http://localhost')?.searchParams : undefined
}

/** The `state` that an answer names; undefined where it names none, or several. */
export const stateIn = (callback: URLSearchParams): string | undefined => single(callback, 'state')

/** The code in an answer that was found to belong to a request at `server`. @throws {AuthorizationError} */
export function codeIn(callback: URLSearchParams, server: Pick<AuthorizationServer, 'issuer' | 'namesItself'>): string {
  checkIssuer(callback, server)
  if (callback.has('error')) {
    const reason = parseOAuthError(single(callback, 'error'))
    throw new AuthorizationError('authorization_denied', `The authorization server said no (${reason ?? 'no reason'}).`, {
      ...(reason !== undefined && { reason }),
    })
  }
  const code = single(callback, 'code')
  if (code === undefined || code.length > MAX_CODE) throw new AuthorizationError('authorization_denied', 'The answer has no code.')
  return code
}

/** Where a person is sent, for a request that is recorded under `state`. */
export function toAuthorizationUrl(
  { server, client, resource, redirectUri, scopes }: AuthorizationRequest,
  state: string,
  verifier: string,
): string {
  if (server.authorizationEndpoint === undefined)
    throw new AuthorizationError('metadata_invalid', `The authorization server ${server.issuer} has no authorization endpoint.`)
  // What the endpoint's own query says stays (RFC 6749 §3.1), but for what is ours to say.
  const url = new URL(server.authorizationEndpoint)
  const parameters = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    // OpenID Connect grants it only where the person was asked (Core §11).
    ...(scopes.includes(OFFLINE_ACCESS) && { prompt: 'consent' }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

/** Simple string comparison, nothing normalized (RFC 9207 §2.4). */
function checkIssuer(callback: URLSearchParams, { issuer, namesItself }: Pick<AuthorizationServer, 'issuer' | 'namesItself'>): void {
  const named = single(callback, 'iss')
  if (named === undefined && !namesItself && !callback.has('iss')) return
  if (named !== issuer)
    throw new AuthorizationError('issuer_mismatch', 'This answer does not come from the authorization server that the person was sent to.')
}

/** A parameter that is there once: twice is not allowed (RFC 6749 §3.1), and which one would count is anybody's guess. */
function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name)
  return values.length === 1 && values[0] !== '' ? values[0] : undefined
}
