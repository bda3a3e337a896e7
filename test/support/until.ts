/** Waits for what has to happen soon, and says what it was if it does not. @module */

import { setTimeout as delay } from 'node:timers/promises'

const EVERY_MS = 10

export async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`)
    await delay(EVERY_MS)
  }
}
