/**
 * Errors that nobody was asked about. A client hears of them by a redirect (RFC 6749 §4.1.2.1), so that anybody who registers an
 * address of theirs and links to us with a mistake would have us send people there, in our name (RFC 9700 §4.11.2). Clients on
 * the person's own machine are told as ever, and so are those that somebody let in before or an operator made; for any other
 * the person is shown where it leads, and goes there or not.
 *
 * Not held back: what a person answered. Fails towards the page.
 *
 * @module
 */

import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { isLoopbackName } from '../net/index.ts'
import type { Clients } from './clients.ts'
import { heldBackPage, showPage } from './pages/index.ts'

export function holdBackErrors(provider: Provider, clients: Pick<Clients, 'get'>): void {
  provider.use(async (ctx, next) => {
    await next()
    const { oidc } = ctx as KoaContextWithOIDC
    if (oidc?.route !== 'authorization' || oidc.client === undefined) return
    const target = URL.parse(ctx.response.get('location'))
    if (target === null) return
    // In the fragment where a response type asks for that (OAuth 2.0 Multiple Response Types §2.1).
    const said = target.searchParams.has('error') ? target.searchParams : new URLSearchParams(target.hash.slice(1))
    const code = said.get('error')
    if (code === null) return
    if (isLoopbackName(target.hostname) || (await isKnown(clients, oidc.client.clientId))) return

    const { clientName } = oidc.client
    const description = said.get('error_description') ?? undefined
    const page = heldBackPage({ client: clientName, code, description, target: target.href })
    ctx.remove('location')
    showPage(ctx as KoaContextWithOIDC, page)
  })
}

async function isKnown(clients: Pick<Clients, 'get'>, id: string): Promise<boolean> {
  const info = await clients.get(id)
  return info !== undefined && (info.registered === 'by-operator' || info.lastUsedAt !== undefined)
}
