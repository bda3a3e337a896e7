/** One process at a time changes which master keys there are: of two that read the same file, one would write over the other's key. @module */

import { join } from 'node:path'
import { ConfigError } from '../core/index.ts'
import { takeLock } from '../storage/index.ts'

/** Answers how to let go. @throws {ConfigError} while somebody else has it. */
export function lockRotation(dir: string): () => void {
  const release = takeLock(join(dir, 'rotation.lock'))
  if (release === undefined)
    throw new ConfigError([
      `${dir}: another program replaces the master key at this moment. When it has ended, look at: sallyport keys list`,
    ])
  return release
}
