/**
 * Whether a token is good (RFC 7662): for clients that authenticate, of their own tokens; for those that an operator registered, of
 * every access token of ours. Refresh tokens (opaque) are only ever their client's. Whatever is wrong with a token, the answer is `active: false` and nothing else (§2.2).
 *
 * oidc-provider authenticates the client and knows the opaque ones; it refuses signed tokens, so it is shown a token that nobody has,
 * and what it answers is replaced by what our own verifier says: the one that decides at the MCP endpoint.
 *
 * @module
 */

import type { Client, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { Clients } from './clients.ts'
import type { Resources } from './resources.ts'
import type { OwnTokens } from './token-verifier.ts'

export type Introspected = Readonly<Record<string, unknown>>

const inactive: Introspected = { active: false }
/** Of a token without a secret, client and account alone: not what else we put into one. */
const shown = ['sub', 'client_id', 'scope', 'exp', 'iat', 'jti', 'iss', 'aud', 'cnf', 'act'] as const

type Feature = Extract<NonNullable<Configuration['features']>, { introspection: object }>['introspection']

export const introspectionFeature: Feature = {
  enabled: true,
  allowedPolicy: (_ctx, client, token) => isConfidential(client) && token.clientId === client.clientId,
}

/** `methods`: how clients may authenticate in all; `algorithms`: with which assertions. */
export const introspectionMetadata = (
  issuer: string,
  methods: readonly string[],
  algorithms: readonly string[],
): Readonly<Record<string, unknown>> => ({
  introspection_endpoint: `${issuer}/introspect`,
  introspection_endpoint_auth_methods_supported: methods.filter((each) => each !== 'none'),
  introspection_endpoint_auth_signing_alg_values_supported: algorithms,
})

/** Anything with the shape of a JWT; the rest is the provider's to find. */
export const isSigned = (token: string): boolean => /^eyJ[^.]*\.[^.]*\.[^.]*$/.test(token)

/** What there is to say of a signed token, to whoever may ask. */
export async function introspect(tokens: OwnTokens, { canonical }: Resources, token: string): Promise<Introspected> {
  const verified = await tokens.verifier.verify({ scheme: 'bearer', value: token }, canonical)
  if (!verified.allowed) return inactive
  const { decodeJwt } = await import('jose')
  // Verified a moment ago.
  const claims = decodeJwt(token)
  const told = Object.fromEntries(shown.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]]))
  return { active: true, ...told, token_type: verified.value.boundTo === undefined ? 'Bearer' : 'DPoP' }
}

/** `said`: what there is to say of the signed token that a request under way is about, if it is about one. */
export function answerIntrospection(said: (request: object) => Introspected | undefined, clients: Pick<Clients, 'get'>) {
  /** Anybody can register a client, or describe one at a URL: of what others hold it learns nothing (§2.2). */
  const mayKnow = async ({ clientId }: Client, token: Introspected): Promise<boolean> =>
    token['client_id'] === clientId || (await clients.get(clientId))?.registered === 'by-operator'

  return async (ctx: object, next: () => Promise<unknown>): Promise<void> => {
    await next()
    const context = ctx as KoaContextWithOIDC
    if (context.oidc?.route !== 'introspection' || context.status !== 200) return
    const { client } = context.oidc
    if (client === undefined || !isConfidential(client)) {
      // §2.1: who asks must be known; a public client is anybody.
      context.status = 401
      context.body = { error: 'invalid_client', error_description: 'only clients that authenticate may introspect tokens' }
      return
    }
    const answer = said(context.req)
    if (answer !== undefined) context.body = (await mayKnow(client, answer)) ? answer : inactive
  }
}

const isConfidential = (client: Client): boolean => (client as unknown as { clientAuthMethod?: string }).clientAuthMethod !== 'none'
