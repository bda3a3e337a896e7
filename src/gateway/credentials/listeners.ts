/** Who wants to be told. @module */

export interface Listeners<T> {
  /** Answers how to stop. */
  add(listener: (value: T) => void): () => void
  tell(value: T): void
}

export function createListeners<T>(): Listeners<T> {
  const all = new Set<(value: T) => void>()
  return {
    add(listener) {
      const own = (value: T): void => listener(value)
      all.add(own)
      return () => void all.delete(own)
    },
    tell(value) {
      for (const listener of Array.from(all)) listener(value)
    },
  }
}
