/** Work that an upstream can make long, done in slices: what it costs is its own time, and never the other callers'. @module */

import { setImmediate as nextTurn } from 'node:timers/promises'

/** A generator that yields wherever it can be interrupted. */
export type Steps<T> = Generator<void, T>

const SLICE_MS = 8

/** Lets everybody else go on every few milliseconds. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  let until = performance.now() + SLICE_MS
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    if (performance.now() < until) continue
    await nextTurn()
    until = performance.now() + SLICE_MS
  }
}

export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
