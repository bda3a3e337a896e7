/**
 * Open files that whoever started us left open, and that everything we start would inherit in turn: one may lead anywhere. Node's
 * own all close when something is started; these do not (open(2), O_CLOEXEC).
 *
 * @module
 */

import { openSync, readdirSync, readFileSync } from 'node:fs'

const O_CLOEXEC = 0o2000000
let found: readonly number[] | undefined
let nothing: number | undefined

/** Their numbers, above 2. Looked for once: they were there when we began. */
export function inheritedFiles(): readonly number[] {
  return (found ??= readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter((file) => file > 2 && isInherited(file)))
}

function isInherited(file: number): boolean {
  try {
    const [, flags = '0'] = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'latin1')) ?? []
    return (Number.parseInt(flags, 8) & O_CLOEXEC) === 0
  } catch {
    return false // The folder itself, as it was read.
  }
}

/** What takes their places: it stays open, and nothing comes of it. */
export const openNothing = (): number => (nothing ??= openSync('/dev/null', 'r'))
