/**
 * A client reads, changes and ends its own registration (RFC 7592), with the token that it was given when it registered.
 *
 * The token is an HMAC of the client's id: nothing is stored for it, it ends with the registration, and it stays the same when the
 * registration changes. It opens nothing else. A change passes what a registration passes, so that it can never be more than one.
 * What an operator registered is managed by operators alone.
 *
 * @module
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from '../vault/index.ts'
import type { Payload } from './artifacts.ts'
import type { Clients } from './clients.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import { checkRegistration } from './registration.ts'

export interface RegistrationManagement {
  /** What the answer to a registration has beside the metadata (RFC 7592 §3). */
  accessTo(clientId: string): { readonly registration_access_token: string; readonly registration_client_uri: string }
  /** The client's metadata, if the token is for it. */
  open(clientId: string, authorization: string | undefined): Promise<Payload | undefined>
  update(clientId: string, current: Payload, body: unknown): Promise<Payload | Refusal>
}

export interface ManagementParts {
  readonly issuer: string
  readonly keyRing: KeyRing
  readonly clients: Clients
  /** What a registration becomes in the end; a problem where it is none (RFC 7591 §2). */
  readonly complete: (metadata: Payload) => Promise<Payload | Refusal>
}

/** Ours to say (RFC 7592 §2.2). */
const ours = ['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at']
const withSecret = ['client_secret_basic', 'client_secret_post']

export function createRegistrationManagement({ issuer, keyRing, clients, complete }: ManagementParts): RegistrationManagement {
  const tokenOf = (clientId: string): string => `rat_${keyRing.mac('registration-access-token', clientId).toString('base64url')}`
  const refuse = (description: string, error = 'invalid_client_metadata'): Refusal => ({ error, description })

  /** Before the rules of a registration: whether it is this one that it changes. */
  function problemWith(body: Record<string, unknown>, clientId: string, current: Payload): Refusal | undefined {
    if (body['client_id'] !== clientId) return refuse('client_id must be the id of this client', 'invalid_request')
    const member = ours.find((name) => body[name] !== undefined)
    if (member !== undefined) return refuse(`${member} is not the client's to set`, 'invalid_request')
    const { client_secret: given } = body
    if (given !== undefined && (typeof given !== 'string' || !isSame(given, textOf(current['client_secret']))))
      return refuse('client_secret must be the one that this client has', 'invalid_request')
    return undefined
  }
  return {
    accessTo: (clientId) => ({
      registration_access_token: tokenOf(clientId),
      registration_client_uri: `${issuer}/register/${clientId}`,
    }),
    async open(clientId, authorization) {
      const token = /^bearer +(rat_[\w-]{1,128})$/i.exec(authorization ?? '')?.[1]
      if (token === undefined || !isSame(token, tokenOf(clientId))) return undefined
      return (await clients.get(clientId))?.registered === 'by-itself' ? clients.find(clientId) : undefined
    },
    async update(clientId, current, body) {
      if (typeof body !== 'object' || body === null || Array.isArray(body))
        return refuse('the body must be a JSON object', 'invalid_request')
      const problem = problemWith(body as Record<string, unknown>, clientId, current)
      if (problem !== undefined) return problem
      const checked = checkRegistration(body)
      if (isRefusal(checked)) return checked
      const needsSecret = withSecret.includes(textOf(checked.metadata['token_endpoint_auth_method']) || 'client_secret_basic')
      const secret = current['client_secret'] ?? randomBytes(32).toString('base64url')
      const metadata = await complete({
        ...checked.metadata,
        client_id: clientId,
        client_id_issued_at: current['client_id_issued_at'],
        ...(needsSecret ? { client_secret: secret, client_secret_expires_at: 0 } : {}),
      })
      if (isRefusal(metadata)) return metadata
      return (await clients.update(clientId, metadata)) ? metadata : refuse('this client is gone', 'invalid_request')
    },
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
