/**
 * Sessions of the legacy revisions. The id is a sealed token that holds what `initialize` agreed on and whose it is, so that
 * any node can serve any request and nothing is kept for an idle session; what a session sets later is a record of its own. It
 * proves nothing: every request brings its own credential, and an id that belongs to somebody else is answered like one that
 * never was (2025-11-25 transports §session management; threat T23).
 *
 * @module
 */

import { hash } from 'node:crypto'
import { type Clock, type LogLevel, type Message, type Principal, principalKey, type SessionState } from '../../core/index.ts'
import { DEFAULT_LOG_LEVEL, type LegacySession } from '../../protocol/index.ts'
import type { Bus, Records, Store } from '../../storage/index.ts'
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
  readonly logLevel: LogLevel
  readonly uris: readonly string[]
}

const PLACE = 'session'
const MAX_CACHED = 10_000
const MAX_ID_CHARACTERS = 8_192
/** How many resources a session may subscribe to. */
const MAX_URIS = 256
/** Long enough for a client that stays open over a holiday; a client that comes later initializes again (404). */
const LIFETIME_MS = 14 * 24 * 3_600_000
const initial: Settings = { logLevel: DEFAULT_LOG_LEVEL, uris: [] }

export function createSessions({ keyRing, store, bus, clock }: SessionsOptions): Sessions {
  const ended = store.records<true>('ended_session')
  const settings = store.records<Settings>('session_setting')
  // Opening a seal costs microseconds, and the check for an end a query: both are kept for ids in use.
  const known = new Map<string, HttpSession>()
  bus.subscribe('session', (key) => {
    for (const [id, session] of known) if (session.key === key) known.delete(id)
  })

  const isLive = (session: Sealed, principal: Principal): boolean =>
    session.owner === principalKey(principal) && session.begunAt + LIFETIME_MS > clock()

  async function open(id: string, principal: Principal): Promise<Session | undefined> {
    const sealed = unseal(id)
    if (!sealed || !isLive(sealed, principal)) return undefined
    const key = keyOf(id)
    const [end, set] = await Promise.all([ended.get(key), settings.get(key)])
    if (end) return undefined
    const end_ = async (): Promise<void> => {
      known.delete(id)
      await ended.putIfAbsent(key, true, { expiresAt: clock() + LIFETIME_MS })
      await settings.takeOnce(key)
      bus.publish('session', key)
    }
    const session = new HttpSession(sealed, key, set?.value ?? initial, end_, {
      read: async () => (await settings.get(key))?.value ?? initial,
      async change(next) {
        const changed = await changeSettings(settings, key, next, clock() + LIFETIME_MS)
        bus.publish('session', key)
        return changed
      },
    })
    if (known.size >= MAX_CACHED) known.delete(known.keys().next().value as string)
    known.set(id, session)
    return session
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
      const session = known.get(id)
      if (session) return isLive(session.sealed, principal) ? session : undefined
      return open(id, principal)
    },
  }
}

interface Kept {
  read(): Promise<Settings>
  change(next: (now: Settings) => Settings): Promise<Settings>
}

class HttpSession implements LegacySession, SessionState {
  readonly sealed: Sealed
  readonly key: string
  readonly end: () => Promise<void>
  readonly #kept: Kept
  #settings: Settings

  constructor(sealed: Sealed, key: string, settings: Settings, end: () => Promise<void>, kept: Kept) {
    this.sealed = sealed
    this.key = key
    this.end = end
    this.#settings = settings
    this.#kept = kept
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
    return this.#settings.logLevel
  }
  async setLogLevel(logLevel: LogLevel): Promise<void> {
    this.#settings = await this.#kept.change((now) => ({ ...now, logLevel }))
  }
  async watch(uri: string): Promise<boolean> {
    this.#settings = await this.#kept.change((now) =>
      now.uris.includes(uri) || now.uris.length >= MAX_URIS ? now : { ...now, uris: [...now.uris, uri] },
    )
    return this.#settings.uris.includes(uri)
  }
  async unwatch(uri: string): Promise<void> {
    this.#settings = await this.#kept.change((now) => ({ ...now, uris: now.uris.filter((each) => each !== uri) }))
  }
  /** Asked by a stream, which was open before the session said so, in a later request and maybe to another node. */
  async isWatching(uri: string): Promise<boolean> {
    return (await this.#kept.read()).uris.includes(uri)
  }
}

/** Two requests of one session may change it at once, on two nodes. */
async function changeSettings(
  settings: Records<Settings>,
  key: string,
  next: (now: Settings) => Settings,
  expiresAt: number,
): Promise<Settings> {
  for (;;) {
    const stored = await settings.get(key)
    const changed = next(stored?.value ?? initial)
    const won = stored
      ? await settings.compareAndSet(key, stored.version, changed, { expiresAt })
      : await settings.putIfAbsent(key, changed, { expiresAt })
    if (won) return changed
  }
}

/** What is kept of an id: whoever reads the store must not be able to present it. */
const keyOf = (id: string): string => hash('sha256', id, 'base64url')
