/** Each attempt to connect, from its beginning until it is told of, once. And no more of them at once than may be. @module */

import type { Socket } from 'node:net'
import type { Clock } from '../../core/index.ts'
import { type AllowPrivate, dialSocket, type Lookup } from '../../net/index.ts'
import { type Destination, showDestination } from '../grants/destination.ts'
import type { Connection, ConnectProblem } from './connection.ts'

export interface Attempt {
  /** @throws {Refused} */
  dial(to: Destination, allowPrivate: AllowPrivate): Promise<Socket>
  /** Told when its socket has closed, unless something else has been told by then. */
  end(reason: Connection['reason']): void
}

export interface Attempts {
  begin(wanted: Destination | undefined): Attempt
  /** Ends what is connected, and lets nothing begin any more. */
  close(): void
}

export interface AttemptsOptions {
  readonly note: (connection: Connection) => void
  readonly clock: Clock
  readonly lookup: Lookup | undefined
  readonly connectTimeoutMs: number
  readonly most: number
}

/** Why there is no connection: for whoever asked for it. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly problem: ConnectProblem
  constructor(problem: ConnectProblem) {
    super(problem)
    this.problem = problem
  }
}

export function createAttempts({ note, clock, lookup, connectTimeoutMs, most }: AttemptsOptions): Attempts {
  const closing = new AbortController()
  /** What is connected, and what tells of it. */
  const connected = new Map<Socket, () => void>()
  let atOnce = 0

  function begin(wanted: Destination | undefined): Attempt {
    const at = clock()
    // A name is 253 characters at most; more of what could not be one is in no record.
    const target = wanted === undefined ? '' : showDestination(wanted).slice(0, 300)
    let socket: Socket | undefined
    let isOver = false

    function end(reason: Connection['reason']): void {
      if (isOver) return
      isOver = true
      const { bytesWritten: sentBytes = 0, bytesRead: receivedBytes = 0 } = socket ?? {}
      note({ reason, target, at, durationMs: clock() - at, sentBytes, receivedBytes })
    }
    async function dial({ host, port }: Destination, allowPrivate: AllowPrivate): Promise<Socket> {
      if (atOnce >= most) throw new Refused('too_many_connections')
      atOnce++
      try {
        const made = await dialSocket({ host, port, allowPrivate, timeoutMs: connectTimeoutMs, lookup, signal: closing.signal })
        socket = made
        connected.set(made, () => end('allowed'))
        made.on('error', () => {})
        made.once('close', () => {
          atOnce--
          connected.delete(made)
          end('allowed')
        })
        return made
      } catch (error) {
        atOnce--
        throw new Refused(problemOf(error))
      }
    }
    return { dial, end }
  }
  return {
    begin,
    close() {
      closing.abort()
      // Told at once: whoever keeps records may close next.
      for (const [socket, tell] of connected) {
        tell()
        socket.destroy()
      }
    },
  }
}

/** Several addresses that were tried are several errors: the first says enough. */
function problemOf(error: unknown): ConnectProblem {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown[] }
  if (code === 'ERR_BLOCKED_ADDRESS') return 'blocked_address'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') return 'name_not_found'
  if (code === 'ETIMEDOUT') return 'timeout'
  return errors?.[0] === undefined ? 'unreachable' : problemOf(errors[0])
}
