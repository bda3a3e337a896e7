/**
 * What an upstream says, once it is parsed: answers are handed to whoever waits, progress to whoever asked for it, log
 * messages and questions to the call that they belong to. Nothing here trusts it: an answer to nobody is dropped, a malformed
 * one denies its own call and no other.
 *
 * @module
 */

import { allow, type Decision, type JsonObject, NOTHING, type Produced } from '../../core/index.ts'
import {
  covers,
  HEADER_MISMATCH,
  isObject,
  isWithinDepth,
  METHOD_NOT_FOUND,
  MISSING_CAPABILITY,
  NEEDS_TASKS,
  URL_ELICITATION_REQUIRED,
} from '../../protocol/index.ts'
import type { Attribution } from './attribution.ts'
import type { Exchange, ExchangeTable } from './exchange.ts'
import { toAsking, toVisits } from './input-required.ts'
import { type Dialect, type LinkEvents, MAX_DEPTH, sentences } from './link.ts'
import { relayLog, relayProgress } from './notices.ts'
import type { Odd } from './oddities.ts'
import { isQuestion, type Questions } from './questions.ts'
import { relayedCapabilities } from './relayed.ts'

export interface ReceiverOptions {
  readonly server: string
  readonly table: ExchangeTable
  readonly attribution: Attribution
  readonly questions: Questions
  /** Sends a JSON-RPC answer to a request of the upstream's that concerns no caller. */
  readonly reply: (message: JsonObject) => void
  readonly events: Pick<LinkEvents, 'listChanged' | 'updated' | 'taskChanged'>
  readonly odd: Odd
  readonly dialect: () => Dialect
}

/** `bytes`: how long the message was, which bounds how deep it can be. `via`: the exchange whose stream it came on, on HTTP. */
export type Receiver = (message: unknown, bytes: number, via?: number) => void

const MAX_ID = 256

