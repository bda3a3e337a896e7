/**
 * What a server may send however well it is formed: how much that nobody asked for, how many requests of its own at once, how many
 * questions in one round. One for a connection, before the SDK sees a message.
 *
 * Fails closed: what is too much is dropped and said once in the log; a round with too many questions ends its request.
 *
 * @module
 */

import type { Log } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { TransportError } from '../errors.ts'

export interface Inbound {
  /** Whether a message is handed on. @throws {TransportError} where its request cannot be answered any more. */
  admits(message: unknown): boolean
  /** A request of the server's own was answered. */
  answered(id: unknown): void
}

export interface InboundOptions {
  readonly host: string
  readonly log: Log
  /** A result says that input is needed first. */
  readonly onRound: () => void
  readonly now?: () => number
}

const NOTIFICATIONS_A_SECOND = 1000
const REQUESTS_AT_ONCE = 64
const QUESTIONS_A_ROUND = 16
const CANCELLED = 'notifications/cancelled'
/** These end something that waits: they are few, and never dropped. */
const NEEDED = new Set([CANCELLED, 'notifications/subscriptions/acknowledged'])

export function createInbound({ host, log, onRound, now = () => performance.now() }: InboundOptions): Inbound {
  const open = new Set<unknown>()
  const told = new Set<string>()
  let second = 0
  let notifications = 0

  function drop(what: string): false {
    if (!told.has(what)) log('warn', `${host} sends ${what}; the rest is dropped`)
    told.add(what)
    return false
  }

  function admitsNotification(method: string, params: unknown): boolean {
    const current = Math.floor(now() / 1000)
    if (current !== second) {
      second = current
      notifications = 0
    }
    notifications++
    // The SDK answers it no more.
    if (method === CANCELLED && isObject(params) && notifications <= NOTIFICATIONS_A_SECOND) open.delete(params['requestId'])
    return (
      notifications <= NOTIFICATIONS_A_SECOND || NEEDED.has(method) || drop(`more than ${NOTIFICATIONS_A_SECOND} notifications a second`)
    )
  }

  return {
    admits(message) {
      if (!isObject(message)) return drop('what is no message of the protocol')
      const { method, id, params, result, error } = message
      if (typeof method === 'string') {
        if (id === undefined) return admitsNotification(method, params)
        // It would count as one, however many there are (JSON-RPC 2.0 §4: an id tells one request from another).
        if (open.has(id)) return drop('several requests of one id')
        if (open.size >= REQUESTS_AT_ONCE) return drop(`more than ${REQUESTS_AT_ONCE} requests at once`)
        open.add(id)
        return true
      }
      // `"7"` is not the 7 that was sent, though the SDK would take it for that (JSON-RPC 2.0 §5).
      if (typeof id === 'string' && !Number.isNaN(Number(id))) return drop('answers to what was not asked')
      // The SDK takes no notice of one, and its request would end by its deadline.
      if (!isObject(result) && !isObject(error)) throw new TransportError('malformed', `${host} sent what is no message of the protocol.`)
      if (!isObject(result) || result['resultType'] !== 'input_required') return true
      onRound()
      const { inputRequests } = result
      if (isObject(inputRequests) && Object.keys(inputRequests).length > QUESTIONS_A_ROUND)
        throw new TransportError('malformed', `${host} asks more than ${QUESTIONS_A_ROUND} questions in one round.`)
      return true
    },
    answered: (id) => void open.delete(id),
  }
}
