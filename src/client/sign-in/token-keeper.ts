/**
 * Keeps one sign-in fresh. However many requests, in however many processes, find the access token expired or refused, it is renewed
 * once and all of them get the new one: a refresh token that rotates is good for one use (OAuth 2.1 §4.3.1).
 *
 * Fails closed: a refresh token that was refused is thrown away with its access token. Where the authorization server cannot be
 * reached, or what it would give could not be kept, nothing is spent: what there is, is used for as long as it is good.
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import { createDailyUse } from '../store/daily-use.ts'
import type { TokenStore } from '../store/token-store.ts'
import { freshUntil } from './freshness.ts'
import { type KeptSignIn, parseSignIn } from './kept-sign-in.ts'

export interface TokenKeeper {
  /** What was last seen of it, without looking. */
  last(): KeptSignIn | undefined
  /** As it is, fresh or not. */
  seen(): Promise<KeptSignIn | undefined>
  /** Fresh enough to be sent. Undefined: nobody is signed in. */
  current(): Promise<KeptSignIn | undefined>
  /** After the server refused `accessToken`: another one, where there is one. */
  renew(accessToken: string): Promise<KeptSignIn | undefined>
  /** Puts what `make` answers in the place of what there is. Rejects before `make` begins where it could not be kept. */
  replace(make: () => Promise<KeptSignIn>): Promise<KeptSignIn>
  /** Rejects where what `replace` would keep could not be kept. */
  check(): Promise<void>
  /** Forgets it, once `end` has had it. */
  forget(end: (kept: KeptSignIn) => Promise<void>): Promise<void>
}

export interface TokenKeeperOptions {
  readonly store: TokenStore
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** Whether a sign-in that was kept is one that this program may use. */
  readonly isOurs: (kept: KeptSignIn) => boolean
  /** Told of what comes out of the store, before anybody uses it. */
  readonly learn: (kept: KeptSignIn) => void
  /** A new token for `refreshToken`. Undefined: it must not be asked for. */
  readonly refresh: (kept: KeptSignIn, refreshToken: string, why: 'expired' | 'refused') => Promise<KeptSignIn | undefined>
}

export function createTokenKeeper({ store, name, clock, log, isOurs, learn, refresh }: TokenKeeperOptions): TokenKeeper {
  const use = createDailyUse(store, [name], clock)
  let last: KeptSignIn | undefined
  /** Came after the store had said that it would take it, and was not taken. */
  let unkept: KeptSignIn | undefined
  let renewing: Promise<KeptSignIn | undefined> | undefined

  async function load(): Promise<KeptSignIn | undefined> {
    if (unkept) return unkept
    const kept = parseSignIn(await store.read(name), log)
    if (kept) learn(kept)
    last = kept && isOurs(kept) ? kept : undefined
    return last
  }
  async function keep(kept: KeptSignIn): Promise<KeptSignIn> {
    last = kept
    unkept = undefined
    try {
      await store.write(name, JSON.stringify(kept))
    } catch {
      unkept = kept
      log('warn', 'The new tokens of a sign-in could not be kept: they are used until this program ends')
    }
    return kept
  }

  function renewOnce(why: 'expired' | 'refused', accessToken: string): Promise<KeptSignIn | undefined> {
    if (renewing) return renewing
    const mine = renewKept(why, accessToken).finally(() => {
      if (renewing === mine) renewing = undefined
    })
    renewing = mine
    return mine
  }

  async function renewKept(why: 'expired' | 'refused', accessToken: string): Promise<KeptSignIn | undefined> {
    const before = last
    try {
      return await store.exclusively(name, async () => {
        const kept = await load()
        // Somebody else was here before us: what they got is good for us, too.
        if (kept === undefined || (kept.accessToken !== accessToken && !isStale(kept))) return kept
        if (kept.refreshToken === undefined) return undefined
        const reason = kept.accessToken === accessToken ? why : 'expired'
        const renewed = await refresh(kept, kept.refreshToken, reason).catch((error: unknown) => {
          if (!(error instanceof AuthorizationError && error.code === 'token_refused')) throw error
          return 'refused' as const
        })
        if (renewed !== 'refused') return renewed && keep(renewed)
        last = undefined
        unkept = undefined
        await store.remove(name)
        return undefined
      })
    } catch (error) {
      if (why === 'expired' && before && isUsable(before)) return before
      throw error
    }
  }

  const isUsable = ({ expiresAt }: KeptSignIn): boolean => expiresAt !== undefined && clock() < expiresAt
  const isStale = (kept: KeptSignIn): boolean => clock() >= freshUntil(kept)

  return {
    last: () => last,
    seen: async () => last ?? load(),
    async current() {
      use()
      const kept = last && !isStale(last) ? last : await load()
      if (kept === undefined || !isStale(kept) || kept.refreshToken === undefined) return kept
      return renewOnce('expired', kept.accessToken)
    },
    async renew(accessToken) {
      if (last && last.accessToken !== accessToken && !isStale(last)) return last
      return renewOnce('refused', accessToken)
    },
    check: () => store.exclusively(name, async () => {}),
    replace: (make) => store.exclusively(name, async () => keep(await make())),
    async forget(end) {
      let began = false
      const ending = async (): Promise<void> => {
        began = true
        const kept = await load()
        last = undefined
        unkept = undefined
        if (kept) await end(kept)
        await store.remove(name)
      }
      await store.exclusively(name, ending).catch(async (error: unknown) => {
        // Where nothing can be written, the tokens can still be made worthless; that they are still there is then said.
        if (!began) await ending()
        throw error
      })
    },
  }
}