export function createReceiver(options: ReceiverOptions): Receiver {
  const { server, table, attribution, questions, reply, events, odd, dialect } = options
  const isTooDeep = (value: unknown, bytes: number): boolean => bytes > 2 * MAX_DEPTH && !isWithinDepth(value, MAX_DEPTH)

  return function receive(message, bytes, via) {
    if (typeof message !== 'object' || message === null) return odd('a line that is JSON but no message')
    // 2025-03-26 lets a server send its messages in an array.
    if (Array.isArray(message)) {
      for (const one of message) if (!Array.isArray(one)) receive(one, bytes, via)
      return
    }
    const { id, method, params } = message as JsonObject
    if (typeof method === 'string') {
      // A level costs two bytes at least, so a short message cannot be deep.
      if (isTooDeep(params, bytes)) return odd('a message that is nested too deep')
      return id === undefined ? notified(method, params, via) : asked(method, id, params, via)
    }
    if (typeof id !== 'number') return odd('an answer without an id of ours')
    const exchange = table.take(id)
    // Late, after a cancellation or a deadline; or made up.
    if (!exchange) return odd('an answer to nobody')
    exchange.settle(answered(message as JsonObject, bytes, exchange))
  }

  function answered(message: JsonObject, bytes: number, exchange: Exchange): Decision<Produced> {
    const { result, error } = message
    if (isTooDeep(result ?? error, bytes)) return sentences.tooDeep(server)
    if (isObject(result)) {
      const { resultType } = result
      if (resultType === undefined || resultType === 'complete') return allow({ kind: 'result', result })
      if (dialect().era !== 'modern') return allow({ kind: 'result', result: withoutType(result) })
      if (resultType === 'input_required') return toAsking(server, exchange.method, result)
      // Any other type is invalid (2026-07-28 basic §ResultType), and so is a task for whoever did not declare the extension.
      return resultType === 'task' && mayBeTask(exchange) && typeof result.taskId === 'string'
        ? allow({ kind: 'result', result })
        : sentences.garbled(server)
    }
    if (isObject(error)) return failed(error, exchange)
    return sentences.garbled(server)
  }

  function failed(error: JsonObject, { method, caller }: Exchange): Decision<Produced> {
    const { code, message, data } = error
    if (!Number.isInteger(code) || typeof message !== 'string') return sentences.garbled(server)
    if (code === URL_ELICITATION_REQUIRED && covers(caller?.capabilities ?? NOTHING, { elicitation: { url: {} } })) {
      const visits = toVisits(method, data)
      if (visits) return allow(visits)
    }
    if (code === HEADER_MISMATCH && dialect().era === 'modern') {
      // It mirrors other arguments than we know of (streamable-http §Client Behavior): read its tools again.
      events.listChanged('tools')
      return sentences.redefined(server)
    }
    if (code === MISSING_CAPABILITY && dialect().era === 'modern') {
      // True of the caller only where it lacks one of them: of those that it has, not every one is passed on (basic §Capabilities).
      const required = isObject(data) && isObject(data.requiredCapabilities) ? data.requiredCapabilities : NOTHING
      if (covers(caller?.capabilities ?? NOTHING, required)) return sentences.lacksCapability(server)
    }
    return allow({ kind: 'error', code: code as number, message, ...(data === undefined ? {} : { data }) })
  }

  function notified(method: string, params: unknown, via: number | undefined): void {
    switch (method) {
      case 'notifications/progress': {
        if (!isObject(params) || typeof params.progressToken !== 'number') return odd('progress on nothing')
        const caller = table.get(params.progressToken)?.caller
        return caller && relayProgress(caller, params)
      }
      case 'notifications/message': {
        const call = attribution.callOf(via)
        const caller = call === undefined ? undefined : table.get(call)?.caller
        return caller && isObject(params) ? relayLog(caller, params) : undefined
      }
      case 'notifications/tools/list_changed':
        return events.listChanged('tools')
      case 'notifications/prompts/list_changed':
        return events.listChanged('prompts')
      case 'notifications/resources/list_changed':
        return events.listChanged('resources')
      case 'notifications/resources/updated':
        return isObject(params) && typeof params.uri === 'string' ? events.updated(params.uri) : odd('an update of nothing')
      case 'notifications/tasks':
        return isObject(params) && dialect().era === 'modern' ? events.taskChanged(params) : undefined
      case 'notifications/cancelled': {
        const id = isObject(params) ? params.requestId : undefined
        if (dialect().era !== 'modern') return questions.withdraw(id)
        // A server says so when it ends a subscription (2026-07-28 cancellation), and must not for anything else.
        if (typeof id === 'number' && table.get(id)?.method === 'subscriptions/listen') table.take(id)?.settle(sentences.garbled(server))
      }
    }
  }

  function asked(method: string, id: unknown, params: unknown, via: number | undefined): void {
    // It is said back as it came, so it must not be long.
    if (typeof id !== 'number' && (typeof id !== 'string' || id.length > MAX_ID)) return odd('a request without a proper id')
    // A modern server must not ask at all, and gets no answer (2026-07-28 stdio §Receiving Messages).
    if (dialect().era === 'modern') return odd('a request, which this revision does not allow')
    if (method === 'ping') return reply({ jsonrpc: '2.0', id, result: {} })
    if (isQuestion(method)) return questions.ask(id, method, params, via)
    reply({ jsonrpc: '2.0', id, error: { code: METHOD_NOT_FOUND, message: 'Method not found' } })
  }
}

/** Legacy revisions know no such word: it must not make something else of a whole result. */
function withoutType(result: JsonObject): JsonObject {
  const { resultType: _, ...rest } = result
  return rest
}

const mayBeTask = ({ caller, method }: Exchange): boolean =>
  method === 'tools/call' && caller !== undefined && covers(relayedCapabilities(caller) ?? NOTHING, NEEDS_TASKS)
