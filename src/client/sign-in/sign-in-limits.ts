/**
 * How often a client asks a person by itself. A server that refuses every token could otherwise make somebody sign in for ever
 * (2026-07-28 authorization §step-up): what was asked for and refused again is not asked for again, and there is an end to it all.
 *
 * In memory, for one server. A sign-in that the program itself begins starts it anew.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'

export interface SignInLimits {
  /** Whether a person may be asked for these scopes now; counts as asked where so. */
  mayAsk(scopes: readonly string[]): boolean
  /** The same without remembering for what: nobody is signed in. */
  maySignIn(): boolean
  clear(): void
}

const WINDOW_MS = 60 * 60 * 1000
const MAX_IN_WINDOW = 10

export function createSignInLimits(clock: Clock): SignInLimits {
  let times: number[] = []
  const asked = new Map<string, number>()

  function maySignIn(): boolean {
    times = times.filter((at) => at > clock() - WINDOW_MS)
    if (times.length >= MAX_IN_WINDOW) return false
    times.push(clock())
    return true
  }
  return {
    maySignIn,
    mayAsk(scopes) {
      const what = [...scopes].sort().join(' ')
      const before = asked.get(what)
      if ((before !== undefined && before > clock() - WINDOW_MS) || !maySignIn()) return false
      asked.set(what, clock())
      return true
    },
    clear() {
      times = []
      asked.clear()
    },
  }
}
