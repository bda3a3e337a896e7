/**
 * What a client proves itself with to its server: the seam between signing in and the transports. A proof that differs with every
 * request (DPoP) has its place here.
 *
 * @module
 */

import { isRedirect } from '../documents.ts'
import { AuthorizationError, TransportError } from '../errors.ts'
import { type Challenge, parseChallenge } from './challenge.ts'

export interface Credential {
  /** The value of `Authorization` for the next request to the server; undefined: none. @throws {AuthorizationError} */
  present(): Promise<string | undefined>
  /** The server refused `presented`: another value, where there is one. */
  renew(presented: string | undefined): Promise<string | undefined>
  /** Why the server's 401, or its 403 with a scope, is the end of it; the challenge is remembered for the next sign-in. */
  refused(host: string, challenge: Challenge | undefined): AuthorizationError
}

export const createApiKeyCredential = (apiKey: string): Credential => ({
  present: async () => `Bearer ${apiKey}`,
  renew: async () => undefined,
  refused: (host) => new AuthorizationError('credential_refused', `${host} refused the API key.`),
})

/** For a server that asks nobody. */
export const noCredential: Credential = {
  present: async () => undefined,
  renew: async () => undefined,
  refused: (host) =>
    new AuthorizationError('credential_refused', `${host} asks for a credential, and the client was given none.`, {
      step: 'Give auth: { type: "api_key", apiKey }, or { type: "oauth2" } to sign a person in.',
    }),
}

export interface Attempts<Answer> {
  readonly credential: Credential
  readonly send: (authorization: string | undefined) => Promise<Answer>
  readonly isUnauthorized: (answer: Answer) => boolean
  /** Lets go of an answer that another one takes the place of. */
  readonly drop: (answer: Answer) => Promise<void>
}

/** A 401 is renewed once, where there is another value to be had; what is said to that one is the answer. */
export async function withRenewal<Answer>({ credential, send, isUnauthorized, drop }: Attempts<Answer>): Promise<Answer> {
  const presented = await credential.present()
  const answer = await send(presented)
  if (!isUnauthorized(answer)) return answer
  const renewed = await credential.renew(presented)
  if (renewed === undefined || renewed === presented) return answer
  await drop(answer)
  return send(renewed)
}

export interface Refused {
  readonly credential: Credential
  readonly host: string
  readonly status: number
  /** `WWW-Authenticate` as it came. */
  readonly challenge: string | null
}

/** The error that a status means to whoever sent a credential, or was to be led elsewhere with it; undefined: it is neither. */
export function refusalOf({ credential, host, status, challenge }: Refused): AuthorizationError | TransportError | undefined {
  const asked = status === 401 || status === 403 ? parseChallenge(challenge) : undefined
  if (status === 401 || (status === 403 && asked?.error === 'insufficient_scope')) return credential.refused(host, asked)
  return isRedirect(status) ? new TransportError('redirected', `${host} answers with a redirect.`, status) : undefined
}
