/** Notes which clients are used: what a person sees of them, and how long one that registered itself is kept. @module */

import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Clients } from './clients.ts'

export function noteClientUse(provider: Provider, clients: Pick<Clients, 'used'>): void {
  provider.use(async (ctx, next) => {
    await next()
    const { oidc } = ctx as KoaContextWithOIDC
    if (oidc?.route === 'token' && ctx.status === 200 && oidc.client !== undefined) await clients.used(oidc.client.clientId)
  })
}
