/** The block `servers.NAME.auth`: how the callers of a guarded HTTP server are known there. @module */

import { z } from 'zod'
import { SCOPE_PATTERN } from '../../core/index.ts'
import { isIssuerUrl } from '../../net/index.ts'
import type { OAuthSettings, VouchedSettings } from '../credentials/index.ts'

export type UpstreamAuth = { readonly type: 'none' } | ({ readonly type: 'oauth' } & OAuthSettings) | VouchedSettings

const text = z.string().min(1).max(65_536)
/** Of one that is filled in, `servers.ts` says it. */
export const NO_ISSUER = 'must be an https URL, or http on loopback, without query and fragment'
const issuer = z
  .string()
  .max(2048)
  .refine((value) => value.includes('${') || isIssuerUrl(value), NO_ISSUER)
const scopes = z.array(z.string().regex(SCOPE_PATTERN, 'must be a scope')).min(1).max(200)

const keys = ['clientId', 'clientSecret', 'issuer', 'scopes', 'audience'] as const
/** What each way needs, and what else it may have. */
const parts = {
  none: { needs: [], takes: [] },
  oauth: { needs: [], takes: ['clientId', 'clientSecret', 'issuer', 'scopes'] },
  // The server itself names issuers: without ours in here it could name its own, which would be shown the secret and an assertion.
  exchange: { needs: ['clientId', 'clientSecret', 'issuer'], takes: keys },
  'id-jag': { needs: ['clientId', 'clientSecret', 'issuer'], takes: ['clientId', 'clientSecret', 'issuer', 'scopes'] },
} satisfies Record<UpstreamAuth['type'], { needs: readonly (typeof keys)[number][]; takes: readonly (typeof keys)[number][] }>

export const upstreamAuth: z.ZodType<UpstreamAuth> = z
  .strictObject({
    type: z
      .enum(['oauth', 'exchange', 'id-jag', 'none'])
      .describe(
        'oauth: each person connects their own account in the browser. exchange, id-jag: its issuer believes this gateway, and gives tokens for each person by token exchange (RFC 8693) or for an ID-JAG. none: nobody signs in there, whatever it asks for.',
      ),
    clientId: text
      .optional()
      .describe('As this gateway is registered at its authorization server. Default for oauth: it registers itself.'),
    clientSecret: text.optional().describe('Use ${env:NAME} or ${file:PATH}.'),
    issuer: issuer
      .optional()
      .describe('The authorization server that the client is registered with. Default for oauth: the first that the server names.'),
    scopes: scopes.optional().describe('What to ask for. Default: what it asks for.'),
    audience: text.optional().describe('For exchange: what the token is for, in words of its issuer.'),
  })
  .superRefine((auth, context) => {
    const problem = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message })
    const { needs, takes }: { readonly needs: readonly string[]; readonly takes: readonly string[] } = parts[auth.type]
    for (const key of needs) if (!(key in auth)) problem(key, `is needed for ${auth.type}`)
    for (const key of keys) if (auth[key] !== undefined && !takes.includes(key)) problem(key, `has no effect with ${auth.type}`)
    if (auth.type !== 'oauth' || auth.clientSecret === undefined) return
    for (const key of ['clientId', 'issuer'] as const)
      if (auth[key] === undefined) problem(key, 'is needed with a clientSecret: it belongs to both')
  }) as unknown as z.ZodType<UpstreamAuth>

/** Values from elsewhere filled in. */
export function fillUpstreamAuth(written: UpstreamAuth, fill: (value: string, key: string) => string): UpstreamAuth {
  const filled = Object.entries(written).map(([key, value]) => [
    key,
    typeof value === 'string' && key !== 'type' ? fill(value, key) : value,
  ])
  return Object.fromEntries(filled) as UpstreamAuth
}
