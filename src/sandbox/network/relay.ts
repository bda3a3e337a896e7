/**
 * Bytes both ways between two sockets, at the pace of whoever is slower. The end of one side is passed on, and the other may still
 * speak for a while. What breaks breaks both.
 *
 * @module
 */

import type { Socket } from 'node:net'

/** How long one side may still speak when the other has ended. */
const HALF_OPEN_MS = 60_000

export function relay(one: Socket, other: Socket, idleMs: number): void {
  const ends = [
    [one, other],
    [other, one],
  ] as const
  for (const [from, to] of ends) {
    from.setTimeout(idleMs)
    // Bytes in either direction are life in both.
    from.once('timeout', () => from.destroy())
    from.on('error', () => to.destroy())
    from.once('end', () => {
      from.setTimeout(Math.min(idleMs, HALF_OPEN_MS))
      to.setTimeout(Math.min(idleMs, HALF_OPEN_MS))
    })
    // What has ended by itself leaves the other side time to take the rest.
    from.once('close', () => {
      if (!from.readableEnded) to.destroy()
    })
    // What ended before we came here is passed on, too.
    if (from.readableEnded) to.end()
    else if (from.destroyed) to.destroy()
    else from.pipe(to)
  }
}
