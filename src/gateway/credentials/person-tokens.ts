/**
 * A fresh token for each person at one guarded server. However many calls find one expired or refused, in however many processes, it is
 * renewed once and all of them get the new one: a refresh token that rotates is good for one use (OAuth 2.1 §4.3.1).
 *
 * What was read counts for a second, so that a connection that has ended anywhere ends here. Fails closed: a refresh token that was
 * refused ends the connection; where the authorization server cannot be reached, the token is used for as long as it is good.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'
import { AuthorizationError, freshUntil, type Tokens } from '../../client/index.ts'
import { allow, type Clock, type Decision } from '../../core/index.ts'
import type { CredentialHeaders } from './credentials.ts'
import type { KeptTokens } from './kept-tokens.ts'
import type { KnownTokens } from './known-tokens.ts'

/** What is presented for a person, and until when without looking again. */
export interface Held {
  readonly tokens: Tokens
  /** When the person connected: the same however often the token is renewed. */
  readonly since: number
  readonly shown: Decision<CredentialHeaders>
  readonly until: number
}
type Connected = Pick<Held, 'tokens' | 'since'>
/** Not connected, or no longer; or it cannot be told, since the authorization server does not answer. */
export type NoToken = 'missing' | 'unavailable'

export interface PersonTokens {
  /** At once where it was looked up within the last second. */
  current(user: string): Held | Promise<Held | NoToken>
  /** After the server refused `accessToken`. */
  renew(user: string, accessToken: string): Promise<Held | NoToken>
  /** Since when there is the connection that `shown` is of. */
  connectedAt(shown: CredentialHeaders): number | undefined
  /** It has changed, by us. */
  forget(user: string): void
}

export interface PersonTokensParts {
  readonly kept: KeptTokens
  readonly known: KnownTokens
  readonly clock: Clock
  /** @throws {AuthorizationError} where the grant is no more; anything else where nobody can say. */
  readonly refresh: (tokens: Tokens, refreshToken: string) => Promise<Tokens>
  /** New tokens for a connection that was ended meanwhile. */
  readonly unwanted: (tokens: Tokens) => void
  /** The grant is no more. */
  readonly ended: (user: string) => void
}

const LOOK_AGAIN_MS = 1000
const MAX_HELD = 1000
const REST_MS = 10_000
const WAIT_MS = 100
type Found = Awaited<ReturnType<KeptTokens['find']>>
/** For another process that renews; longer than it may take. */
const WAITS = 160
/** What a refusal of the token endpoint means for the grant (RFC 6749 §5.2): all others may be different the next time. */
const FOR_GOOD = new Set(['invalid_grant', 'invalid_client', 'unauthorized_client'])

export function createPersonTokens({ kept, known, clock, refresh, unwanted, ended }: PersonTokensParts): PersonTokens {
  const cache = new Map<string, Held>()
  /** Until when a token that is still good is used without asking for another in vain. */
  const resting = new Map<string, number>()
  const renewing = new Map<string, Promise<Held | NoToken>>()
  const connectedAt = new WeakMap<CredentialHeaders, number>()

  function hold(user: string, { tokens, since }: Connected, until = heldUntil(tokens)): Held {
    const before = cache.get(user)
    const shown =
      before?.tokens.accessToken === tokens.accessToken ? before.shown : allow({ authorization: `Bearer ${tokens.accessToken}` })
    if (shown.allowed) connectedAt.set(shown.value, since)
    const held = { tokens, since, shown, until: Math.min(clock() + LOOK_AGAIN_MS, until) }
    cache.delete(user)
    if (cache.size >= MAX_HELD) cache.delete(cache.keys().next().value as string)
    cache.set(user, held)
    known.hold(user, tokens)
    return held
  }
  function miss(user: string): NoToken {
    cache.delete(user)
    known.drop(user)
    return 'missing'
  }

  async function look(user: string): Promise<Held | NoToken> {
    const found = await kept.find(user)
    if (!isConnected(found)) return miss(user)
    const { tokens } = found
    const rests = (resting.get(user) ?? 0) > clock() && isGood(tokens)
    if (!rests) resting.delete(user)
    if (rests || clock() < heldUntil(tokens)) {
      void kept.noteUse(user).catch(() => {})
      return hold(user, found, rests ? Infinity : undefined)
    }
    return renewOnce(user, found, false)
  }

  function renewOnce(user: string, stale: Connected, isRefused: boolean): Promise<Held | NoToken> {
    const under = renewing.get(user)
    if (under) return under
    const mine = renew(user, stale, isRefused).finally(() => renewing.delete(user))
    renewing.set(user, mine)
    return mine
  }

  async function renew(user: string, stale: Connected, isRefused: boolean): Promise<Held | NoToken> {
    const { accessToken, refreshToken } = stale.tokens
    if (refreshToken === undefined) {
      if (!isRefused && isGood(stale.tokens)) return hold(user, stale)
      await end(user, accessToken)
      return miss(user)
    }
    for (let waited = 0; !(await kept.claim(user, accessToken)); waited++) {
      const found = await kept.find(user)
      if (!isConnected(found)) return miss(user)
      if (found.tokens.accessToken !== accessToken) return hold(user, found)
      if (waited >= WAITS) return 'unavailable'
      await delay(WAIT_MS)
    }
    let renewed: Tokens
    try {
      const received = await refresh(stale.tokens, refreshToken)
      renewed = { ...received, refreshToken: received.refreshToken ?? refreshToken }
    } catch (error) {
      if (error instanceof AuthorizationError && FOR_GOOD.has(error.reason ?? '')) {
        await end(user, accessToken)
        return miss(user)
      }
      // The claim is given back with the change.
      await kept.change(user, accessToken, {})
      if (isRefused || !isGood(stale.tokens)) return 'unavailable'
      resting.set(user, clock() + REST_MS)
      return hold(user, stale, Infinity)
    }
    if (await kept.change(user, accessToken, { tokens: renewed })) return hold(user, { tokens: renewed, since: stale.since })
    // Disconnected, or connected anew, while it was on its way.
    unwanted(renewed)
    const found = await kept.find(user)
    return isConnected(found) ? hold(user, found) : miss(user)
  }
  async function end(user: string, accessToken: string): Promise<void> {
    if (await kept.change(user, accessToken, { tokens: 'ended' })) ended(user)
  }

  const isGood = ({ expiresAt }: Tokens): boolean => expiresAt === undefined || clock() < expiresAt

  return {
    current(user) {
      const held = cache.get(user)
      return held && clock() < held.until ? held : (renewing.get(user) ?? look(user))
    },
    async renew(user, accessToken) {
      const found = await kept.find(user)
      if (!isConnected(found)) return miss(user)
      return found.tokens.accessToken === accessToken ? renewOnce(user, found, true) : hold(user, found)
    },
    connectedAt: (shown) => connectedAt.get(shown),
    forget: (user) => void cache.delete(user),
  }
}

const isConnected = (found: Found): found is NonNullable<Found> & Connected => found?.tokens !== undefined

/** Without a refresh token there is nothing to be early for. */
const heldUntil = (tokens: Tokens): number =>
  tokens.refreshToken === undefined ? (tokens.expiresAt ?? Number.POSITIVE_INFINITY) : freshUntil(tokens)
