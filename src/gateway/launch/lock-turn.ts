/**
 * Reading a file, changing what was in it and writing it as one step among processes: of two that read the same, one would write over
 * what the other has added.
 *
 * The system takes a turn back from a process that was killed (`takeLock`). Nothing is left beside the file, which is in somebody's checkout:
 * whoever has had the turn removes its file, and whoever has waited for one that was removed waits for the next.
 *
 * Fails closed: without the turn nothing is changed.
 *
 * @module
 */

import { closeSync, constants, fstatSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from '../../core/index.ts'
import { takeLock } from '../../storage/index.ts'

/** A change takes milliseconds. */
const PATIENCE_MS = 10_000

/** `path`: what is changed. @throws {ConfigError} where another process does not let go of it. */
export function inTurn<T>(path: string, work: () => T, patienceMs: number = PATIENCE_MS): T {
  const turn = join(dirname(path), `.${basename(path)}.turn`)
  const until = performance.now() + patienceMs
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  for (;;) {
    const left = Math.ceil(until - performance.now())
    if (left <= 0)
      throw new ConfigError([`${path}: another program has been changing it for ${patienceMs / 1000} seconds. Close it, and try again.`])
    // While it is open here, no other file is taken for it: what has its name now and has it when the lock is ours, had it all the time.
    const file = opened(turn)
    let release: (() => void) | undefined
    try {
      release = taken(turn, left)
      if (!release || !isNamed(turn, file)) continue
      try {
        return work()
      } finally {
        removed(turn)
      }
    } finally {
      release?.()
      // Last: to close it lets go of the lock (POSIX).
      closeSync(file)
    }
  }
}

// Windows lacks two of them: no bit of a number, then.
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants

/**
 * Who made the checkout may have put something there: a link would have a file of somebody else's made or its mode changed, and anything
 * but an empty file would have every turn fail. @throws {ConfigError}
 */
function opened(turn: string): number {
  let file: number | undefined
  try {
    file = openSync(turn, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
    const found = fstatSync(file)
    if (found.isFile() && found.size === 0) return file
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['ELOOP', 'EISDIR', 'ENXIO'].includes(code)) throw error
  }
  if (file !== undefined) closeSync(file)
  throw new ConfigError([`${turn}: is in the way, and is nothing that Sallyport has made. Remove it.`])
}

function taken(file: string, waitMs: number): (() => void) | undefined {
  try {
    return takeLock(file, waitMs)
  } catch (error) {
    // Removed while it was opened.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isNamed(path: string, file: number): boolean {
  const named = statSync(path, { bigint: true, throwIfNoEntry: false })
  const opened = fstatSync(file, { bigint: true })
  return named !== undefined && named.dev === opened.dev && named.ino === opened.ino
}

/** Where an open file cannot be removed (Windows), it stays. */
function removed(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {}
}
