/**
 * Tells the redactor which tokens are in use, so that no guarded server can hand one back to a client: the newest of each person, and
 * those before it for as long as an answer may still hold them. Bounded: of more people than that, those who were longest unseen are
 * left to the redactor's patterns.
 *
 * @module
 */

import type { Tokens } from '../../client/index.ts'
import type { Redactor } from '../../core/index.ts'

export interface KnownTokens {
  hold(user: string, tokens: Tokens): void
  drop(user: string): void
}

const MAX_PEOPLE = 1000
/** Longer than a call may take. */
const LINGER_MS = 10 * 60_000

export function createKnownTokens({ learn, forget }: Pick<Redactor, 'learn' | 'forget'>): KnownTokens {
  const held = new Map<string, readonly string[]>()

  function drop(user: string): void {
    const old = held.get(user)
    if (!old) return
    held.delete(user)
    setTimeout(() => {
      const current = new Set([...held.values()].flat())
      for (const secret of old) if (!current.has(secret)) forget(secret)
    }, LINGER_MS).unref()
  }
  return {
    drop,
    hold(user, { accessToken, refreshToken }) {
      const next = [accessToken, ...(refreshToken === undefined ? [] : [refreshToken])]
      const before = held.get(user)
      if (before?.every((secret, at) => secret === next[at]) && before.length === next.length) return
      drop(user)
      if (held.size >= MAX_PEOPLE) drop(held.keys().next().value as string)
      held.set(user, next)
      for (const secret of next) learn(secret)
    },
  }
}
