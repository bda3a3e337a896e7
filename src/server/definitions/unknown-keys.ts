/** Keys that nobody knows are problems, with the key that was probably meant: a slip must not open anything. @module */

import { noSuchKey } from '../../core/index.ts'

export type Report = (problem: string) => void

/** Whether there are none. */
export function checkKeys(given: object, known: readonly string[], at: string, report: Report): boolean {
  let fine = true
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    fine = false
    report(`${at === '' ? '' : `${at}.`}${key.slice(0, 64)}: ${noSuchKey(key, known)}`)
  }
  return fine
}
