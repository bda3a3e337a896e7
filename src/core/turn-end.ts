/**
 * The end of this turn of the event loop: when the events that are known have been looked at, and what could be done at once is done.
 *
 * @module
 */

let waiting: (() => void)[] = []

/** Calls `look` then, after those that asked before it. */
export function atTurnEnd(look: () => void): void {
  if (waiting.push(look) === 1) setImmediate(end)
}

function end(): void {
  const all = waiting
  waiting = []
  for (const look of all) look()
}
