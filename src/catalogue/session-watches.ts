/**
 * What legacy sessions have subscribed to (2025-11-25 resources §subscriptions): each resource is watched from the request that says
 * so, whether the session has a stream open or not.
 *
 * Fails closed: what a session without a stream subscribed to is given up after a while, so that nothing is watched for ever for a
 * client that has gone.
 *
 * @module
 */

export interface SessionWatches {
  /** `begin` answers how to stop, or undefined where it may not. Does nothing for what is watched already; answers whether it is. */
  watch(key: string, uri: string, begin: () => (() => void) | undefined): boolean
  stop(key: string, uri: string): void
  /** The session has ended. */
  forget(key: string): void
  close(): void
}

interface Watched {
  /** By URI: how to stop. */
  readonly stops: Map<string, () => void>
  isIdle: boolean
}

/** How long a resource is watched for a session that has no stream open: as long again at most. */
const IDLE_MS = 3_600_000

/** `listening`: the sessions that have a stream open. */
export function createSessionWatches(listening: () => ReadonlySet<string>): SessionWatches {
  const sessions = new Map<string, Watched>()

  function forget(key: string): void {
    const watched = sessions.get(key)
    sessions.delete(key)
    for (const stop of watched?.stops.values() ?? []) stop()
  }
  const idle = setInterval(() => {
    const open = listening()
    for (const [key, watched] of sessions) {
      if (open.has(key)) watched.isIdle = false
      else if (watched.isIdle) forget(key)
      else watched.isIdle = true
    }
  }, IDLE_MS)
  idle.unref()

  return {
    watch(key, uri, begin) {
      const watched = sessions.get(key) ?? { stops: new Map(), isIdle: false }
      watched.isIdle = false
      if (watched.stops.has(uri)) return true
      const stop = begin()
      if (!stop) return false
      sessions.set(key, watched)
      watched.stops.set(uri, stop)
      return true
    },
    stop(key, uri) {
      const watched = sessions.get(key)
      watched?.stops.get(uri)?.()
      watched?.stops.delete(uri)
      if (watched?.stops.size === 0) sessions.delete(key)
    },
    forget,
    close() {
      clearInterval(idle)
      for (const key of sessions.keys()) forget(key)
    },
  }
}
