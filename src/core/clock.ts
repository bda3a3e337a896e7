/** Time is injected wherever a decision depends on it. @module */

/** Milliseconds since the epoch. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
