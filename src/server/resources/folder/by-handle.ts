/**
 * Linux: containment by what a handle is. The root is opened once and everything is opened relative to that handle. A file is
 * first only pinned (`O_PATH`: nothing is opened, no FIFO can hang, no device is touched); then the kernel says which place the
 * handle stands for, and only a regular file at exactly that place inside the root is opened, through the pinned handle, and
 * read from it. No name is looked up after the proof, so that nothing can be swapped in between.
 *
 * Fails closed: a file that was moved or removed before the proof is not found.
 *
 * @module
 */

import { type BigIntStats, constants, type Dirent, watch } from 'node:fs'
import { type FileHandle, open, opendir, readlink, realpath } from 'node:fs/promises'
import { identityOf, type Opener, type OpenerOptions, readBounded, unlessAbsent } from './opener.ts'
import { isName } from './segments.ts'

/** open(2); Node has no name for it. */
const O_PATH = 0o10_000_000
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

const placeOf = ({ fd }: FileHandle): string => `/proc/self/fd/${fd}`
const realPlaceOf = (handle: FileHandle): Promise<Buffer> => readlink(placeOf(handle), { encoding: 'buffer' })

interface Pinned {
  readonly handle: FileHandle
  readonly stats: BigIntStats
}

/** Undefined where the system does not say what a handle is. */
export async function openByHandle(path: string, { followLinks, hidden }: OpenerOptions): Promise<Opener | undefined> {
  if (process.platform !== 'linux') return undefined
  const root = await open(path, O_PATH | O_DIRECTORY)
  const told = await unlessAbsent(realPlaceOf(root))
  if (!told?.equals(await realpath(path, { encoding: 'buffer' }))) {
    await root.close()
    return undefined
  }

  /** Whether the handle is what these names lead to: read from the kernel, bytes against bytes. */
  async function isInside(handle: FileHandle, segments: readonly string[]): Promise<boolean> {
    // The root may be moved while it is served; not its contents out of it.
    const [base, place] = await Promise.all([realPlaceOf(root), realPlaceOf(handle)])
    const inside = base.length === 1 ? base : Buffer.concat([base, Buffer.from('/')])
    if (!followLinks || segments.length === 0)
      return place.equals(segments.length === 0 ? base : Buffer.concat([inside, Buffer.from(segments.join('/'))]))
    if (!place.subarray(0, inside.length).equals(inside)) return false
    const names = place.subarray(inside.length).toString().split('/')
    return names.every((name) => isName(name, { hidden, platform: 'linux' }))
  }

  async function pin(segments: readonly string[], flags: number): Promise<Pinned | undefined> {
    const follow = followLinks ? 0 : O_NOFOLLOW
    // Behind the handle: what stands for it in /proc is itself a link.
    const handle = await unlessAbsent(open(`${placeOf(root)}/${segments.join('/') || '.'}`, O_PATH | follow | flags))
    if (!handle) return undefined
    try {
      const stats = await handle.stat({ bigint: true })
      if (await isInside(handle, segments)) return { handle, stats }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return undefined
  }

  return {
    async file(segments) {
      const pinned = await pin(segments, 0)
      if (!pinned) return undefined
      const { handle, stats } = pinned
      try {
        const file = stats.isFile() ? await unlessAbsent(open(placeOf(handle), O_RDONLY | O_NONBLOCK)) : undefined
        return file && { stats, read: (limitBytes) => readBounded(file, stats.size, limitBytes), close: () => file.close() }
      } finally {
        await handle.close()
      }
    },
    async folder(segments) {
      const pinned = await pin(segments, O_DIRECTORY)
      if (!pinned) return undefined
      const { handle, stats } = pinned
      return {
        identity: identityOf(stats),
        async entries(max) {
          const found: Dirent[] = []
          const stream = await unlessAbsent(opendir(`${placeOf(handle)}/`, { bufferSize: 256 }))
          if (stream)
            for await (const entry of stream) {
              if (found.length >= max) break
              found.push(entry)
            }
          return found
        },
        watch: (changed) => watch(`${placeOf(handle)}/`, { persistent: false }, () => changed()),
        close: () => handle.close(),
      }
    },
    close: () => root.close(),
  }
}
