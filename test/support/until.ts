/**
 * Waits for what has to happen soon, and says what it was if it does not. How soon is counted by a timer of this process and not by the
 * clock: while a busy machine lets the process wait, the timer does not tick, and what is waited for does not go on either.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'

const EVERY_MS = 10
const TICK_MS = 50

export async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  using time = lived()
  while (!(await condition())) {
    if (time.ms() > withinMs) throw new Error(`waited in vain: ${what}`)
    await delay(EVERY_MS)
  }
}

/** The time that this process has lived since, of which none passes while it is not let run. */
export function lived(): Disposable & { ms(): number } {
  let ms = 0
  const tick = (): void => {
    ms += TICK_MS
    timer = setTimeout(tick, TICK_MS)
  }
  let timer = setTimeout(tick, TICK_MS)
  return { ms: () => ms, [Symbol.dispose]: () => clearTimeout(timer) }
}
