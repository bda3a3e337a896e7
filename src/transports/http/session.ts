/**
 * Sessions of the legacy revisions. The id is a sealed token that holds what `initialize` agreed on and whose it is, so that
 * any node can serve any request and nothing is kept for an idle session; what a session sets later is a record of its own. It
 * proves nothing: every request brings its own credential, and an id that belongs to somebody else is answered like one that
 * never was (2025-11-25 transports §session management; threat T23).
 *
 * @module
 */

import { hash } from 'node:crypto'
import { type Clock, type LogLevel, type Message, type Principal, principalKey, type SessionState, subjectOf } from '../../core/index.ts'
import { DEFAULT_LOG_LEVEL, type LegacySession } from '../../protocol/index.ts'
import { type Bus, changeRecord, type Store } from '../../storage/index.ts'
import type { KeyRing } from '../../vault/index.ts'

export interface Sessions {
  /** The value of `Mcp-Session-Id` for a client that has just initialized. */
  begin(principal: Principal, message: Message): string
  /** Undefined for an id that is not ours, not this principal's, too old, or ended. */
  resume(id: string, principal: Principal): Session | undefined | Promise<Session | undefined>
}

export type Session = LegacySession & SessionState

export interface SessionsOptions {
  readonly keyRing: KeyRing
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
}

type Sealed = Omit<LegacySession, 'logLevel'> & { readonly owner: string; readonly begunAt: number }

/** What a session has set since it began. */
interface Settings {
  /** Whose it is. */
  readonly subject?: string
  readonly logLevel: LogLevel
  readonly uris: readonly string[]
}

const PLACE = 'session'
const MAX_CACHED = 10_000
const MAX_ID_CHARACTERS = 8_192
/** How many resources a session may subscribe to, and how long their URIs may be together. */
const MAX_URIS = 256
const MAX_URI_CHARACTERS = 65_536
/** What all sessions of one principal may keep of such URIs: a session that nobody ends is kept for two weeks. */
const MAX_OWNER_BYTES = 1_048_576
/** Long enough for a client that stays open over a holiday; a client that comes later initializes again (404). */
const LIFETIME_MS = 14 * 24 * 3_600_000
const initial: Settings = { logLevel: DEFAULT_LOG_LEVEL, uris: [] }

export function createSessions({ keyRing, store, bus, clock }: SessionsOptions): Sessions {
  const ended = store.records<true>('ended_session')
  const settings = store.records<Settings>('session_setting')
  // Opening a seal costs microseconds, and looking for an end or a setting a query: all are kept for ids in use.
  const known = new Map<string, HttpSession>()
  const byKey = new Map<string, HttpSession>()
  bus.subscribe('session', (key) => byKey.get(key)?.outdate())

  const isLive = (session: Sealed, principal: Principal): boolean =>
    session.owner === principalKey(principal) && session.begunAt + LIFETIME_MS > clock()

  function open(id: string, principal: Principal): HttpSession | undefined {
    const sealed = unseal(id)
    if (!sealed || !isLive(sealed, principal)) return undefined
    const key = keyOf(id)
    const { owner } = sealed
    const subject = subjectOf(principal)
    const of = (value: Settings | undefined): Settings | undefined => value && { ...value, subject }
    const session = new HttpSession(sealed, key, {
      async read() {
        const [end, set] = await Promise.all([ended.get(key), settings.get(key)])
        return end ? undefined : (set?.value ?? initial)
      },
      async change(next) {
        const expiresAt = clock() + LIFETIME_MS
        // Only what can grow is measured.
        const options = ({ uris }: Settings) => ({ expiresAt, group: uris.length > 0 ? owner : undefined })
        const changed = await changeRecord(settings, key, (now) => of(next(now ?? initial)), options)
        if (changed) bus.publish('session', key)
      },
      hasRoom: async (uri) => (await settings.usage(owner)).bytes + uri.length <= MAX_OWNER_BYTES,
      async end() {
        await ended.putIfAbsent(key, true, { expiresAt: clock() + LIFETIME_MS })
        await settings.takeOnce(key)
        bus.publish('session', key)
      },
    })
    if (known.size >= MAX_CACHED) forgetOldest()
    known.set(id, session)
    byKey.set(key, session)
    return session
  }

  function forgetOldest(): void {
    const [oldest] = known
    if (!oldest) return
    const [id, session] = oldest
    known.delete(id)
    byKey.delete(session.key)
    session.forget()
  }

  function unseal(id: string): Sealed | undefined {
    if (id.length > MAX_ID_CHARACTERS) return undefined
    const text = keyRing.open(id, PLACE)?.toString('utf8')
    return text === undefined ? undefined : (JSON.parse(text) as Sealed)
  }

  return {
    begin(principal, { version, capabilities, client }) {
      // What a client declares may be long; a header may not. Its names are what later requests need.
      const declared =
        JSON.stringify(capabilities).length <= 2_048
          ? capabilities
          : Object.fromEntries(
              Object.keys(capabilities)
                .slice(0, 32)
                .map((key) => [key.slice(0, 64), {}]),
            )
      const session: Sealed = { version, capabilities: declared, client, owner: principalKey(principal), begunAt: clock() }
      return keyRing.seal(JSON.stringify(session), PLACE)
    },
    resume(id, principal) {
      const session = known.get(id) ?? open(id, principal)
      if (!session || !isLive(session.sealed, principal)) return undefined
      return session.isFresh ? session.unlessEnded : session.refresh().then(() => session.unlessEnded)
    },
  }
}

interface Kept {
  /** Undefined: the session has ended. */
  read(): Promise<Settings | undefined>
  /** `next` answers undefined where there is nothing to change. */
  change(next: (now: Settings) => Settings | undefined): Promise<void>
  /** Whether its owner may subscribe to that as well. */
  hasRoom(uri: string): Promise<boolean>
  end(): Promise<void>
}

/** Its settings are read when it is first used, and again when something has changed them: here, or on another node. */
class HttpSession implements LegacySession, SessionState {
  readonly sealed: Sealed
  readonly key: string
  readonly #kept: Kept
  #settings: Settings | undefined = undefined
  #isCurrent = false
  /** Whether it is told of changes. */
  #isKnown = true
  #reading: Promise<void> | undefined = undefined

  constructor(sealed: Sealed, key: string, kept: Kept) {
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
    return (this.#settings ?? initial).logLevel
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

/** What is kept of an id: whoever reads the store must not be able to present it. */
const keyOf = (id: string): string => hash('sha256', id, 'base64url')
