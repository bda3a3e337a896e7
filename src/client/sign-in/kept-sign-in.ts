/**
 * A sign-in as it is kept: the tokens of one account at one server, with who gave them, to which client, and what was asked for. Only
 * what the same issuer needs to renew or revoke them; its endpoints are looked up anew, since they may have moved.
 *
 * What does not parse counts as absent: the person signs in again.
 *
 * @module
 */

import { z } from 'zod'
import { isScope, type Log } from '../../core/index.ts'
import { type KeptProofKey, keptProofKeySchema } from './dpop-key.ts'
import { parseKept } from './kept-record.ts'
import { isHeaderValue } from './token-request.ts'

/** As whom the tokens were asked for. `configured`: as the program's options say; what proves it is not kept here. */
export type KeptClient =
  | { readonly method: 'none'; readonly clientId: string }
  | { readonly method: 'configured'; readonly clientId: string }
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientId: string; readonly clientSecret: string }

export interface KeptSignIn {
  readonly issuer: string
  /** `2025-03-26`: the server has no protected resource metadata and is its own issuer. */
  readonly revision: 'current' | '2025-03-26'
  readonly resource: string
  readonly client: KeptClient
  readonly accessToken: string
  readonly refreshToken?: string | undefined
  /** What was granted, where the authorization server said so. */
  readonly scopes?: readonly string[] | undefined
  /** All that was ever asked for in it: a step up asks for this and more. */
  readonly requested: readonly string[]
  readonly receivedAt: number
  readonly expiresAt?: number | undefined
  /** What the tokens are bound to. */
  readonly proofKey?: KeptProofKey | undefined
}

const token = z.custom<string>(isHeaderValue)
const url = z.string().max(2048)
const scopes = z.array(z.custom<string>(isScope)).max(1000)
const time = z.number().finite()

const keptClient: z.ZodType<KeptClient> = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none'), clientId: z.string().min(1).max(2048) }),
  z.strictObject({ method: z.literal('configured'), clientId: z.string().min(1).max(2048) }),
  z.strictObject({
    method: z.enum(['client_secret_basic', 'client_secret_post']),
    clientId: z.string().min(1).max(2048),
    clientSecret: z.string().min(1).max(4096),
  }),
])
const keptSignIn: z.ZodType<KeptSignIn> = z.strictObject({
  issuer: url,
  revision: z.enum(['current', '2025-03-26']),
  resource: url,
  client: keptClient,
  accessToken: token,
  refreshToken: token.optional(),
  scopes: scopes.optional(),
  requested: scopes,
  receivedAt: time,
  expiresAt: time.optional(),
  proofKey: keptProofKeySchema.optional(),
})

/** `text`: as it was kept, undefined where nothing was. */
export function parseSignIn(text: string | undefined, log: Log): KeptSignIn | undefined {
  if (text === undefined) return undefined
  const kept = parseKept(keptSignIn, text)
  if (!kept) log('warn', 'A kept sign-in cannot be read and counts as none: somebody has to sign in again')
  return kept
}
