/** A store that ends with the process. What is in it is nowhere else: neither on disk nor in another process. @module */

import { requireName, requireValue, type TokenStore } from './token-store.ts'
import { createTurns } from './turns.ts'

export function createMemoryTokenStore(): TokenStore {
  const values = new Map<string, string>()
  const turns = createTurns<true>()

  const change = (name: string, apply: () => void): Promise<void> =>
    turns.inside(name) === undefined ? turns.take(name, async () => apply()) : Promise.resolve(apply())

  return Object.freeze({
    async read(name: string) {
      requireName(name)
      return values.get(name)
    },
    async write(name: string, value: string) {
      requireName(name)
      requireValue(value)
      await change(name, () => void values.set(name, value))
    },
    async remove(name: string) {
      requireName(name)
      await change(name, () => void values.delete(name))
    },
    async exclusively<T>(name: string, work: () => Promise<T>) {
      requireName(name)
      return turns.take(name, (enter) => enter(true, work))
    },
  })
}
