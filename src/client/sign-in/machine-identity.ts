/**
 * Who a program is that signs in by itself: a client that somebody registered for it, with a secret or a key. It goes to the issuer that
 * it was registered with, and proves itself in a way that this issuer lists.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import { toKeyIdentity } from './client-assertion.ts'
import type { ClientIdentity } from './client-identity.ts'
import { type ClientKey, type PrivateJwk, parseClientKey } from './client-key.ts'
import type { AuthorizationServer } from './server-metadata.ts'

/** Checked before: a key that is none does not come here. */
export interface MachineClient {
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly clientKey?: string | PrivateJwk | undefined
  readonly alg?: string | undefined
}

export type Identify = (server: Pick<AuthorizationServer, 'issuer' | 'clientAuthMethods' | 'assertionAlgorithms'>) => ClientIdentity

/** Without a secret and a key it is a public client, where its grant allows that. */
export function createIdentify({ clientId, clientSecret, clientKey, alg }: MachineClient, clock: Clock): Identify {
  const key = clientKey === undefined ? undefined : (parseClientKey(clientKey, alg) as ClientKey)
  return ({ issuer, clientAuthMethods, assertionAlgorithms: algorithms }) => {
    const method = (['client_secret_basic', 'client_secret_post'] as const).find((one) => clientAuthMethods.includes(one))
    if (key !== undefined && clientAuthMethods.includes('private_key_jwt'))
      return toKeyIdentity({ clientId, key, clock, issuer, algorithms })
    if (clientSecret !== undefined && method !== undefined) return { issuer, clientId, clientSecret, method }
    if (key === undefined && clientSecret === undefined) return { issuer, clientId, method: 'none' }
    throw new AuthorizationError(
      'registration_unsupported',
      `${new URL(issuer).host} takes no ${key === undefined ? 'client secrets' : 'clients that sign (private_key_jwt)'}.`,
      { step: `Register the client with it for ${key === undefined ? 'a key' : 'a secret'}, and give that.` },
    )
  }
}
