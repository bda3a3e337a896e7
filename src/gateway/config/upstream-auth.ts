/** The block `servers.NAME.auth`: how the callers of a guarded HTTP server are known there. @module */

import { z } from 'zod'
import { SCOPE_PATTERN } from '../../core/index.ts'
import { isLoopbackHost } from '../../net/index.ts'
import type { OAuthSettings, VouchedSettings } from '../credentials/index.ts'

export type UpstreamAuth = { readonly type: 'none' } | ({ readonly type: 'oauth' } & OAuthSettings) | VouchedSettings

const text = z.string().min(1).max(65_536)
const issuer = z.string().max(2048).refine(isIssuer, 'must be an https URL, or http on loopback, without query and fragment')
const scopes = z.array(z.string().regex(SCOPE_PATTERN, 'must be a scope')).min(1).max(200)

const shared = {
  issuer: issuer.optional().describe('The authorization server of it, where it names several; the one that the client is registered with.'),
  scopes: scopes.optional().describe('What to ask for. Default: what it asks for.'),
}
const vouched = (type: 'exchange' | 'id-jag', what: string) =>
  z.strictObject({
    type: z.literal(type).describe(what),
    clientId: text.describe('As this gateway is registered there.'),
    clientSecret: text.describe('Use ${env:NAME} or ${file:PATH}.'),
    ...shared,
    ...(type === 'exchange' && { audience: text.optional().describe('What the token is for, in words of its issuer.') }),
  })

export const upstreamAuth: z.ZodType<UpstreamAuth> = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none').describe('Nobody signs in there, whatever it asks for.') }),
    z.strictObject({
      type: z.literal('oauth').describe('Each person connects their own account in the browser.'),
      clientId: text.optional().describe('As this gateway is registered there. Default: it registers itself.'),
      clientSecret: text.optional().describe('Use ${env:NAME} or ${file:PATH}.'),
      ...shared,
    }),
    vouched('exchange', 'Tokens for each person by token exchange (RFC 8693): its issuer believes this gateway.'),
    vouched('id-jag', 'Tokens for each person by an ID-JAG (enterprise-managed authorization): its issuer believes this gateway.'),
  ])
  .superRefine((auth, context) => {
    if (auth.type !== 'oauth' || auth.clientSecret === undefined) return
    for (const key of ['clientId', 'issuer'] as const)
      if (auth[key] === undefined)
        context.addIssue({ code: 'custom', path: [key], message: 'is needed with a clientSecret: it belongs to both' })
  }) as unknown as z.ZodType<UpstreamAuth>

/** Values from elsewhere filled in. */
export function fillUpstreamAuth(written: UpstreamAuth, fill: (value: string, key: string) => string): UpstreamAuth {
  const filled = Object.entries(written).map(([key, value]) => [
    key,
    typeof value === 'string' && key !== 'type' ? fill(value, key) : value,
  ])
  return Object.fromEntries(filled) as UpstreamAuth
}

function isIssuer(value: string): boolean {
  // What is filled in later is judged where it is used.
  if (value.includes('${')) return true
  const url = URL.parse(value)
  if (url === null || url.search !== '' || url.username !== '' || value.includes('#')) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}
