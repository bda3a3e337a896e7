/**
 * JWTs of ours at `/revoke` (RFC 7009) and `/introspect` (RFC 7662). oidc-provider refuses them there: it is shown a token that nobody
 * has, so that it only authenticates the client, and what is to be done about the JWT is kept beside the request that it is given.
 *
 *   form → (here: the JWT is read and taken out) → provider: who asks → (there: what was kept counts)
 *
 * Fails closed: what is no JWT of ours stays in the form, and is the provider's to find or not.
 *
 * @module
 */

import { type Introspected, introspect, isSigned } from './introspection.ts'
import type { Resources } from './resources.ts'
import type { OwnTokens } from './token-verifier.ts'

/** Whose a token is, and what it ends with. */
export type Named = NonNullable<Awaited<ReturnType<OwnTokens['readOwn']>>>

export interface SignedTokens {
  /** Takes a JWT out of a form for `path`. The request that the form is sent on with goes to the answer, where there is one. */
  takeOut(path: string, params: URLSearchParams): Promise<((sent: object) => void) | undefined>
  /** What a request is to revoke, if it names it by a JWT. */
  grantToRevoke(sent: object): Named | undefined
  /** What there is to say of the JWT that a request asks about, if it asks about one. */
  introspected(sent: object): Introspected | undefined
}

const NOBODYS = 'a-signed-token'

export function createSignedTokens(tokens: OwnTokens, resources: Resources): SignedTokens {
  const named = new WeakMap<object, Named>()
  const told = new WeakMap<object, Introspected>()
  return {
    async takeOut(path, params) {
      const token = params.get('token') ?? ''
      if (path === '/introspect' && isSigned(token)) {
        const answer = await introspect(tokens, resources, token)
        params.set('token', NOBODYS)
        return (sent) => void told.set(sent, answer)
      }
      const own = path === '/revoke' ? await tokens.readOwn(token) : undefined
      if (own === undefined) return undefined
      params.set('token', NOBODYS)
      return (sent) => void named.set(sent, own)
    },
    grantToRevoke: (sent) => named.get(sent),
    introspected: (sent) => told.get(sent),
  }
}
