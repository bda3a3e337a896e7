/**
 * How long what a person allows holds, as they choose it, and that nothing which comes of it holds longer: neither an access token nor the
 * refresh token behind it says a later time than its grant. Time is the provider's, which goes by the clock of this machine.
 *
 * @module
 */

import type { KoaContextWithOIDC } from 'oidc-provider'

export const GRANT_TTL_SECONDS: number = 365 * 86_400
export const REFRESH_TTL_SECONDS: number = 30 * 86_400

/** What a person can choose from. `open`: until they take it back, as long as any grant lives. */
export const lastings = ['hour', 'month', 'open'] as const
export type Lasting = (typeof lastings)[number]
export const secondsOf: Readonly<Record<Lasting, number>> = { hour: 3600, month: 30 * 86_400, open: GRANT_TTL_SECONDS }

export const isLasting = (value: unknown): value is Lasting => (lastings as readonly unknown[]).includes(value)

/** `ttlSeconds`, or what is left of the grant that the provider is giving a token for. It gives none for one that has ended. */
export function withinGrant(ctx: KoaContextWithOIDC | undefined, ttlSeconds: number): number {
  const { exp } = (ctx?.oidc.entities.Grant ?? {}) as { readonly exp?: number }
  return exp === undefined ? ttlSeconds : Math.max(1, Math.min(ttlSeconds, exp - Math.floor(Date.now() / 1000)))
}
