/** What the methods of a client are given. Strict, as what it is made from: every problem is named at once, never a value. @module */

import { z } from 'zod'
import { checkOptions } from '../core/index.ts'
import { isMimeType } from '../protocol/index.ts'
import type { Watched } from './connection/watch.ts'
import { fn } from './function-option.ts'
import { isResourceData, type ResourceData } from './resources/parts.ts'
import type { PutResourceOptions } from './resources/resources.ts'
import { redirectUri, scopes, text } from './sign-in/auth-options.ts'
import type { ClientMetadata } from './sign-in/registration.ts'
import type { SignInRequest } from './sign-in/ways.ts'

export interface AuthorizationUrlRequest {
  /** Where the person is sent back to: https, or this computer. */
  readonly redirectUri: string
  /** Instead of `auth.scopes`, this time. */
  readonly scopes?: readonly string[] | undefined
}

const httpsUrl = z
  .string()
  .max(2048)
  .refine((value) => URL.parse(value)?.protocol === 'https:', 'must be an https URL')

const authorizationUrlRequest: z.ZodType<AuthorizationUrlRequest> = z.strictObject({ redirectUri, scopes: scopes.optional() })
const signInRequest: z.ZodType<SignInRequest> = z.strictObject({
  scopes: scopes.optional(),
  device: z.boolean().optional(),
  signal: z.instanceof(AbortSignal).optional(),
  onDeviceCode: fn<NonNullable<SignInRequest['onDeviceCode']>>().optional(),
  openBrowser: fn<NonNullable<SignInRequest['openBrowser']>>().optional(),
})
const clientMetadata: z.ZodType<ClientMetadata> = z.strictObject({
  clientName: text,
  redirectUris: z.array(redirectUri).min(1).max(20),
  logoUri: httpsUrl.optional(),
})

const watched: z.ZodType<Watched> = z
  .strictObject({
    tools: z.boolean().optional(),
    prompts: z.boolean().optional(),
    resources: z.boolean().optional(),
    uris: z.array(z.string().min(1).max(8192)).max(1000).optional(),
  })
  .refine(({ tools, prompts, resources, uris = [] }) => tools || prompts || resources || uris.length > 0, 'needs something to watch')

const putResource: z.ZodType<PutResourceOptions & { readonly data: ResourceData }> = z.strictObject({
  data: z.custom<ResourceData>(isResourceData, 'must be a text, bytes, a Blob, or a stream of bytes'),
  ttlSeconds: z.int().min(1).max(86_400).optional(),
  mimeType: z.string().refine(isMimeType, 'must be a media type').optional(),
  name: z.string().max(256).optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

/** `data` is passed on as it is. */
export function checkPutResource(data: unknown, options: unknown): PutResourceOptions {
  const given = typeof options === 'object' && options !== null ? options : {}
  const { data: _, ...checked } = checkOptions('putResource', putResource, { ...given, data } as never)
  return checked
}

export const checkAuthorizationUrlRequest = (input: unknown): Readonly<AuthorizationUrlRequest> =>
  checkOptions('getAuthorizationUrl', authorizationUrlRequest, input as AuthorizationUrlRequest)
export const checkSignInRequest = (input: unknown): Readonly<SignInRequest> => checkOptions('signIn', signInRequest, input as SignInRequest)
export const checkClientMetadata = (input: unknown): Readonly<ClientMetadata> =>
  checkOptions('registerClient', clientMetadata, input as ClientMetadata)
export const checkWatched = (input: unknown): Readonly<Watched> => checkOptions('watch', watched, input as Watched)
