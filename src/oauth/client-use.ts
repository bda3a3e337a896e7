/**
 * Notes which clients are used: what a person sees of them, and how long one that registered itself is kept. Not at every token: a
 * client that asks often is looked up once a minute for it.
 *
 * @module
 */

import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Clock } from '../core/index.ts'
import type { Clients } from './clients.ts'
import { putNewest, USED_EVERY_MS } from './last-uses.ts'

const MAX_NOTED = 1_000

export function noteClientUse(provider: Provider, clients: Pick<Clients, 'used'>, clock: Clock): void {
  const noted = new Map<string, number>()
  async function note(clientId: string): Promise<void> {
    const now = clock()
    const before = noted.get(clientId)
    if (before !== undefined && Math.abs(now - before) < USED_EVERY_MS) return
    await clients.used(clientId)
    putNewest(noted, clientId, now, MAX_NOTED)
  }
  provider.use(async (ctx, next) => {
    await next()
    const { oidc } = ctx as KoaContextWithOIDC
    if (oidc?.route === 'token' && ctx.status === 200 && oidc.client !== undefined) await note(oidc.client.clientId)
  })
}
