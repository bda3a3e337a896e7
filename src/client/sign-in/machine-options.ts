/** What a program says about how it signs in by itself. Pure. What is wrong with a key is said without it. @module */

import { z } from 'zod'
import { isIssuerUrl } from '../../net/index.ts'
import { fn } from '../function-option.ts'
import { credential, issuer, scopes, text } from './auth-options.ts'
import { type PrivateJwk, parseClientKey } from './client-key.ts'
import type { AskProgram } from './program-token.ts'

/** A client that somebody registered with an authorization server. */
interface RegisteredClient {
  readonly clientId: string
  /** This or `clientKey`. */
  readonly clientSecret?: string | undefined
  /** A private key, whose public part the authorization server has: the text of PKCS#8 in PEM, or a JWK. Signs `private_key_jwt`. */
  readonly clientKey?: string | PrivateJwk | undefined
  /** The algorithm that the key was registered for, such as `PS256`, where it could sign with several. */
  readonly alg?: string | undefined
}

interface OneIssuer {
  /** The only authorization server that anything is shown to: the server must name it, character by character. */
  readonly issuer: string
  /** Exactly what to ask for; what the server asks for where it is absent. */
  readonly scopes?: readonly string[] | undefined
  /** Whether tokens are bound to a key: where both sides offer it (`auto`, unless told), always, or never. */
  readonly dpop?: 'auto' | boolean | undefined
}

/** A program for itself (MCP extension oauth-client-credentials). */
export interface ClientCredentialsOptions extends RegisteredClient, OneIssuer {
  readonly type: 'client_credentials'
}

export interface IdentityProviderOptions extends RegisteredClient {
  /** This or `tokenEndpoint`. */
  readonly issuer?: string | undefined
  /** Where tokens are exchanged, where the identity provider has no metadata. */
  readonly tokenEndpoint?: string | undefined
  /** Answers with what the program has of the person, such as the ID token of their sign-in. Asked for anew for each access token. */
  readonly subjectToken: AskProgram
  /** `urn:ietf:params:oauth:token-type:id_token` unless told. */
  readonly subjectTokenType?: string | undefined
}

/** One of an enterprise's people, whose identity provider decides (MCP extension enterprise-managed-authorization, SEP-990). */
export interface EnterpriseOptions extends RegisteredClient, OneIssuer {
  readonly type: 'enterprise'
  readonly idp: IdentityProviderOptions
}

/** A job or a pod, as what its platform says it is (SEP-1933). */
export interface WorkloadOptions extends OneIssuer {
  readonly type: 'workload'
  /** Answers with the platform's token. Asked for anew for each access token. */
  readonly token: AskProgram
  readonly clientId?: string | undefined
}

export type MachineOptions = ClientCredentialsOptions | EnterpriseOptions | WorkloadOptions

const ask = fn<AskProgram>()
const tokenEndpoint = z
  .string()
  .max(2048)
  .refine((value) => isIssuerUrl(value, { query: true }), 'must be an https URL, or http on loopback, without fragment')
const registered = {
  clientId: text,
  clientSecret: credential.optional(),
  clientKey: z
    .union([z.string(), z.record(z.string(), z.unknown())], { error: 'must be the text of a private key in PEM, or a JWK' })
    .optional(),
  alg: text.optional(),
}
const oneIssuer = { issuer, scopes: scopes.optional(), dpop: z.union([z.literal('auto'), z.boolean()]).optional() }

interface Context {
  addIssue(issue: { readonly code: 'custom'; readonly path: string[]; readonly message: string }): void
}

function checkClient({ clientSecret, clientKey, alg }: RegisteredClient, context: Context): void {
  const refuse = (name: string, message: string): void => context.addIssue({ code: 'custom', path: [name], message })
  if (clientKey === undefined && alg !== undefined) refuse('alg', 'is for a clientKey')
  if (clientKey === undefined) return
  if (clientSecret !== undefined) refuse('clientKey', 'takes the place of a clientSecret: give one of the two')
  const key = parseClientKey(clientKey, alg)
  if (typeof key === 'string') refuse('clientKey', key)
}

export const idp: z.ZodType<IdentityProviderOptions> = z
  .strictObject({
    ...registered,
    issuer: issuer.optional(),
    tokenEndpoint: tokenEndpoint.optional(),
    subjectToken: ask,
    subjectTokenType: text.optional(),
  })
  .superRefine(checkClient)
  .refine((one) => (one.issuer === undefined) !== (one.tokenEndpoint === undefined), 'needs its issuer or its tokenEndpoint, and not both')
  .refine((one) => one.clientKey === undefined || one.issuer !== undefined, 'a clientKey needs the issuer, which is what it signs for')

export const clientCredentials: z.ZodType<ClientCredentialsOptions> & z.core.$ZodTypeDiscriminable = z
  .strictObject({ type: z.literal('client_credentials'), ...registered, ...oneIssuer })
  .superRefine(checkClient)
  .refine(({ clientSecret, clientKey }) => clientSecret !== undefined || clientKey !== undefined, 'needs a clientSecret or a clientKey')

export const enterprise: z.ZodType<EnterpriseOptions> & z.core.$ZodTypeDiscriminable = z
  .strictObject({ type: z.literal('enterprise'), ...registered, ...oneIssuer, idp })
  .superRefine(checkClient)

export const workload: z.ZodType<WorkloadOptions> & z.core.$ZodTypeDiscriminable = z.strictObject({
  type: z.literal('workload'),
  token: ask,
  clientId: text.optional(),
  ...oneIssuer,
})
