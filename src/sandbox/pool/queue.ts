/**
 * Who waits, by owner: each has its turn after the others, however many it has waiting. Bounded, and no owner fills it.
 *
 * @module
 */

export interface Queue<T> {
  readonly size: number
  /** False: it is full, or this owner has as much of it as one may have. */
  add(owner: string, item: T): boolean
  /** The first item of the first owner that may have a turn; that owner is the last from now on. */
  take(mayHave: (owner: string) => boolean): T | undefined
  /** The first of this owner that fits. */
  takeOf(owner: string, fits: (item: T) => boolean): T | undefined
  /** Puts back what could not be given after all: it is the first again. */
  putBack(owner: string, item: T): void
  /** Whether anybody else waits. */
  othersThan(owner: string): boolean
  remove(owner: string, item: T): boolean
  /** Takes out all that fit. */
  drain(fits: (item: T) => boolean): T[]
}

/** Owners are rotated as a `Map` keeps its order. */
export function createQueue<T>(most: number): Queue<T> {
  let owners = new Map<string, T[]>()
  let size = 0
  const mostOfOne = Math.ceil(most / 2)

  function without(owner: string, items: T[], at: number): T {
    const [item] = items.splice(at, 1) as [T]
    size -= 1
    if (items.length === 0) owners.delete(owner)
    return item
  }

  return {
    get size() {
      return size
    },
    add(owner, item) {
      const items = owners.get(owner)
      if (size >= most || (items?.length ?? 0) >= mostOfOne) return false
      size += 1
      if (items) items.push(item)
      else owners.set(owner, [item])
      return true
    },
    take(mayHave) {
      for (const [owner, items] of owners) {
        if (!mayHave(owner)) continue
        const item = without(owner, items, 0)
        if (items.length > 0) {
          owners.delete(owner)
          owners.set(owner, items)
        }
        return item
      }
      return undefined
    },
    takeOf(owner, fits) {
      const items = owners.get(owner)
      const at = items?.findIndex(fits) ?? -1
      return items && at !== -1 ? without(owner, items, at) : undefined
    },
    putBack(owner, item) {
      size += 1
      const items = owners.get(owner) ?? []
      items.unshift(item)
      owners.delete(owner)
      owners = new Map([[owner, items], ...owners])
    },
    othersThan: (owner) => owners.size > (owners.has(owner) ? 1 : 0),
    remove(owner, item) {
      const items = owners.get(owner)
      const at = items?.indexOf(item) ?? -1
      if (!items || at === -1) return false
      without(owner, items, at)
      return true
    },
    drain(fits) {
      const taken: T[] = []
      for (const [owner, items] of owners)
        for (let at = items.length - 1; at >= 0; at--) if (fits(items[at] as T)) taken.push(without(owner, items, at))
      return taken
    },
  }
}
