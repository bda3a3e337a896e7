/** Whether what we go by could be somebody else's doing: for files that open tools or name commands, and for our folder. @module */

import { type Stats, statSync } from 'node:fs'
import { ConfigError } from '../core/index.ts'

/**
 * It belongs to us or to the administrator, and nobody else can write to it.
 *
 * @throws {ConfigError} `hint`: what to do if it is meant to belong to another.
 */
export function requireOurs(path: string, hint: string): void {
  const me = process.getuid?.()
  if (me === undefined) return
  const found = statSync(path)
  if (found.uid !== me && found.uid !== 0) throw new ConfigError([`${path}: belongs to another user. ${hint}`])
  if (isShared(found)) throw new ConfigError([`${path}: ${whoWrites(found)} can write to it. Run: chmod go-w '${path}'`])
}

/** Whether another user made it, who can open it to themselves whatever its mode says (access lists, and later). The administrator uses whose they like. */
export function isOfAnother({ uid }: Stats): boolean {
  const me = process.getuid?.() ?? 0
  return me !== 0 && uid !== me && uid !== 0
}

/** Where every user has a group of their own, new files are writable for it; that is nobody else. */
export const isShared = ({ uid, gid, mode }: Stats): boolean =>
  process.platform !== 'win32' && ((mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && (uid !== gid || gid === 0)))

export const whoWrites = ({ mode }: Stats): string => ((mode & 0o002) === 0 ? 'a group' : 'everybody')
