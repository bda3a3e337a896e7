/** Where a path leads to now: a link may lead elsewhere later, and any may be taken away at any moment. @module */

import { realpathSync } from 'node:fs'

/** Undefined where there is nothing. */
export function realOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** The path itself where there is nothing. */
export const real = (path: string): string => realOf(path) ?? path
