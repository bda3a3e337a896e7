/**
 * One session of the legacy revisions over HTTP: what `initialize` agreed on, which never changes, and what was set since, which any node
 * may have set. What is set is read when the session is first used, and again when something has changed it.
 *
 * @module
 */

import type { LogLevel, SessionState } from '../../core/index.ts'
import { DEFAULT_LOG_LEVEL, type LegacySession } from '../../protocol/index.ts'

/** What is in the id. */
export type SealedSession = Omit<LegacySession, 'logLevel'> & { readonly owner: string; readonly begunAt: number }

/** What a session has set since it began. */
export interface SessionSettings {
  /** Whose it is. */
  readonly subject?: string
  readonly logLevel: LogLevel
  readonly uris: readonly string[]
}

export const initialSettings: SessionSettings = { logLevel: DEFAULT_LOG_LEVEL, uris: [] }

/** How many resources a session may subscribe to, and how long their URIs may be together. */
const MAX_URIS = 256
const MAX_URI_CHARACTERS = 65_536

export interface KeptSession {
  /** Undefined: the session has ended. */
  read(): Promise<SessionSettings | undefined>
  /** `next` answers undefined where there is nothing to change. */
  change(next: (now: SessionSettings) => SessionSettings | undefined): Promise<void>
  /** Whether its owner may subscribe to that as well. */
  hasRoom(uri: string): Promise<boolean>
  end(): Promise<void>
}

/** Its settings are read when it is first used, and again when something has changed them: here, or on another node. */
export class HttpSession implements LegacySession, SessionState {
  readonly sealed: SealedSession
  readonly key: string
  readonly #kept: KeptSession
  #settings: SessionSettings | undefined = undefined
  #isCurrent = false
  /** Whether it is told of changes. */
  #isKnown = true
  #reading: Promise<void> | undefined = undefined

  constructor(sealed: SealedSession, key: string, kept: KeptSession) {
    this.sealed = sealed
    this.key = key
    this.#kept = kept
  }

  get isFresh(): boolean {
    return this.#isCurrent && this.#reading === undefined
  }
  get unlessEnded(): this | undefined {
    return this.#settings ? this : undefined
  }
  outdate(): void {
    this.#isCurrent = false
  }
  /** A stream may go on using it. */
  forget(): void {
    this.#isKnown = false
    this.outdate()
  }
  async refresh(): Promise<void> {
    if (!this.#isKnown) return this.#read()
    do {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined
      })
      await this.#reading
    } while (!this.#isCurrent && this.#isKnown)
  }
  async #read(): Promise<void> {
    // Whatever changes from here on says so.
    this.#isCurrent = this.#isKnown
    try {
      this.#settings = await this.#kept.read()
    } catch (error) {
      this.outdate()
      throw error
    }
  }

  get version(): string {
    return this.sealed.version
  }
  get capabilities(): LegacySession['capabilities'] {
    return this.sealed.capabilities
  }
  get client(): LegacySession['client'] {
    return this.sealed.client
  }
  get logLevel(): LogLevel {
    return (this.#settings ?? initialSettings).logLevel
  }
  end(): Promise<void> {
    return this.#kept.end()
  }
  async setLogLevel(logLevel: LogLevel): Promise<void> {
    await this.#kept.change((now) => (now.logLevel === logLevel ? undefined : { ...now, logLevel }))
  }
  async watch(uri: string): Promise<boolean> {
    const isRoom = await this.#kept.hasRoom(uri)
    let isWatched = false
    await this.#kept.change((now) => {
      isWatched = now.uris.includes(uri)
      if (isWatched || !isRoom || !fits([...now.uris, uri])) return undefined
      isWatched = true
      return { ...now, uris: [...now.uris, uri] }
    })
    return isWatched
  }
  async unwatch(uri: string): Promise<void> {
    await this.#kept.change((now) => (now.uris.includes(uri) ? { ...now, uris: now.uris.filter((each) => each !== uri) } : undefined))
  }
  /** Asked by a stream, which was open before the session said so, in a later request and maybe to another node. */
  isWatching(uri: string): boolean | Promise<boolean> {
    const is = (): boolean => this.#settings?.uris.includes(uri) ?? false
    return this.isFresh ? is() : this.refresh().then(is)
  }
}

const fits = (uris: readonly string[]): boolean =>
  uris.length <= MAX_URIS && uris.reduce((sum, { length }) => sum + length, 0) <= MAX_URI_CHARACTERS
