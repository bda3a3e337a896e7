/**
 * What a server allowed to be kept for a while (2026-07-28 caching): lists and resources, for one client and one authorization context.
 * Its memory and the time it keeps anything are bounded, whatever the server says.
 *
 * Fails by forgetting: what is too large, came while something changed, or needed questions to be answered, is not kept.
 *
 * @module
 */

/** `use` what was kept; `refresh`: ask, and keep the answer; `bypass`: ask, and keep nothing. */
export type CacheMode = 'use' | 'refresh' | 'bypass'

export interface ResultCache {
  /** A copy of its own for each caller. */
  get(key: string): unknown
  /** Before a request: what is put with it is kept only if nothing was forgotten meanwhile. */
  begin(): Ticket
  put(key: string, ticket: Ticket, value: unknown, ttlMs: number): void
  /** Every entry of that key, or that begins with it. */
  forget(prefix: string): void
  /** Another person may have signed in. */
  clear(): void
}

export interface Ticket {
  readonly generation: number
  readonly rounds: number
}

export interface CacheOptions {
  /** How many results so far said that input is needed first: with one of those, what came is for one call alone. */
  readonly rounds: () => number
  readonly now?: () => number
}

interface Entry {
  readonly text: string
  readonly until: number
}

const MAX_BYTES = 16 * 1024 * 1024
const MAX_ENTRIES = 1000
const MAX_TTL_MS = 60 * 60 * 1000

export function createResultCache({ rounds, now = () => performance.now() }: CacheOptions): ResultCache {
  /** The one that was used last is the last. */
  const entries = new Map<string, Entry>()
  let bytes = 0
  let generation = 0

  function remove(key: string): void {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    bytes -= sizeOf(key, entry)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      remove(key)
      if (entry.until <= now()) return undefined
      entries.set(key, entry)
      bytes += sizeOf(key, entry)
      return JSON.parse(entry.text)
    },
    begin: () => ({ generation, rounds: rounds() }),
    put(key, ticket, value, ttlMs) {
      if (ticket.generation !== generation || ticket.rounds !== rounds()) return
      remove(key)
      if (!(ttlMs > 0)) return
      const entry = { text: JSON.stringify(value), until: now() + Math.min(ttlMs, MAX_TTL_MS) }
      const size = sizeOf(key, entry)
      if (size > MAX_BYTES) return
      entries.set(key, entry)
      bytes += size
      for (const oldest of entries.keys()) {
        if (bytes <= MAX_BYTES && entries.size <= MAX_ENTRIES) break
        remove(oldest)
      }
    },
    forget(prefix) {
      generation++
      for (const key of entries.keys()) if (key.startsWith(prefix)) remove(key)
    },
    clear() {
      generation++
      entries.clear()
      bytes = 0
    },
  }
}

/** As it lies in memory, two bytes a character at most. */
const sizeOf = (key: string, { text }: Entry): number => 2 * (key.length + text.length)
