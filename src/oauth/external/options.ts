/**
 * Somebody else's authorization server in place of our own, as an operator names it. What is wrong is told at the start, each
 * problem with its place; nothing is asked of the issuer before that.
 *
 * @module
 */

import { z } from 'zod'
import { isIssuerUrl } from '../../net/index.ts'

/** Where a token says something: the name of a claim, or a path with dots; of several, each counts that is there. */
export type ClaimNames = string | readonly string[]

export interface ExternalIssuerOptions {
  /** Exactly as its metadata and its tokens write it, a slash at the end too. Our own authorization server does not run. */
  readonly issuer: string
  /** What tokens for this server name as their audience; the URL of the endpoint unless told. */
  readonly audience?: string | undefined
  /** Where its keys are, where its metadata does not say it (RFC 8414, OpenID Connect Discovery). */
  readonly jwksUri?: string | undefined
  /** Asks the issuer whether a token still holds (RFC 7662): the only way for tokens that are no JWT, and the way to hear of revocations. */
  readonly introspection?: IntrospectionOptions | undefined
  /** How tokens may be signed; every asymmetric way that is sound unless told. */
  readonly algorithms?: readonly string[] | undefined
  /** How far its clock may be off; 10 unless told. */
  readonly clockToleranceSeconds?: number | undefined
  /** Where its tokens say scopes, roles and the client; the places that Keycloak, Entra, Auth0 and Okta use unless told. */
  readonly claims?: ClaimsOptions | undefined
  /** The `typ` that tokens must have: `at+jwt` where the issuer keeps to RFC 9068. */
  readonly requiredTokenType?: string | undefined
}

export interface IntrospectionOptions {
  /** Where to ask, where its metadata does not say it. */
  readonly url?: string | undefined
  readonly clientId: string
  readonly clientSecret: string
}

export interface ClaimsOptions {
  readonly scopes?: ClaimNames | undefined
  readonly roles?: ClaimNames | undefined
  readonly client?: ClaimNames | undefined
}

/** With a key that can be published, and without the ones that are too weak. */
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

const SECURE = 'must be an https URL, or http on loopback, without user, query or fragment'
const url = z
  .string()
  .max(2048)
  .refine((value) => isIssuerUrl(value), SECURE)
const claim = z.string().min(1).max(256)
const claims = z.union([claim, z.array(claim).min(1).max(16)], 'must be the name of a claim, or a list of names')

/** Each option for itself; {@link refineAuth} says what does not go together. */
export const externalShape: { readonly [Name in keyof ExternalIssuerOptions]-?: z.ZodType<ExternalIssuerOptions[Name] | undefined> } = {
  issuer: url.optional().describe('Another authorization server in place of our own: its issuer, exactly as its tokens write it.'),
  audience: z
    .string()
    .min(1)
    .max(2048)
    .optional()
    .describe('What its tokens for this server name as their audience. Default: the URL of the endpoint.'),
  jwksUri: z
    .string()
    .max(2048)
    .refine((value) => isIssuerUrl(value, { query: true }), 'must be an https URL, or http on loopback, without user or fragment')
    .optional()
    .describe('Where its keys are. Default: where its metadata says.'),
  introspection: z
    .strictObject({
      url: url.optional().describe('Where to ask. Default: where its metadata says.'),
      clientId: z.string().min(1).max(1024).describe('Who asks.'),
      clientSecret: z.string().min(1).max(4096).describe('Its secret. Use ${env:NAME} or ${file:PATH}.'),
    })
    .optional()
    .describe('Asks the issuer whether each token still holds (RFC 7662).'),
  algorithms: z
    .array(z.enum(ALGORITHMS, `must be one of ${ALGORITHMS.join(', ')}: whoever can check a token of any other kind could make one`))
    .min(1)
    .optional()
    .describe('How its tokens may be signed. Default: all of these.'),
  clockToleranceSeconds: z.int().min(0).max(300).optional().describe('How far its clock may be off. Default 10.'),
  claims: z
    .strictObject({
      scopes: claims.optional().describe('Where its tokens say scopes. Default scope, else scp.'),
      roles: claims.optional().describe('Where its tokens say roles. Default roles, else realm_access.roles, else groups.'),
      client: claims.optional().describe('Where its tokens say the client. Default client_id, else azp, else cid, else appid.'),
    })
    .optional()
    .describe('Claims, by name or by path with dots.'),
  requiredTokenType: z
    .string()
    .regex(/^[\w.+-]+(?:\/[\w.+-]+)?$/, 'must be a type, like at+jwt')
    .optional()
    .describe('The typ that its tokens must have: at+jwt where it keeps to RFC 9068.'),
}

/** What says nothing about who issues tokens. */
const EITHER: readonly string[] = ['dangerouslyAllowAnonymous', 'requireDpopNonce']

/** Names what does not go together in the block `auth`; whatever is not of an external issuer is our own authorization server's. */
export function refineAuth(given: object, context: z.RefinementCtx): void {
  const { issuer, localAccounts, signIn } = given as { issuer?: unknown; localAccounts?: unknown; signIn?: readonly unknown[] }
  const problem =
    issuer === undefined ? 'goes with issuer' : 'is for the embedded authorization server, which does not run where issuer is set'
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || EITHER.includes(name) || Object.hasOwn(externalShape, name) !== (issuer === undefined)) continue
    context.addIssue({ code: 'custom', path: [name], message: problem })
  }
  if (localAccounts === false && !signIn?.length) {
    context.addIssue({ code: 'custom', path: ['localAccounts'], message: 'nobody could sign in: name a provider in signIn' })
  }
}

/** What the verifiers are built from, every default in place. */
export interface ExternalSettings extends ExternalIssuerOptions {
  readonly algorithms: readonly string[]
  readonly clockToleranceSeconds: number
}

export const toSettings = (options: ExternalIssuerOptions): ExternalSettings => ({
  ...options,
  algorithms: options.algorithms ?? ALGORITHMS,
  clockToleranceSeconds: options.clockToleranceSeconds ?? 10,
})
