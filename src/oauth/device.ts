/**
 * The device authorization grant (RFC 8628), for the library: how codes look, and our pages in place of its own. A device
 * without a browser shows a code; a person types it in at /device, sees who asks and from where, signs in and answers the same
 * consent page as ever.
 *
 * Whoever sends somebody a code of his own device phishes (§5.4): a code that came in a link is shown, never sent by itself,
 * and the page says what it means before anybody has signed in.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Settings } from './options.ts'
import { deviceCodePage, deviceConfirmPage, deviceDonePage, plain, problemPage, showPage, texts } from './pages/index.ts'
import { groupScopes, namedScopes, OFFLINE_ACCESS } from './scopes.ts'

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

export const DEVICE_CODE_TTL_SECONDS: number = 600
/** How long a device waits between two questions; five more each time that it did not (§3.5). */
export const POLL_SECONDS: number = 5
/** The parameter in which our front hands on a code that came in a link: the library would send `user_code` by itself. */
export const SHOWN_CODE = 'shown_code'

/** 34 bits, without vowels and digits: nothing that could be a word, or mistaken (§6.1). */
export const looksLikeCode = (text: string): boolean => /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/.test(normalCode(text))
const normalCode = (text: string): string => text.toUpperCase().replace(/[^A-Z]/g, '')
const written = (text: string): string => normalCode(text).replace(/^(.{4})(.{4})$/, '$1-$2')

export function deviceFlow({ addressOf, basePath, hierarchy, issuer }: Settings): DeviceFlow {
  const action = `${basePath}/device`
  const server = new URL(issuer).host
  return {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    deviceInfo: ({ req }) => ({ address: addressOf(req as IncomingMessage) }),
    userCodeInputSource(ctx, _form, out, error) {
      const problem = problemOf(error?.name, out?.error)
      if (problem === 'ended') return showPage(ctx, problemPage('device_denied'))
      const shown = new URLSearchParams(ctx.querystring).get(SHOWN_CODE) ?? ''
      const code = looksLikeCode(shown) ? written(shown) : undefined
      showPage(ctx, deviceCodePage({ action, csrf: csrfOf(ctx), server, code, problem }))
    },
    userCodeConfirmSource(ctx, _form, client, info, code) {
      const { params = {} } = ctx.oidc.entities.DeviceCode ?? {}
      const page = deviceConfirmPage({
        action,
        csrf: csrfOf(ctx),
        server,
        code,
        client: plain(client.clientName ?? '') || 'A program without a name',
        clientId: client.clientId,
        address: plain(text(info['address']) ?? 'unknown'),
        groups: groupScopes(
          namedScopes(params['scope']).filter((scope) => scope !== OFFLINE_ACCESS),
          hierarchy,
        ),
      })
      showPage(ctx, page)
    },
    successSource: (ctx) => showPage(ctx, deviceDonePage(plain(ctx.oidc.client?.clientName ?? '') || 'The program')),
  }
}

/** Says how often a device may ask: without it clients guess (§3.2). */
export function tellInterval(provider: Provider): void {
  provider.use(async (ctx, next) => {
    await next()
    const { oidc } = ctx as KoaContextWithOIDC
    if (oidc?.route === 'device_authorization' && ctx.status === 200) (ctx.body as Record<string, unknown>)['interval'] = POLL_SECONDS
  })
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function problemOf(error: string | undefined, code: string | undefined): string | undefined {
  // What the person, or an error of ours, has ended: no other code would help.
  if (error === 'AbortedError') return 'ended'
  return error === undefined && code === undefined ? undefined : texts.device.wrongCode
}

/** Made anew with each page, and kept in this browser's session (`checkXsrf` of the library). */
function csrfOf({ oidc }: KoaContextWithOIDC): string {
  const state = oidc.session?.['state'] as { readonly secret?: string } | undefined
  return state?.secret ?? ''
}
