/**
 * Progress and log messages of an upstream, as the caller of a call is to see them: what the protocol defines of each, and no
 * more. Whether they may leave, and whether a message is severe enough, is decided on the way out (`guards`).
 *
 * @module
 */

import type { JsonObject, RequestId } from '../../core/index.ts'
import type { Caller } from './exchange.ts'

export const isToken = (value: unknown): value is RequestId => typeof value === 'string' || typeof value === 'number'

/** Under the caller's own token; to a caller that gave none, nothing is told. */
export function relayProgress(caller: Caller, { progress, total, message }: JsonObject): void {
  const { progressToken } = caller.meta
  if (!isToken(progressToken) || typeof progress !== 'number') return
  const params: Record<string, unknown> = { progressToken, progress }
  if (typeof total === 'number') params.total = total
  if (typeof message === 'string') params.message = message
  caller.notify({ method: 'notifications/progress', params })
}

export function relayLog(caller: Caller, { level, logger, data }: JsonObject): void {
  if (data === undefined) return
  const params: Record<string, unknown> = { level, data }
  if (typeof logger === 'string') params.logger = logger
  caller.notify({ method: 'notifications/message', params })
}
