/**
 * What an upstream does that it should not, and that is skipped: logged once for each kind, since one that errs once may do so a
 * thousand times a second.
 *
 * @module
 */

import type { Log } from '../../core/index.ts'

/** Something odd, named by kind. `sample`: of what it said, fit for a log. */
export type Odd = (kind: string, sample?: () => string) => void

export function createOddities(server: string, log: Log): Odd {
  const seen = new Set<string>()
  return function odd(kind, sample) {
    if (seen.has(kind)) return
    seen.add(kind)
    const shown = sample?.()
    log('warn', `${server}: skipped ${kind}; further ones are skipped without a word`, shown ? { sample: shown } : {})
  }
}
