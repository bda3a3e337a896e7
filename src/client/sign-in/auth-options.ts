/** What a program says about how a person signs in, and the parts that other kinds of `auth` are made of too. Pure. @module */

import { z } from 'zod'
import { isScope } from '../../core/index.ts'
import { isIssuerUrl } from '../../net/index.ts'
import { isRedirectUri } from './redirect-uri.ts'
import { isHeaderValue } from './token-request.ts'

/** How a person is asked: in the browser of this machine, on another device, or by a function that shows them the URL and answers with the one that they came back to. */
export type SignInWay = 'browser' | 'device' | ((url: string) => Promise<string> | string)

/** Signs a person in (OAuth 2.1). */
export interface OAuth2Options {
  readonly type: 'oauth2'
  /** Registered with the authorization server beforehand. Without one the client registers itself. */
  readonly clientId?: string | undefined
  /** Needs `issuer`: a secret is shown to nobody but the one who gave it. */
  readonly clientSecret?: string | undefined
  /** Where the program publishes its client ID metadata document: https, with a path. Used where the authorization server reads such documents. */
  readonly clientMetadataUrl?: string | undefined
  /** The only authorization server to use; the first that the server names where it is absent. */
  readonly issuer?: string | undefined
  /** Exactly what to ask for; what the server asks for where it is absent. */
  readonly scopes?: readonly string[] | undefined
  /** Whether tokens are bound to a key: where both sides offer it (`auto`, unless told), always, or never. */
  readonly dpop?: 'auto' | boolean | undefined
  /** Where a person comes back to: needed where `signIn` is a function, and fixes the port of `signIn()` where it is on this computer. */
  readonly redirectUri?: string | undefined
  /** With it the client signs in by itself whenever a request needs it; without it such a request fails with `sign_in_required`. */
  readonly signIn?: SignInWay | undefined
  /** Signs in at servers of 2025-03-26 that have no metadata at all: at /authorize, /token and /register of their own origin, whose support of PKCE nobody says. */
  readonly dangerouslyAllowMissingMetadata?: boolean | undefined
}

export const text: z.ZodString = z.string().min(1).max(256)
export const scopes: z.ZodArray<z.ZodCustom<string>> = z
  .array(z.custom<string>(isScope, 'must be a scope: visible ASCII without spaces, quotes and backslashes'))
  .min(1)
  .max(200)
export const credential: z.ZodCustom<string> = z.custom<string>(isHeaderValue, 'must be visible ASCII without spaces')
export const redirectUri: z.ZodString = z
  .string()
  .max(2048)
  .refine(isRedirectUri, 'must be an https URL, or http on loopback, without a fragment')
export const issuer: z.ZodString = z
  .string()
  .max(2048)
  .refine((value) => isIssuerUrl(value), 'must be an https URL, or http on loopback, without query and fragment')
const clientMetadataUrl = z.string().max(2048).refine(isDocumentUrl, 'must be an https URL with a path, without fragment')

export const oauth2: z.ZodType<OAuth2Options> & z.core.$ZodTypeDiscriminable = z
  .strictObject({
    type: z.literal('oauth2'),
    clientId: text.optional(),
    clientSecret: credential.optional(),
    clientMetadataUrl: clientMetadataUrl.optional(),
    issuer: issuer.optional(),
    scopes: scopes.optional(),
    dpop: z.union([z.literal('auto'), z.boolean()]).optional(),
    redirectUri: redirectUri.optional(),
    signIn: z
      .union([z.enum(['browser', 'device']), z.custom<Exclude<SignInWay, string>>((value) => typeof value === 'function')], {
        error: 'must be "browser", "device" or a function',
      })
      .optional(),
    dangerouslyAllowMissingMetadata: z.boolean().optional(),
  })
  .refine(({ clientSecret, clientId }) => clientSecret === undefined || clientId !== undefined, 'a clientSecret needs its clientId')
  .refine((auth) => auth.clientSecret === undefined || auth.issuer !== undefined, 'a clientSecret needs the issuer that gave it')
  .refine((auth) => typeof auth.signIn !== 'function' || auth.redirectUri !== undefined, 'a signIn function needs the redirectUri')

function isDocumentUrl(value: string): boolean {
  const url = URL.parse(value)
  return url?.protocol === 'https:' && url.pathname !== '/' && url.username === '' && url.password === '' && !value.includes('#')
}
