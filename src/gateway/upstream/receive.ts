/**
 * What an upstream says, once it is parsed: answers are handed to whoever waits, progress to whoever asked for it,
 * requests of its own are declined. Nothing here trusts it: an answer to nobody is dropped, a malformed one denies its
 * own call and no other.
 *
 * @module
 */

import { allow, type Decision, type JsonObject, type Produced } from '../../core/index.ts'
import { isObject, isWithinDepth } from '../../protocol/index.ts'
import { HEADER_MISMATCH, MISSING_CAPABILITY } from './error-codes.ts'
import type { Exchange, ExchangeTable } from './exchange.ts'
import { type Dialect, type ListKind, MAX_DEPTH, sentences } from './link.ts'

export interface ReceiverOptions {
  readonly server: string
  readonly table: ExchangeTable
  /** Sends a JSON-RPC answer to a request of the upstream's. */
  readonly reply: (message: JsonObject) => void
  readonly listChanged: (kind: ListKind) => void
  /** Something odd, named by kind: the link logs each kind once. */
  readonly odd: (kind: string) => void
  readonly dialect: () => Dialect
}

/** `bytes`: how long the message was, which bounds how deep it can be. */
export type Receiver = (message: unknown, bytes: number) => void

const MAX_ID = 256

/** Capabilities have capabilities: `elicitation.url`. Two levels are all that there are. */
const hasAll = (declared: JsonObject, required: JsonObject, depth = 2): boolean =>
  Object.keys(required).every((name) => {
    if (!Object.hasOwn(declared, name)) return false
    const [has, wants] = [declared[name], required[name]]
    return depth === 1 || !isObject(wants) || hasAll(isObject(has) ? has : {}, wants, depth - 1)
  })

export function createReceiver({ server, table, reply, listChanged, odd, dialect }: ReceiverOptions): Receiver {
  return function receive(message, bytes) {
    if (typeof message !== 'object' || message === null) return odd('a line that is JSON but no message')
    // 2025-03-26 lets a server send its messages in an array.
    if (Array.isArray(message)) {
      for (const one of message) if (!Array.isArray(one)) receive(one, bytes)
      return
    }
    const { id, method } = message as JsonObject
    if (typeof method === 'string') return id === undefined ? notified(method, (message as JsonObject).params) : asked(method, id)
    if (typeof id !== 'number') return odd('an answer without an id of ours')
    const exchange = table.take(id)
    // Late, after a cancellation or a deadline; or made up.
    if (!exchange) return odd('an answer to nobody')
    exchange.settle(answered(message as JsonObject, bytes, exchange))
  }

  function answered(message: JsonObject, bytes: number, exchange: Exchange): Decision<Produced> {
    const { result, error } = message
    // A level costs two bytes at least, so a short message cannot be deep.
    if (bytes > 2 * MAX_DEPTH && !isWithinDepth(result ?? error, MAX_DEPTH)) return sentences.tooDeep(server)
    if (isObject(result)) {
      const { resultType } = result
      if (resultType === undefined || resultType === 'complete') return allow({ kind: 'result', result })
      // We declare no capability, so an input_required is either a mistake or waits for a state that we do not relay;
      // any other type is invalid (2026-07-28 basic §ResultType).
      if (dialect().era === 'modern') return resultType === 'input_required' ? sentences.asksForInput(server) : sentences.garbled(server)
      return allow({ kind: 'result', result })
    }
    if (isObject(error)) return failed(error, exchange)
    return sentences.garbled(server)
  }

  function failed(error: JsonObject, { capabilities = {} }: Exchange): Decision<Produced> {
    const { code, message, data } = error
    if (!Number.isInteger(code) || typeof message !== 'string') return sentences.garbled(server)
    if (code === HEADER_MISMATCH && dialect().era === 'modern') {
      // It mirrors other arguments than we know of (streamable-http §Client Behavior): read its tools again.
      listChanged('tools')
      return sentences.redefined(server)
    }
    if (code === MISSING_CAPABILITY && dialect().era === 'modern') {
      // True of us, who declare none; of the caller only where it lacks one of them as well (basic §Capabilities).
      const required = isObject(data) && isObject(data.requiredCapabilities) ? data.requiredCapabilities : {}
      if (hasAll(capabilities, required)) return sentences.lacksCapability(server)
    }
    return allow({ kind: 'error', code: code as number, message, ...(data === undefined ? {} : { data }) })
  }

  function notified(method: string, params: unknown): void {
    switch (method) {
      case 'notifications/progress': {
        if (!isObject(params) || typeof params.progressToken !== 'number') return odd('progress on nothing')
        return table.get(params.progressToken)?.progressed?.(params)
      }
      case 'notifications/tools/list_changed':
        return listChanged('tools')
      case 'notifications/prompts/list_changed':
        return listChanged('prompts')
      case 'notifications/resources/list_changed':
        return listChanged('resources')
      case 'notifications/cancelled': {
        // A server says so when it ends a subscription (2026-07-28 cancellation), and must not for anything else.
        const id = isObject(params) ? params.requestId : undefined
        if (typeof id === 'number' && table.get(id)?.method === 'subscriptions/listen') table.take(id)?.settle(sentences.garbled(server))
      }
    }
  }

  function asked(method: string, id: unknown): void {
    // It is said back as it came, so it must not be long.
    if (typeof id !== 'number' && (typeof id !== 'string' || id.length > MAX_ID)) return odd('a request without a proper id')
    // A modern server must not ask at all, and gets no answer (2026-07-28 stdio §Receiving Messages).
    if (dialect().era === 'modern') return odd('a request, which this revision does not allow')
    if (method === 'ping') return reply({ jsonrpc: '2.0', id, result: {} })
    reply({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
  }
}
