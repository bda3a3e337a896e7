/**
 * The resources of one upstream that somebody wants to hear of: told to it as its revision wants it (`subscriptions/listen`, or
 * `resources/subscribe` for each), once for all who watch, and again whenever it comes back.
 *
 * @module
 */

export interface WatchedResourcesOptions {
  /** What is watched has changed by these. Never called twice at once. */
  readonly apply: (added: readonly string[], removed: readonly string[]) => void
  /** Something odd, named by kind. */
  readonly odd: (kind: string) => void
}

export interface WatchedResources {
  /** Answers how to stop. */
  watch(uri: string, changed: () => void): () => void
  /** The upstream says that it has changed; undefined: any may have. */
  updated(uri: string | undefined): void
  /** What is watched now, all of which a new link is told of by its owner. */
  take(): readonly string[]
  close(): void
}

/** Subscriptions come in bunches. */
const DEBOUNCE_MS = 50
const MAX_WATCHED = 1_000

export function createWatchedResources({ apply, odd }: WatchedResourcesOptions): WatchedResources {
  const watched = new Map<string, Set<() => void>>()
  /** What the upstream was told last. */
  let told: ReadonlySet<string> = new Set()
  let timer: NodeJS.Timeout | undefined

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      const added = [...watched.keys()].filter((uri) => !told.has(uri))
      const removed = [...told].filter((uri) => !watched.has(uri))
      if (added.length === 0 && removed.length === 0) return
      told = new Set(watched.keys())
      apply(added, removed)
    }, DEBOUNCE_MS)
  }

  return {
    watch(uri, changed) {
      let listeners = watched.get(uri)
      if (!listeners) {
        if (watched.size >= MAX_WATCHED) {
          odd(`a subscription, as ${MAX_WATCHED} of its resources are watched already`)
          return () => {}
        }
        watched.set(uri, (listeners = new Set()))
        schedule()
      }
      // The same function may watch twice.
      const mine = (): void => changed()
      const all = listeners.add(mine)
      return () => {
        if (!all.delete(mine) || all.size > 0) return
        watched.delete(uri)
        schedule()
      }
    },
    updated(uri) {
      for (const [each, listeners] of watched) if (uri === undefined || isWithin(uri, each)) for (const changed of listeners) changed()
    },
    take() {
      told = new Set(watched.keys())
      return [...told]
    },
    close() {
      clearTimeout(timer)
      watched.clear()
    },
  }
}

/** What has changed may be a part of what is watched (2025-11-25 resources §Subscriptions). */
const isWithin = (uri: string, watched: string): boolean =>
  uri === watched || (uri.startsWith(watched) && (watched.endsWith('/') || '/#?'.includes(uri.charAt(watched.length))))
