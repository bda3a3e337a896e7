/**
 * Nonces that servers want to see in proofs (RFC 9449 §8, §9): the last one of each place. A token endpoint and an MCP endpoint are
 * two places also where they share an origin, since what one of them hands out is nothing to the other.
 *
 * What is not spelled as a nonce counts as not said; places are few, and the one that was heard of longest ago goes.
 *
 * @module
 */

export interface Nonces {
  of(url: URL): string | undefined
  /** Of every answer: each may bring a new one (RFC 9449 §8.2). */
  hear(url: URL, headers: Headers): void
}

const MAX_PLACES = 16
/** RFC 9449 §8.1. Two of them in one answer have a space between them, and are none. */
const shape = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/

export function createNonces(): Nonces {
  const nonces = new Map<string, string>()
  const place = ({ origin, pathname }: URL): string => origin + pathname

  return {
    of: (url) => nonces.get(place(url)),
    hear(url, headers) {
      const nonce = headers.get('dpop-nonce')
      if (nonce === null || !shape.test(nonce)) return
      nonces.delete(place(url))
      nonces.set(place(url), nonce)
      if (nonces.size > MAX_PLACES) nonces.delete(nonces.keys().next().value as string)
    },
  }
}
