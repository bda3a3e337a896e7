/**
 * The legacy session of a transport that is one connection: stdio, WebSocket. What `initialize` agreed on and what was set since
 * lives as long as the connection does (2025-11-25 lifecycle).
 *
 * @module
 */

import type { LogLevel, Message, SessionState } from '../../core/index.ts'
import { DEFAULT_LOG_LEVEL, type LegacySession } from '../../protocol/index.ts'

/** How many resources a connection may subscribe to. */
const MAX_URIS = 256

export class ConnectionSession implements LegacySession, SessionState {
  readonly key: string
  readonly version: string
  readonly capabilities: LegacySession['capabilities']
  readonly client: LegacySession['client']
  logLevel: LogLevel
  readonly #uris = new Set<string>()

  /** `message`: an `initialize` that was answered. */
  constructor(key: string, { version, capabilities, client, logLevel }: Message) {
    this.key = key
    this.version = version
    this.capabilities = capabilities
    this.client = client
    this.logLevel = logLevel ?? DEFAULT_LOG_LEVEL
  }

  /** It ends with the connection, which then has it forgotten. */
  async end(): Promise<void> {}
  async setLogLevel(level: LogLevel): Promise<void> {
    this.logLevel = level
  }
  async watch(uri: string): Promise<boolean> {
    if (this.#uris.size < MAX_URIS) this.#uris.add(uri)
    return this.#uris.has(uri)
  }
  async unwatch(uri: string): Promise<void> {
    this.#uris.delete(uri)
  }
  isWatching(uri: string): boolean {
    return this.#uris.has(uri)
  }
}

/** What GET is on HTTP: over one connection a client that has initialized is told of changes without asking. */
export const listening = ({ version, client, capabilities, logLevel }: ConnectionSession): Message => ({
  era: 'legacy',
  version,
  id: undefined,
  method: 'subscriptions/listen',
  params: {},
  meta: {},
  client,
  capabilities,
  logLevel,
})
