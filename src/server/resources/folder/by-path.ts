/**
 * Where the system does not say what a handle is (macOS, Windows): a file is opened, and then the place that its name leads to
 * is compared with the handle by device and inode, several times, so that whoever swaps folders under it would have to hit the
 * right moment each time. Weaker than `by-handle`, which leaves no such moment; SECURITY.md says so.
 *
 * Fails closed: what is not the same each time is not found.
 *
 * @module
 */

import { constants, type Dirent, watch } from 'node:fs'
import { lstat, open, opendir, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { identityOf, type Opener, type OpenerOptions, readBounded, unlessAbsent } from './opener.ts'
import { isName } from './segments.ts'

/** Against somebody who swaps without pause, each round passes by chance one time in four. */
const ROUNDS = 16
// Windows has neither of the first two: there a link is found by its place.
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

export async function openByPath(path: string, { followLinks, hidden }: OpenerOptions): Promise<Opener> {
  const root = await realpath(path)
  const rootStats = await lstat(root, { bigint: true })
  if (!rootStats.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
  const rootIdentity = identityOf(rootStats)

  /** Where these names lead, if that is inside and, unless links may be followed, exactly where they say. */
  async function placeOf(segments: readonly string[]): Promise<string | undefined> {
    const named = join(root, ...segments)
    const place = await unlessAbsent(realpath(named))
    if (place === undefined) return undefined
    if (!followLinks || segments.length === 0) return place === named ? place : undefined
    const way = relative(root, place).split(sep)
    return way.every((name) => isName(name, { hidden, platform: process.platform })) ? place : undefined
  }
  async function isStill(identity: string, segments: readonly string[]): Promise<boolean> {
    for (let round = 0; round < ROUNDS; round++) {
      const place = await placeOf(segments)
      const found = place === undefined ? undefined : await unlessAbsent(lstat(place, { bigint: true }))
      if (!found || identityOf(found) !== identity) return false
      if (identityOf(await lstat(root, { bigint: true })) !== rootIdentity) return false
    }
    return true
  }

  return {
    async file(segments) {
      const place = await placeOf(segments)
      if (place === undefined || !(await unlessAbsent(lstat(place)))?.isFile()) return undefined
      const file = await unlessAbsent(open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
      if (!file) return undefined
      const stats = await file.stat({ bigint: true })
      if (stats.isFile() && (await isStill(identityOf(stats), segments)))
        return { stats, read: (limitBytes) => readBounded(file, stats.size, limitBytes), close: () => file.close() }
      await file.close()
      return undefined
    },
    async folder(segments) {
      const place = await placeOf(segments)
      const stats = place === undefined ? undefined : await unlessAbsent(lstat(place, { bigint: true }))
      if (place === undefined || !stats?.isDirectory()) return undefined
      const identity = identityOf(stats)
      return {
        identity,
        async entries(max) {
          const found: Dirent[] = []
          const stream = await unlessAbsent(opendir(place))
          if (stream)
            for await (const entry of stream) {
              if (found.length >= max) break
              found.push(entry)
            }
          return (await isStill(identity, segments)) ? found : []
        },
        watch: (changed) => watch(place, { persistent: false }, () => changed()),
        close: async () => {},
      }
    },
    close: async () => {},
  }
}
