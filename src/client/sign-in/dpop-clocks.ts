/**
 * What time it is where a proof is looked at: a server refuses one that is too old or too early (RFC 9449 §11.1), and nobody's clock has to
 * be right for a bearer token. So the next proof for a place goes by the `Date` of its last answer, where that is far from ours.
 *
 * A server that lies about the time gets proofs that are good for itself alone. Places are few, as those of nonces.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'

export interface ServerClocks {
  /** Now, as it is there, in milliseconds since the epoch. */
  now(url: URL): number
  hear(url: URL, headers: Headers): void
}

/** A `Date` is whole seconds, and was on its way. */
const NEAR_MS = 10_000
const MAX_PLACES = 16

export function createServerClocks(clock: Clock): ServerClocks {
  const ahead = new Map<string, number>()
  const place = ({ origin, pathname }: URL): string => origin + pathname

  return {
    now: (url) => clock() + (ahead.get(place(url)) ?? 0),
    hear(url, headers) {
      const difference = Date.parse(headers.get('date') ?? '') - clock()
      ahead.delete(place(url))
      if (!(Math.abs(difference) > NEAR_MS)) return
      ahead.set(place(url), difference)
      if (ahead.size > MAX_PLACES) ahead.delete(ahead.keys().next().value as string)
    },
  }
}
