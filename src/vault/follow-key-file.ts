/**
 * The ring of our own key file, which follows it: a key that another process has put above is sealed with from then on, and opens what
 * that process has sealed. Without this a program that runs would take for lost what was sealed anew while it ran.
 *
 * A file that is gone, wrong, or has lost the oldest key meanwhile is not followed: the ring stays what it was.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { loadOrCreateKeyFile, loadOwnKeyFile } from './key-file.ts'
import type { KeyRing } from './key-ring.ts'
import { createRing } from './ring.ts'

/** @throws {ConfigError} where the keys are not safe, or not keys. */
export function followKeyFile(file: string): KeyRing {
  const keys = loadOrCreateKeyFile(file)
  let ring = createRing(keys)
  // Undefined: what was read may have been replaced before we could see what it was.
  let seen: string | undefined
  // What is checked by MAC must go on being so for as long as the process runs.
  const oldest = keys.at(-1)?.id

  /** Whether the file is another one than before. */
  function look(): boolean {
    const now = signatureOf(file)
    if (now === undefined || now === seen) return false
    seen = now
    try {
      const found = loadOwnKeyFile(file)
      if (found?.at(-1)?.id !== oldest || found === undefined) return false
      ring = createRing(found)
      return true
    } catch {
      return false
    }
  }

  return {
    seal(plaintext, place) {
      look()
      return ring.seal(plaintext, place)
    },
    open: (sealed, place) => ring.open(sealed, place) ?? (look() ? ring.open(sealed, place) : undefined),
    mac: (purpose, data) => ring.mac(purpose, data),
  }
}

/** A file is replaced and never written to, so that another inode or another time is another file. */
function signatureOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`
}
