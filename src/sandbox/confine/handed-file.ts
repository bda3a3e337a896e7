/**
 * What a program is handed as an open file: a filter, a file of `/etc`. It has no name any more when the program starts, so that
 * nothing of it is left whichever way we end.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { openSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whoever asked closes it. It is read from its beginning. */
export function handedFile(content: string | Uint8Array): number {
  const path = join(tmpdir(), `sallyport-${randomUUID()}`)
  // `wx`: what somebody else put there beforehand, a link too, is never opened.
  const file = openSync(path, 'wx+', 0o600)
  unlinkSync(path)
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  // At a position: the offset, which is shared with whoever inherits the file, stays at 0.
  writeSync(file, bytes, 0, bytes.length, 0)
  return file
}
