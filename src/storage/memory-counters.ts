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
    increment(key, windowMs, cost = 1) {
      const now = clock()
      const window = windows.get(key, now) ?? windows.add(key, windowMs, now)
      window.count += cost
      return { count: window.count, resetMs: window.endsAt - now }
    },
    takeOnce(key, ttlSeconds) {
      const now = clock()
      if (once.get(key, now) !== undefined || once.isFull(now)) return false
      once.add(key, ttlSeconds * 1000, now)
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

  function dropHead(lengthMs: number): void {
    const queue = queues.get(lengthMs)
    const head = queue?.head
    if (queue === undefined || head === undefined) return
    // A key that began anew has another entry by now, later in a queue.
    if (entries.get(head.key) === head) entries.delete(head.key)
    queue.head = head.next
    if (queue.head === undefined) queues.delete(lengthMs)
  }
  function dropEnded(lengthMs: number, now: number): void {
    for (let head = queues.get(lengthMs)?.head; head !== undefined && head.endsAt <= now; head = queues.get(lengthMs)?.head)
      dropHead(lengthMs)
  }
  function isFull(now: number): boolean {
    if (entries.size < maxKeys) return false
    for (const lengthMs of queues.keys()) dropEnded(lengthMs, now)
    return entries.size >= maxKeys
  }
  function dropSoonest(): void {
    let soonest: number | undefined
    let endsAt = Number.POSITIVE_INFINITY
    for (const [lengthMs, { head }] of queues) {
      if (head !== undefined && head.endsAt < endsAt) {
        soonest = lengthMs
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
    add(key: string, lengthMs: number, now: number): Window {
      dropEnded(lengthMs, now)
      if (isFull(now)) dropSoonest()
      const entry: Window = { key, endsAt: now + lengthMs, count: 0, next: undefined }
      entries.set(key, entry)
      const queue = queues.get(lengthMs)
      if (queue?.tail === undefined) queues.set(lengthMs, { head: entry, tail: entry })
      else {
        queue.tail.next = entry
        queue.tail = entry
      }
      return entry
    },
  }
}
