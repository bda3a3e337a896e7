/**
 * The tokens of clients that act for themselves (`client_credentials`). Each has a grant of its own, like any other token, so
 * that it can be revoked, looked at and narrowed by the same rules; it ends with its client, too.
 *
 * @module
 */

import type { ClientCredentials } from 'oidc-provider'
import { type Clock, createId } from '../core/index.ts'
import type { Grants } from './grants.ts'

/** In a token whose subject is a client; only we write it. */
export const CLIENT_SUBJECT = 'client'

/** A grant outlives its token by the clocks' difference. */
const MARGIN_SECONDS = 600

export interface ClientTokenParts {
  readonly grants: Pick<Grants, 'save'>
  readonly clock: Clock
}

/** The claims that the token gets beside its own, once its grant is kept. */
export async function claimsOfClientToken(
  { grants, clock }: ClientTokenParts,
  { clientId, scope = '', expiration, aud }: Pick<ClientCredentials, 'clientId' | 'scope' | 'expiration' | 'aud'>,
): Promise<Record<string, string>> {
  const iat = Math.floor(clock() / 1000)
  const ttlSeconds = expiration + MARGIN_SECONDS
  const jti = createId('gr_', 26)
  const resources = { [String(aud)]: scope }
  await grants.save(jti, { accountId: clientId, clientId, iat, exp: iat + ttlSeconds, jti, kind: 'Grant', resources }, ttlSeconds)
  return { grant_id: jti, sub_kind: CLIENT_SUBJECT }
}
