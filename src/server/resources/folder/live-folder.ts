/**
 * Keeps the list of a folder as it is, and tells of changes: to the list, and to single files that somebody follows. The system's
 * own watching only says when to look; what is told is what was found by looking, and now and then it looks by itself, where
 * watching is not possible or not complete.
 *
 * Bounded: so many folders and files are watched, and however often something changes, most of the time is left to others.
 *
 * @module
 */

import type { FSWatcher } from 'node:fs'
import type { Log } from '../../../core/index.ts'
import type { Folder } from './folder.ts'
import type { OpenFolder } from './opener.ts'

export interface LiveFolderOptions {
  readonly folder: Folder
  /** How many files the list may have. */
  readonly maxFiles: number
  /** Whether to watch at all. */
  readonly watch: boolean
  readonly onList: (files: FileList) => void
  readonly log: Log
  /** What it is called in the log. */
  readonly name: string
}

/** The ways to the files, sorted. */
export type FileList = readonly (readonly string[])[]

export interface LiveFolder {
  readonly files: FileList
  /** Looks now. */
  refresh(): Promise<void>
  /** Calls `changed` when that file does, comes or goes. Answers how to stop; undefined: no more can be followed. */
  follow(segments: readonly string[], changed: () => void): (() => void) | undefined
  close(): Promise<void>
}

const MAX_WATCHED = 256
/** Sixteen times what one caller may want to hear of (`catalogue/subscriptions`): nobody takes everybody's places. */
const MAX_FOLLOWED = 16_384
/** One change is seldom alone. */
const SETTLE_MS = 100
const RECHECK_MS = 30_000
/** Of the time, at most one tenth is spent on looking. */
const REST_FACTOR = 9

interface Followed {
  readonly segments: readonly string[]
  readonly listeners: Set<() => void>
  fingerprint: Promise<string | undefined>
}
interface Watched {
  readonly identity: string
  readonly watcher: FSWatcher
}

export function createLiveFolder({ folder, maxFiles, watch, onList, log, name }: LiveFolderOptions): LiveFolder {
  const watched = new Map<string, Watched>()
  const followed = new Map<string, Followed>()
  let files: FileList = []
  let shown: string | undefined
  let wasCut = false
  let closed = false
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let restUntil = 0
  const recheck = watch ? setInterval(nudge, RECHECK_MS) : undefined
  recheck?.unref()

  /** Looks soon. */
  function nudge(): void {
    if (closed || timer) return
    timer = setTimeout(
      () => {
        timer = undefined
        look().catch((error: unknown) =>
          log('warn', 'a folder of resources could not be read', {
            folder: name,
            problem: (error as NodeJS.ErrnoException).code ?? 'unknown',
          }),
        )
      },
      Math.max(SETTLE_MS, restUntil - performance.now()),
    )
    timer.unref()
  }

  function look(): Promise<void> {
    looking = (looking ?? Promise.resolve()).catch(() => {}).then(lookNow)
    return looking
  }

  async function lookNow(): Promise<void> {
    if (closed) return
    const begun = performance.now()
    const seen = new Set<string>()
    const list = await folder.list({ files: maxFiles, visit: (segments, open) => watch && watchFolder(segments.join('/'), open, seen) })
    for (const [key, { watcher }] of watched) {
      if (seen.has(key)) continue
      watched.delete(key)
      watcher.close()
    }
    if (list.isCut && !wasCut)
      log('warn', 'a folder has more files than its list: the rest can be read and is not shown', {
        folder: name,
        listed: list.files.length,
      })
    wasCut = list.isCut
    const text = JSON.stringify(list.files)
    files = list.files
    if (!closed && text !== shown) {
      shown = text
      onList(files)
    }
    for (const each of followed.values()) await compare(each)
    const took = performance.now() - begun
    restUntil = performance.now() + took * REST_FACTOR
  }

  /** A file that cannot be looked at now may be at the next look. */
  const fingerprintOf = (segments: readonly string[]): Promise<string | undefined> => folder.fingerprint(segments).catch(() => 'unknown')

  async function compare(each: Followed): Promise<void> {
    const before = await each.fingerprint
    each.fingerprint = fingerprintOf(each.segments)
    if ((await each.fingerprint) !== before && !closed) for (const listener of each.listeners) listener()
  }

  function watchFolder(key: string, open: OpenFolder, seen: Set<string>): void {
    seen.add(key)
    const before = watched.get(key)
    if (before?.identity === open.identity) return
    before?.watcher.close()
    watched.delete(key)
    if (closed || watched.size >= MAX_WATCHED) return
    try {
      const watcher = open.watch(nudge)
      // A watch that ends, or never began, leaves what looks by itself.
      watcher.on('error', () => watcher.close())
      watched.set(key, { identity: open.identity, watcher })
    } catch {
      // As many as the system has.
    }
  }

  return {
    get files() {
      return files
    },
    refresh: look,
    follow(segments, changed) {
      const key = segments.join('/')
      let each = followed.get(key)
      if (!each) {
        if (followed.size >= MAX_FOLLOWED) {
          log('warn', 'too many files of a folder are followed: changes to one more are not told', { folder: name })
          return undefined
        }
        followed.set(key, (each = { segments, listeners: new Set(), fingerprint: fingerprintOf(segments) }))
      }
      const mine = each
      // One listener may be given twice, and stopped once.
      const listener = (): void => changed()
      mine.listeners.add(listener)
      return () => {
        mine.listeners.delete(listener)
        if (mine.listeners.size === 0 && followed.get(key) === mine) followed.delete(key)
      }
    },
    async close() {
      closed = true
      clearTimeout(timer)
      clearInterval(recheck)
      for (const { watcher } of watched.values()) watcher.close()
      watched.clear()
      followed.clear()
      await looking?.catch(() => {})
      await folder.close()
    },
  }
}
