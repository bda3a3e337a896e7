/**
 * What of one upstream's somebody wants to hear of, its resources or its tasks, by their names there: each is asked for once, for all
 * who watch it, and what the upstream says reaches them all.
 *
 * @module
 */

import type { Odd } from './oddities.ts'

export interface WatchedOptions {
  /** What is watched has changed by these. */
  readonly apply: (added: readonly string[], removed: readonly string[]) => void
  readonly odd: Odd
}

export interface Watched<News> {
  /** Answers how to stop; undefined: no more can be watched. */
  watch(name: string, changed: (news: News) => void): (() => void) | undefined
  /** To whoever watches one that `isMeant`, soon: of what is said of one meanwhile, the last counts. */
  tell(isMeant: (name: string) => boolean, news: News): void
  /** All that is watched: its owner asks for it, and `apply` is told of nothing but what changes from now on. */
  take(): readonly string[]
  close(): void
}

/** They come in bunches. */
const DEBOUNCE_MS = 50
/** Sixteen times what one caller may want to hear of (`catalogue/subscriptions`): nobody takes everybody's places. */
const MAX_WATCHED = 16_384

export function createWatched<News>({ apply, odd }: WatchedOptions): Watched<News> {
  const watched = new Map<string, Set<(news: News) => void>>()
  let asked: ReadonlySet<string> = new Set()
  let timer: NodeJS.Timeout | undefined
  // An upstream may say it a thousand times a second, and each time goes to everybody who watches.
  const pending = new Map<string, News>()
  let telling: NodeJS.Timeout | undefined

  function flush(): void {
    telling = undefined
    const news = [...pending]
    pending.clear()
    for (const [name, each] of news) for (const changed of watched.get(name) ?? []) changed(each)
  }

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      const before = asked
      const added = [...watched.keys()].filter((name) => !before.has(name))
      const removed = [...before].filter((name) => !watched.has(name))
      if (added.length > 0 || removed.length > 0) apply(added, removed)
    }, DEBOUNCE_MS)
  }

  return {
    watch(name, changed) {
      let listeners = watched.get(name)
      if (!listeners) {
        if (watched.size >= MAX_WATCHED) {
          odd(`a subscription, as there are ${MAX_WATCHED} already`)
          return undefined
        }
        watched.set(name, (listeners = new Set()))
        schedule()
      }
      const all = listeners
      // The same function may watch twice.
      const mine = (news: News): void => changed(news)
      all.add(mine)
      return () => {
        if (!all.delete(mine) || all.size > 0) return
        watched.delete(name)
        schedule()
      }
    },
    tell(isMeant, news) {
      for (const name of watched.keys()) if (isMeant(name)) pending.set(name, news)
      if (pending.size > 0) telling ??= setTimeout(flush, DEBOUNCE_MS)
    },
    take() {
      asked = new Set(watched.keys())
      return [...asked]
    },
    close() {
      clearTimeout(timer)
      clearTimeout(telling)
      watched.clear()
    },
  }
}
