/**
 * What a server writes to its client as a log: how much of it is asked for, and who gets it. In 2026-07-28 each request says the level, in
 * 2025-11-25 the connection does, once (`logging/setLevel`).
 *
 * @module
 */

import type { Client, LoggingLevel } from '@modelcontextprotocol/client'
import { META_PREFIX } from '../../protocol/index.ts'
import { HookFailure } from '../hook-failure.ts'

/** The server's own words, of any shape: for people, and never for a terminal as they are. */
export interface ServerLogEntry {
  readonly level: LoggingLevel
  readonly logger?: string | undefined
  readonly data: unknown
}

export interface ServerLog {
  /** Before the SDK's client connects. */
  install(client: Client): void
  /** After it has: what was asked for before is asked for again. */
  opened(client: Client): Promise<void>
  /** From now on, for this connection and those after it. */
  setLevel(level: LoggingLevel): void
  /** The parameters of a request, with the level where it goes there. */
  withLevel<P extends object>(client: Client, params: P): P
}

export function createServerLog(onLog: ((entry: ServerLogEntry) => void) | undefined): ServerLog {
  let level: LoggingLevel | undefined
  return {
    install(client) {
      if (!onLog) return
      client.setNotificationHandler('notifications/message', ({ params }) => {
        try {
          onLog({ level: params.level, data: params.data, ...(params.logger !== undefined && { logger: params.logger }) })
        } catch (error) {
          // Nobody waits for it: it must not look like a fault of the server's.
          throw new HookFailure(error)
        }
      })
    },
    async opened(client) {
      if (level === undefined || client.getProtocolEra() !== 'legacy' || !client.getServerCapabilities()?.logging) return
      await client.setLoggingLevel(level)
    },
    setLevel(next) {
      level = next
    },
    withLevel(client, params) {
      if (level === undefined || client.getProtocolEra() !== 'modern') return params
      const meta = (params as { _meta?: object })._meta
      return { ...params, _meta: { [`${META_PREFIX}logLevel`]: level, ...meta } }
    },
  }
}
