/**
 * The children of one pool that have nothing to do: clean ones, which anybody may have, and those of an owner, which nobody else gets.
 *
 * @module
 */

export interface Resting<Child> {
  /** How many are clean. */
  readonly cleanCount: number
  /** With an owner it is that one's; without, it is clean. */
  add(child: Child): void
  /** Takes one that its owner has used before. */
  takeOf(owner: string): Child | undefined
  /** Takes a clean one, one that is ready first. */
  takeClean(): Child | undefined
  remove(child: Child): void
  /** Those that have an owner. */
  owned(): Child[]
  firstClean(): Child | undefined
}

export interface RestingChild {
  readonly worker: { readonly isReady: boolean; readonly isGone: boolean }
  readonly owner: string | undefined
}

export function createResting<Child extends RestingChild>(): Resting<Child> {
  const idle = new Map<string, Child[]>()
  const clean: Child[] = []
  return {
    get cleanCount() {
      return clean.length
    },
    add(child) {
      if (child.owner === undefined) return void clean.push(child)
      const idles = idle.get(child.owner)
      if (idles) idles.push(child)
      else idle.set(child.owner, [child])
    },
    takeOf(owner) {
      const idles = idle.get(owner)
      let child = idles?.pop()
      while (child?.worker.isGone) child = idles?.pop()
      if (idles?.length === 0) idle.delete(owner)
      return child
    },
    takeClean() {
      const at = clean.findIndex(({ worker }) => worker.isReady && !worker.isGone)
      return clean.splice(Math.max(at, 0), 1)[0]
    },
    remove(child) {
      const idles = child.owner === undefined ? clean : (idle.get(child.owner) ?? [])
      const at = idles.indexOf(child)
      if (at !== -1) idles.splice(at, 1)
      if (child.owner !== undefined && idles.length === 0) idle.delete(child.owner)
    },
    owned: () => [...idle.values()].flat(),
    firstClean: () => clean[0],
  }
}
