/**
 * Who is on the way to an identity provider and back. Begun when a person has seen who asks and has gone on, never before (2026-07-28
 * security best practices §Confused deputy); good once, for ten minutes, in the browser that set out, at the provider that it set out to.
 *
 *   begin: state, nonce, verifier, cookie  ┈ provider ┈  take: known → used up → same provider → same browser
 *
 * The browser has a cookie of its own for each crossing, bound to the path that it comes back to; the store an HMAC of the state, and the
 * rest sealed. Fails closed: whatever comes back a second time, elsewhere or otherwise, is refused, and used up all the same.
 *
 * @module
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Crossing, SignInProvider } from '../../people/index.ts'
import type { Place } from '../../vault/index.ts'
import type { Settings } from '../options.ts'
import { readCookie } from '../person-at-browser.ts'
import type { SignInPlace } from '../sign-in-place.ts'

/** The place, as it is kept meanwhile. */
export type KeptPlace = Pick<SignInPlace, 'asks' | 'next' | 'path'>

export interface Begun extends Crossing {
  readonly place: KeptPlace
}

/** `unknown`: there is none, or none any more. `other_provider`, `other_browser`: it is not for whoever brought it. */
export type Taken = Begun | 'unknown' | 'other_provider' | 'other_browser'

export interface Crossings {
  /** What the provider is asked with. Nothing is kept yet. */
  draft(provider: SignInProvider, place: KeptPlace, fresh: boolean): Begun
  /** Keeps it, and binds it to this browser. */
  begin(response: ServerResponse, provider: SignInProvider, begun: Begun): Promise<void>
  take(request: IncomingMessage, response: ServerResponse, provider: SignInProvider, state: string): Promise<Taken>
}

const TTL_SECONDS = 600
const STATE = /^[\w-]{43}$/

interface Kept {
  /** JSON of `Held`. */
  readonly sealed: string
}
interface Held extends Begun {
  readonly issuer: string
  /** SHA-256 of the cookie. */
  readonly browser: string
}

const secret = (): string => randomBytes(32).toString('base64url')
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Where a provider sends people back to: what is registered there. */
export const callbackUrl = (issuer: string, providerId: string): string => `${issuer}/sign-in/callback/${providerId}`

export type CrossingsParts = Pick<Settings, 'issuer' | 'basePath' | 'store' | 'keyRing' | 'vault' | 'clock'>

export function createCrossings({ issuer, basePath, store, keyRing, vault, clock }: CrossingsParts): Crossings {
  const records = store.records<Kept>('provider_crossing')
  const secure = new URL(issuer).protocol === 'https:'
  const { port } = new URL(issuer)
  const pathOf = (id: string): string => `${basePath}/sign-in/callback/${id}`
  const idOf = (state: string): string => keyRing.mac('provider-crossing', state).toString('base64url')
  const sealedAt = (id: string): Place => ({ kind: 'provider_crossing', id, field: 'sealed' })
  /** One a crossing, so that tabs do not disturb each other. Cookies of plain http do not tell ports apart: the port is in the name. */
  const cookieName = (state: string): string =>
    `${secure ? '__Secure-sallyport' : `sallyport${port === '' ? '' : `_${port}`}`}_crossing_${digest(state).toString('hex').slice(0, 12)}`

  function setCookie(response: ServerResponse, state: string, value: string, id: string, seconds: number): void {
    const attributes = `Path=${pathOf(id)}; Max-Age=${seconds};${secure ? ' Secure;' : ''} HttpOnly; SameSite=Lax`
    response.appendHeader('set-cookie', `${cookieName(state)}=${value}; ${attributes}`)
  }
  return {
    draft: ({ id }, { asks, next, path }, fresh) => ({
      redirectUri: callbackUrl(issuer, id),
      state: secret(),
      nonce: secret(),
      codeVerifier: secret(),
      freshSince: fresh ? clock() : undefined,
      place: { asks, next, path },
    }),
    async begin(response, provider, begun) {
      const cookie = secret()
      const held: Held = { ...begun, issuer: provider.issuer, browser: digest(cookie).toString('base64url') }
      const id = idOf(begun.state)
      const kept = { sealed: await vault.seal(JSON.stringify(held), sealedAt(id)) }
      if (!(await records.putIfAbsent(id, kept, { expiresAt: clock() + TTL_SECONDS * 1000 }))) throw new Error('a state came up twice')
      setCookie(response, begun.state, cookie, provider.id, TTL_SECONDS)
    },
    async take(request, response, provider, state) {
      if (!STATE.test(state)) return 'unknown'
      const id = idOf(state)
      const kept = await records.takeOnce(id)
      const opened = kept && (await vault.open(kept.sealed, sealedAt(id)))
      if (opened === undefined) return 'unknown'
      const { issuer: askedAt, browser, ...begun } = JSON.parse(opened.toString()) as Held
      // Another entry of the configuration may have this id by now; its word about somebody is another's.
      if (askedAt !== provider.issuer || begun.redirectUri !== callbackUrl(issuer, provider.id)) return 'other_provider'
      const cookie = readCookie(request.headers.cookie, cookieName(state))
      if (cookie === undefined || !timingSafeEqual(digest(cookie), Buffer.from(browser, 'base64url'))) return 'other_browser'
      setCookie(response, state, '', provider.id, 0)
      return begun
    },
  }
}
