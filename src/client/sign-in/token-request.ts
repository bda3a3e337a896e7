/**
 * The token endpoint: a code or a refresh token for an access token (OAuth 2.1 §4.1.3, §4.3; RFC 8707 §2.2). One POST, to the endpoint
 * that was recorded when the person was sent off, never redirected.
 *
 * @module
 */

import type { Clock, JsonObject } from '../../core/index.ts'
import { isRedirect } from '../../net/index.ts'
import { askForDocument, type DocumentAnswer } from '../documents.ts'
import { AuthorizationError, TransportError } from '../errors.ts'
import type { Network } from '../network.ts'
import { type ClientIdentity, secretsOf, toClientAuthentication } from './client-identity.ts'
import { parseOAuthError } from './oauth-error.ts'
import type { ProofKey } from './proof.ts'
import { parseScopes } from './scopes.ts'
import type { AuthorizationServer } from './server-metadata.ts'

/** Where tokens come from, and what they are for: all that a refresh needs to be bound to the same. */
export interface Grant {
  readonly server: AuthorizationServer
  /** Undefined: what is shown says who it is, and nobody was registered (RFC 7521 §4.1). */
  readonly client: ClientIdentity | undefined
  readonly resource: string
}

export interface Tokens {
  readonly grant: Grant
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly receivedAt: number
  /** Undefined where the server does not say. */
  readonly expiresAt: number | undefined
  /** The key that it is bound to, and not to be sent without; undefined: a bearer token. */
  readonly proof?: ProofKey | undefined
}

export interface TokenRequest {
  readonly network: Network
  readonly clock: Clock
  readonly grant: Grant
  /** `grant_type` and what belongs to it. */
  readonly fields: Readonly<Record<string, string>>
  /** The key that the token shall be bound to (RFC 9449 §5); without one, a bearer token is asked for. */
  readonly proof?: ProofKey | undefined
  /** Whether a bearer token will do where a bound one was asked for (RFC 9449 §5); not so unless told. */
  readonly bearerWillDo?: boolean | undefined
  /** What to do where it is refused, where nobody is to sign in again. */
  readonly step?: string | undefined
}

/** Ten years: what is longer than any number could not be kept. */
const LONGEST_SECONDS = 10 * 365 * 24 * 60 * 60

/** A token goes into a header as it is (RFC 6750 §2.1). */
export const isHeaderValue = (value: unknown): value is string => typeof value === 'string' && /^[\x21-\x7e]{1,16384}$/.test(value)

/** Tells the authorization server that a token is no longer wanted (RFC 7009). False where it has no place for that, or did not take it. */
export async function revokeToken(
  { network, grant: { server, client } }: Pick<TokenRequest, 'network' | 'grant'>,
  token: string,
): Promise<boolean> {
  if (server.revocationEndpoint === undefined) return false
  const { headers, fields } = await toClientAuthentication(client)
  const { status } = await askForDocument(network, server.revocationEndpoint, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token, ...fields }).toString(),
  })
  return status === 200
}

/** @throws {AuthorizationError | TransportError} */
export async function requestTokens(request: TokenRequest): Promise<Tokens> {
  const { proof } = request
  const { tokenEndpoint } = request.grant.server
  let answer = await ask(request)
  // The first proof was made without knowing the nonce that the server wants in it (RFC 9449 §8), or what time it is there.
  if (proof && answer.status === 400 && wantsAnotherProof(answer)) answer = await ask(request)
  const refusal = refusalIn(answer, { url: tokenEndpoint, sent: secretsIn(request), step: request.step })
  if (refusal) throw refusal
  return toTokens(answer.document ?? {}, request)
}

const wantsAnotherProof = ({ document, headers }: DocumentAnswer): boolean =>
  document?.['error'] === 'use_dpop_nonce' ? headers.has('dpop-nonce') : document?.['error'] === 'invalid_dpop_proof'

interface RefusalContext {
  readonly url: URL
  /** Secrets of the request, which an error must not repeat. */
  readonly sent: readonly string[]
  readonly step?: string | undefined
}

/** Why a token endpoint gave no token; undefined: it may have. */
export function refusalIn(
  { status, document }: Pick<DocumentAnswer, 'status' | 'document'>,
  { url, sent, step }: RefusalContext,
): AuthorizationError | TransportError | undefined {
  if (isRedirect(status)) return new AuthorizationError('redirected', `The token endpoint at ${url.host} answers with a redirect.`)
  // Trouble of its own says nothing about the grant.
  if (status >= 500 || status === 429)
    return new TransportError('http_status', `The token endpoint at ${url.host} answers ${status}.`, status)
  if (status === 200) return undefined
  const reason = parseOAuthError(document?.['error'], sent)
  return new AuthorizationError('token_refused', `The authorization server refused to give a token (${reason ?? status}).`, {
    ...(reason !== undefined && { reason }),
    ...(step !== undefined && { step }),
  })
}

/** What a server that refuses must not get into an error by saying it back. */
const secretsIn = ({ fields, grant: { client } }: TokenRequest): string[] => {
  const { grant_type: _, ...secrets } = fields
  return [...Object.values(secrets), ...secretsOf(client)]
}

async function ask({ network, grant, fields, proof }: TokenRequest): Promise<DocumentAnswer> {
  const { tokenEndpoint } = grant.server
  // Each time anew: neither an assertion nor a proof is good twice.
  const { headers, fields: identity } = await toClientAuthentication(grant.client)
  const answer = await askForDocument(network, tokenEndpoint, {
    method: 'POST',
    headers: {
      ...headers,
      ...(proof && { dpop: await proof.prove({ method: 'POST', url: tokenEndpoint }) }),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ ...fields, ...identity, resource: grant.resource }).toString(),
  })
  proof?.heard(tokenEndpoint, answer.headers)
  return answer
}

function toTokens(document: JsonObject, { grant, clock, proof, bearerWillDo = false, step }: TokenRequest): Tokens {
  const more = step === undefined ? {} : { step }
  const { access_token: accessToken, refresh_token: refreshToken, token_type: type, expires_in: seconds, scope } = document
  if (!isHeaderValue(accessToken))
    throw new AuthorizationError('token_refused', 'The authorization server answered without an access token.', more)
  // Another type would have to be proved in another way: sent as a bearer token it proves nothing (OAuth 2.1 §1.4.2). And whoever
  // was shown a proof and answers with a bearer token has not bound it (RFC 9449 §5).
  const said = typeof type === 'string' ? type.toLowerCase() : undefined
  const isBound = proof !== undefined && said === 'dpop'
  if (!isBound && (said !== 'bearer' || (proof !== undefined && !bearerWillDo)))
    throw new AuthorizationError('token_refused', 'The authorization server gave a token of another type than was asked for.', more)
  const now = clock()
  return {
    grant,
    accessToken,
    refreshToken: isHeaderValue(refreshToken) ? refreshToken : undefined,
    scopes: parseScopes(scope),
    receivedAt: now,
    expiresAt: typeof seconds === 'number' && seconds >= 0 ? now + Math.min(seconds, LONGEST_SECONDS) * 1000 : undefined,
    ...(isBound && { proof }),
  }
}
