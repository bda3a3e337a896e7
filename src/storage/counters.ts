/** The seam for counting and for values that may be used once. @module */

export interface Count {
  readonly count: number
  /** How long until the window ends; 1 at least. */
  readonly resetMs: number
}

export interface Counters {
  /** Adds `cost` to `key` in a single atomic step, starting a new window if none is open. Memory answers at once. */
  increment(key: string, windowMs: number, cost?: number): Count | Promise<Count>
  /** True for the first caller with this `key` within `ttlSeconds`, false for every other. */
  takeOnce(key: string, ttlSeconds: number): boolean | Promise<boolean>
}
