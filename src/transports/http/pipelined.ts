/**
 * Requests that came in on a connection before the ones ahead of them were answered (RFC 9112 §9.3.2). Each is begun once the answer
 * before it has left: one that changes something may not run beside another, and a caller that asks without reading would have all
 * its answers kept here. What comes beyond a few that wait is refused.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How many may wait on one connection. */
const MAX_WAITING = 16
const waiting = new WeakMap<Socket, number>()

/** Whether an answer ahead of it is still under way: until then Node gives it no connection to be written to. */
export const isPipelined = ({ socket }: ServerResponse): boolean => socket === null

/** Calls `begin` when its turn has come; never where the connection has gone before. False where too many wait already. */
export function waitForTurn({ socket }: IncomingMessage, response: ServerResponse, begin: () => void): boolean {
  const count = waiting.get(socket) ?? 0
  if (count >= MAX_WAITING) return false
  waiting.set(socket, count + 1)
  response.once('socket', () => {
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
    begin()
  })
  return true
}
