/**
 * Answers that were written and that their callers have not taken yet. Most never come here: what the network takes at once is gone.
 * The rest is bounded for each caller and in time, and what is over a bound is dropped with its connection.
 *
 * @module
 */

import type { ServerResponse } from 'node:http'
import type { Clock } from '../../core/index.ts'

export interface Unsent {
  /** Looks after an answer that was written whole. `whose`: the principal, or the address where there is none. */
  keep(response: ServerResponse, whose: string): void
  /** Drops what is not taken; called every few seconds. */
  tick(): void
}

export interface UnsentOptions {
  readonly clock: Clock
  /** How much may wait for one caller; a single answer always may. */
  readonly mostBytes?: number
}

const MOST_BYTES = 64 * 1024 * 1024
/** How long a caller may take in any case, and how much it must take in that time where it is a lot. */
const PATIENCE_MS = 30_000
const LEAST_BYTES_A_MS = 64

/**
 * Whether a caller still takes what it is sent. How much of one write has left cannot be seen, so that a long one gets more time and
 * no other sign of life counts.
 */
export class Reader {
  #leastBytes = 0
  #since = 0

  hasGone(unreadBytes: number, now: number): boolean {
    if (unreadBytes === 0 || this.#leastBytes === 0 || unreadBytes < this.#leastBytes) {
      this.#leastBytes = unreadBytes
      this.#since = now
    }
    return unreadBytes > 0 && this.#since + PATIENCE_MS + this.#leastBytes / LEAST_BYTES_A_MS < now
  }
}

export function createUnsent({ clock, mostBytes = MOST_BYTES }: UnsentOptions): Unsent {
  const answers = new Map<ServerResponse, Reader>()
  const waiting = new Map<string, number>()

  return {
    keep(response, whose) {
      // What has no connection yet is Node's to hold back, and one that never gets one never closes.
      const bytes = response.socket === null ? 0 : response.writableLength
      if (bytes === 0 || response.destroyed) return
      const before = waiting.get(whose) ?? 0
      if (before > 0 && before + bytes > mostBytes) return void response.destroy()
      const reader = new Reader()
      reader.hasGone(bytes, clock())
      answers.set(response, reader)
      waiting.set(whose, before + bytes)
      response.once('close', () => {
        answers.delete(response)
        const left = (waiting.get(whose) ?? 0) - bytes
        if (left > 0) waiting.set(whose, left)
        else waiting.delete(whose)
      })
    },
    tick() {
      const now = clock()
      for (const [response, reader] of answers) if (reader.hasGone(response.writableLength, now)) response.destroy()
    },
  }
}
