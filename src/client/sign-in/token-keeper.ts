/**
 * The tokens of one person at one server, in memory. However many requests find the access token expired or refused, it is renewed
 * once and all of them get the new one: a refresh token that rotates is good for one use (OAuth 2.1 §4.3.1).
 *
 * Fails closed: a refresh token that was refused is thrown away with its access token. Where the authorization server cannot be
 * reached, both are kept, and used for as long as they are good.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import type { Tokens } from './token-request.ts'

export interface TokenKeeper {
  replace(tokens: Tokens | undefined): void
  held(): Tokens | undefined
  /** Fresh enough to be sent. Undefined: nobody is signed in. */
  current(): Promise<Tokens | undefined>
  /** After the server refused `accessToken`: another one, where there is one. */
  renew(accessToken: string): Promise<Tokens | undefined>
}

export interface TokenKeeperOptions {
  readonly clock: Clock
  readonly refresh: (tokens: Tokens, refreshToken: string) => Promise<Tokens>
}

/** Renewed so long before the end, so that a token does not expire on its way; never more than a tenth of its life. */
const EARLY_MS = 30_000

export function createTokenKeeper({ clock, refresh }: TokenKeeperOptions): TokenKeeper {
  let held: Tokens | undefined
  let renewing: Promise<Tokens | undefined> | undefined

  function renewOnce(tokens: Tokens): Promise<Tokens | undefined> {
    const { refreshToken } = tokens
    if (refreshToken === undefined) return Promise.resolve(undefined)
    if (renewing) return renewing
    const mine = renewTokens(tokens, refreshToken).finally(() => {
      if (renewing === mine) renewing = undefined
    })
    renewing = mine
    return mine
  }

  async function renewTokens(tokens: Tokens, refreshToken: string): Promise<Tokens | undefined> {
    try {
      const renewed = await refresh(tokens, refreshToken)
      // Somebody signed in meanwhile: theirs stay.
      if (held === tokens) held = { ...renewed, refreshToken: renewed.refreshToken ?? refreshToken }
    } catch (error) {
      const isRefused = error instanceof AuthorizationError && error.code === 'token_refused'
      if (!isRefused && !isUsable(tokens)) throw error
      if (isRefused && held === tokens) held = undefined
    }
    return held
  }

  const isUsable = ({ expiresAt }: Tokens): boolean => expiresAt !== undefined && clock() < expiresAt
  const isStale = ({ expiresAt, receivedAt }: Tokens): boolean =>
    expiresAt !== undefined && clock() >= expiresAt - Math.min(EARLY_MS, (expiresAt - receivedAt) / 10)

  return {
    replace(tokens) {
      held = tokens
      renewing = undefined
    },
    held: () => held,
    async current() {
      if (held === undefined || !isStale(held) || held.refreshToken === undefined) return held
      return renewOnce(held)
    },
    async renew(accessToken) {
      if (held === undefined || held.accessToken !== accessToken) return held
      return renewOnce(held)
    },
  }
}
