/** A store that ends with the process. What is in it is nowhere else: neither on disk nor in another process. @module */

import { type Clock, type Log, silentLog, systemClock } from '../../core/index.ts'
import { createCleanup, type Shelf } from './cleanup.ts'
import { DAY_MS } from './lifetimes.ts'
import { requireName, requireValue, type TokenStore } from './token-store.ts'
import { createTurns } from './turns.ts'

export interface MemoryTokenStoreOptions {
  readonly clock?: Clock | undefined
  readonly log?: Log | undefined
}

export function createMemoryTokenStore({ clock = systemClock, log = silentLog }: MemoryTokenStoreOptions = {}): TokenStore {
  const records = new Map<string, { readonly value: string; lastUsedAt: number }>()
  const turns = createTurns<true>()
  let cleanedAt = Number.NEGATIVE_INFINITY

  function touch(name: string, now: number): void {
    const record = records.get(name)
    if (record) record.lastUsedAt = Math.max(record.lastUsedAt, now)
  }
  const shelf: Shelf = {
    claim(now) {
      if (cleanedAt + DAY_MS > now && cleanedAt <= now + DAY_MS) return false
      cleanedAt = now
      return true
    },
    release(now, inMs) {
      cleanedAt = now - DAY_MS + inMs
    },
    ids: () => [...records.keys()],
    idOf: (name) => name,
    lastUsed: (name) => records.get(name)?.lastUsedAt,
    touch: async (name, now) => touch(name, now),
    async open(name) {
      const record = records.get(name)
      return record && { name, value: record.value }
    },
    async remove(name) {
      if (!turns.isFree(name)) return 'busy'
      records.delete(name)
      return 'removed'
    },
  }
  const cleanup = createCleanup(shelf, clock, log)

  const change = (name: string, apply: () => void): Promise<void> =>
    turns.inside(name) === undefined ? turns.take(name, async () => apply()) : Promise.resolve(apply())

  return Object.freeze({
    async read(name: string) {
      requireName(name)
      const value = records.get(name)?.value
      touch(name, clock())
      await cleanup.step()
      return value
    },
    async write(name: string, value: string) {
      requireName(name)
      requireValue(value)
      await change(name, () => void records.set(name, { value, lastUsedAt: clock() }))
      await cleanup.step()
    },
    async remove(name: string) {
      requireName(name)
      await change(name, () => void records.delete(name))
    },
    async exclusively<T>(name: string, work: () => Promise<T>) {
      requireName(name)
      const done = await turns.take(name, (enter) => enter(true, work))
      await cleanup.step()
      return done
    },
  })
}
