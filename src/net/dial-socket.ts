/**
 * One TCP connection out, guarded like those of HTTP (`reach.ts`): for what passes bytes on and reads none of them.
 *
 * Fails closed: it rejects, and no socket is left.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { type AllowPrivate, createReach, type Lookup } from './reach.ts'

export interface SocketTarget {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  readonly allowPrivate: AllowPrivate
  readonly timeoutMs: number
  readonly lookup?: Lookup | undefined
  /** Aborted, nothing is dialled any more. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A side that has ended may still be written to: whoever passes bytes on passes on the end.
 *
 * @throws {Error} with the `code` of the system, `ERR_BLOCKED_ADDRESS`, `ETIMEDOUT` or `ABORT_ERR`.
 */
export function dialSocket({ host, port, allowPrivate, timeoutMs, lookup, signal }: SocketTarget): Promise<Socket> {
  const reach = createReach(allowPrivate, lookup)
  const problem = reach.problemWith(host)
  if (problem) return Promise.reject(problem)
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(failed('ABORT_ERR'))
    const socket = connect({ host, port, lookup: reach.lookup, allowHalfOpen: true, noDelay: true })
    // Of all of it: a name server that does not answer counts like a host that does not.
    const timer = setTimeout(() => socket.destroy(failed('ETIMEDOUT')), timeoutMs)
    const abort = (): void => void socket.destroy(failed('ABORT_ERR'))
    signal?.addEventListener('abort', abort)
    function settled(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.off('error', onError)
    }
    function onError(error: Error): void {
      settled()
      // What is said of it later is said to nobody.
      socket.on('error', () => {})
      reject(error)
    }
    socket.once('error', onError)
    socket.once('connect', () => {
      settled()
      resolve(socket)
    })
  })
}

const failed = (code: string): Error => Object.assign(new Error('not connected'), { code })
