/**
 * Counters in this process only, answered at once and bounded in memory.
 *
 * A limit that is spent is forgotten early only when `maxKeys` windows are open, and then the one that would have ended
 * first. A value that may be used once is never forgotten early: when there is no room, the answer is "already used"
 * (fails closed).
 *
 * @module
 */

import { type Clock, systemClock } from '../core/index.ts'
import type { Counters } from './counters.ts'

export interface MemoryCountersOptions {
  readonly clock?: Clock
  /** How many windows, and how many one-time values, are remembered; 100,000 of each unless told. */
  readonly maxKeys?: number
}

export function createMemoryCounters({ clock = systemClock, maxKeys = 100_000 }: MemoryCountersOptions = {}): Counters {
  const windows = createExpiringMap(maxKeys)
  const once = createExpiringMap(maxKeys)
  return {
    increment(key, windowSeconds, cost = 1) {
      const now = clock()
      const window = windows.get(key, now) ?? windows.add(key, windowSeconds, now)
      window.count += cost
      return { count: window.count, resetSeconds: Math.max(1, Math.ceil((window.endsAt - now) / 1000)) }
    },
    takeOnce(key, ttlSeconds) {
      const now = clock()
      if (once.get(key, now) !== undefined || once.isFull(now)) return false
      once.add(key, ttlSeconds, now)
      return true
    },
  }
}

interface Window {
  readonly key: string
  readonly endsAt: number
  count: number
  next: Window | undefined
}

/**
 * A map whose entries end. Those of equal length end in the order in which they began, so that one queue a length finds
 * what has ended, and what ends soonest, without a search.
 */
function createExpiringMap(maxKeys: number) {
  const entries = new Map<string, Window>()
  const queues = new Map<number, { head: Window | undefined; tail: Window | undefined }>()

  function dropHead(seconds: number): void {
    const queue = queues.get(seconds)
    const head = queue?.head
    if (queue === undefined || head === undefined) return
    // A key that began anew has another entry by now, later in a queue.
    if (entries.get(head.key) === head) entries.delete(head.key)
    queue.head = head.next
    if (queue.head === undefined) queues.delete(seconds)
  }
  function dropEnded(seconds: number, now: number): void {
    for (let head = queues.get(seconds)?.head; head !== undefined && head.endsAt <= now; head = queues.get(seconds)?.head) dropHead(seconds)
  }
  function isFull(now: number): boolean {
    if (entries.size < maxKeys) return false
    for (const seconds of queues.keys()) dropEnded(seconds, now)
    return entries.size >= maxKeys
  }
  function dropSoonest(): void {
    let soonest: number | undefined
    let endsAt = Number.POSITIVE_INFINITY
    for (const [seconds, { head }] of queues) {
      if (head !== undefined && head.endsAt < endsAt) {
        soonest = seconds
        endsAt = head.endsAt
      }
    }
    if (soonest !== undefined) dropHead(soonest)
  }
  return {
    isFull,
    get(key: string, now: number): Window | undefined {
      const entry = entries.get(key)
      return entry !== undefined && entry.endsAt > now ? entry : undefined
    },
    add(key: string, seconds: number, now: number): Window {
      dropEnded(seconds, now)
      if (isFull(now)) dropSoonest()
      const entry: Window = { key, endsAt: now + seconds * 1000, count: 0, next: undefined }
      entries.set(key, entry)
      const queue = queues.get(seconds)
      if (queue?.tail === undefined) queues.set(seconds, { head: entry, tail: entry })
      else {
        queue.tail.next = entry
        queue.tail = entry
      }
      return entry
    },
  }
}
