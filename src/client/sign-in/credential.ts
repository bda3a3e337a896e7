/**
 * What a client proves itself with to its server, anew for each request: the seam between signing in and the transports. A proof
 * of possession differs with every request and may need a nonce of the server's (RFC 9449 §7, §8.2).
 *
 * @module
 */

import { isRedirect } from '../../net/index.ts'
import { AuthorizationError, TransportError } from '../errors.ts'
import { HookFailure } from '../hook-failure.ts'
import { type Challenge, parseChallenge } from './challenge.ts'

/** A request that is about to be sent, as far as a proof is made for it. */
export interface Outgoing {
  readonly method: string
  readonly url: URL
}

export interface Presented {
  /** The access token or key; undefined: none. */
  readonly token: string | undefined
  /** All that goes into the request for it, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Refusal {
  readonly presented: Presented
  readonly challenge: Challenge | undefined
}

export interface Credential {
  /** @throws {AuthorizationError} */
  present(request: Outgoing): Promise<Presented>
  /** After a refusal: another try where there is one (a fresher token; the same token with the nonce that the answer brought). */
  renew(request: Outgoing, refusal: Refusal): Promise<Presented | undefined>
  /** Of every answer: a new nonce may be in it (RFC 9449 §8.2). */
  heard(headers: Headers): void
  /** Why the server's 401, or its 403 with a scope, is the end of it; the challenge is remembered for the next sign-in. */
  refused(host: string, challenge: Challenge | undefined): AuthorizationError
}

/** `header`: where a server takes keys elsewhere than in `Authorization: Bearer`. */
export const createApiKeyCredential = (apiKey: string, header?: string): Credential => ({
  present: async () => ({
    token: apiKey,
    headers: header === undefined ? { authorization: `Bearer ${apiKey}` } : { [header.toLowerCase()]: apiKey },
  }),
  renew: async () => undefined,
  heard: () => {},
  refused: (host) => new AuthorizationError('credential_refused', `${host} refused the API key.`),
})

/** For a server that asks nobody. */
export const noCredential: Credential = {
  present: async () => ({ token: undefined, headers: {} }),
  renew: async () => undefined,
  heard: () => {},
  refused: (host) =>
    new AuthorizationError('credential_refused', `${host} asks for a credential, and the client was given none.`, {
      step: 'Give auth: { type: "api_key", apiKey }, or { type: "oauth2" } to sign a person in.',
    }),
}

/** What an answer says to a credential. */
export interface Said {
  readonly status: number
  readonly headers: Headers
}

export interface Attempts<Answer> {
  readonly credential: Credential
  readonly request: Outgoing
  readonly send: (headers: Readonly<Record<string, string>>) => Promise<Answer>
  readonly saidBy: (answer: Answer) => Said
  /** Lets go of an answer that another one takes the place of. */
  readonly drop: (answer: Answer) => Promise<void>
}

/** How often a request is tried again for one reason; each is the end of it where it is spent. */
const LIMITS = { token: 1, proof: 1, scope: 2 }

/**
 * A refusal is answered with another try where the credential has one; what is said to the last one is the answer.
 *
 * @throws {HookFailure} around what the credential throws: ours, or of the program's own store or sign-in, and to be given back as it is
 */
export async function withRenewal<Answer>({ credential, request, send, saidBy, drop }: Attempts<Answer>): Promise<Answer> {
  const left = { ...LIMITS }
  let presented = await asItIs(credential.present(request))
  for (;;) {
    const answer = await send(presented.headers)
    const { status, headers } = saidBy(answer)
    credential.heard(headers)
    const challenge = challengeOf(status, headers.get('www-authenticate'))
    const kind = kindOf(status, challenge, headers)
    if (kind === undefined || left[kind]-- === 0) return answer
    const renewed = await asItIs(credential.renew(request, { presented, challenge }))
    if (renewed === undefined) return answer
    await drop(answer)
    presented = renewed
  }
}

const asItIs = <T>(presented: Promise<T>): Promise<T> =>
  presented.catch((error: unknown) => {
    throw new HookFailure(error)
  })

function kindOf(status: number, challenge: Challenge | undefined, headers: Headers): keyof typeof LIMITS | undefined {
  if (status === 403 && challenge?.error === 'insufficient_scope') return 'scope'
  if (status !== 401) return undefined
  if (!challenge || !isAboutProof(challenge)) return 'token'
  // Who wants a nonce and gives none would get the same proof again.
  return challenge.error === 'use_dpop_nonce' && !headers.has('dpop-nonce') ? undefined : 'proof'
}

/** Whether another proof for the same token may do: with the nonce, or the time, that the answer brought. */
export const isAboutProof = ({ error }: Challenge): boolean => error === 'use_dpop_nonce' || error === 'invalid_dpop_proof'

const challengeOf = (status: number, header: string | null): Challenge | undefined =>
  status === 401 || status === 403 ? parseChallenge(header) : undefined

export interface Refused {
  readonly credential: Credential
  readonly host: string
  readonly status: number
  /** `WWW-Authenticate` as it came. */
  readonly challenge: string | null
}

/** The error that a status means to whoever sent a credential, or was to be led elsewhere with it; undefined: it is neither. */
export function refusalOf({ credential, host, status, challenge }: Refused): AuthorizationError | TransportError | undefined {
  const asked = challengeOf(status, challenge)
  if (status === 401 || (status === 403 && asked?.error === 'insufficient_scope')) return credential.refused(host, asked)
  return isRedirect(status) ? new TransportError('redirected', `${host} answers with a redirect.`, status) : undefined
}
