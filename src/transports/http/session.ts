/**
 * Sessions of the legacy revisions. The id is a sealed token that holds what `initialize` agreed on and whose it is, so that
 * any node can serve any request and nothing is kept for an idle session; what a session sets later is a record of its own. It
 * proves nothing: every request brings its own credential, and an id that belongs to somebody else is answered like one that
 * never was (2025-11-25 transports §session management; threat T23).
 *
 * @module
 */

import { hash } from 'node:crypto'
import { type Clock, type Message, type Principal, principalKey, type SessionState, subjectOf } from '../../core/index.ts'
import type { LegacySession } from '../../protocol/index.ts'
import { type Bus, changeRecord, type Store } from '../../storage/index.ts'
import type { KeyRing } from '../../vault/index.ts'
import { HttpSession, initialSettings, type SealedSession, type SessionSettings } from './http-session.ts'

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

const PLACE = 'session'
const MAX_CACHED = 10_000
const MAX_ID_CHARACTERS = 8_192
/** What all sessions of one principal may keep of URIs that they subscribe to: a session that nobody ends is kept for two weeks. */
const MAX_OWNER_BYTES = 1_048_576
/** Long enough for a client that stays open over a holiday; a client that comes later initializes again (404). */
const LIFETIME_MS = 14 * 24 * 3_600_000

export function createSessions({ keyRing, store, bus, clock }: SessionsOptions): Sessions {
  const ended = store.records<true>('ended_session')
  const settings = store.records<SessionSettings>('session_setting')
  // Opening a seal costs microseconds, and looking for an end or a setting a query: all are kept for ids in use.
  const known = new Map<string, HttpSession>()
  const byKey = new Map<string, HttpSession>()
  bus.subscribe('session', (key) => byKey.get(key)?.outdate())

  const isLive = (session: SealedSession, principal: Principal): boolean =>
    session.owner === principalKey(principal) && session.begunAt + LIFETIME_MS > clock()

  function open(id: string, principal: Principal): HttpSession | undefined {
    const sealed = unseal(id)
    if (!sealed || !isLive(sealed, principal)) return undefined
    const key = keyOf(id)
    const { owner } = sealed
    const subject = subjectOf(principal)
    const of = (value: SessionSettings | undefined): SessionSettings | undefined => value && { ...value, subject }
    const session = new HttpSession(sealed, key, {
      async read() {
        const [end, set] = await Promise.all([ended.get(key), settings.get(key)])
        return end ? undefined : (set?.value ?? initialSettings)
      },
      async change(next) {
        const expiresAt = clock() + LIFETIME_MS
        // Only what can grow is measured.
        const options = ({ uris }: SessionSettings) => ({ expiresAt, group: uris.length > 0 ? owner : undefined })
        const changed = await changeRecord(settings, key, (now) => of(next(now ?? initialSettings)), options)
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

  function unseal(id: string): SealedSession | undefined {
    if (id.length > MAX_ID_CHARACTERS) return undefined
    const text = keyRing.open(id, PLACE)?.toString('utf8')
    return text === undefined ? undefined : (JSON.parse(text) as SealedSession)
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
      const session: SealedSession = { version, capabilities: declared, client, owner: principalKey(principal), begunAt: clock() }
      return keyRing.seal(JSON.stringify(session), PLACE)
    },
    resume(id, principal) {
      const session = known.get(id) ?? open(id, principal)
      if (!session || !isLive(session.sealed, principal)) return undefined
      return session.isFresh ? session.unlessEnded : session.refresh().then(() => session.unlessEnded)
    },
  }
}

/** What is kept of an id: whoever reads the store must not be able to present it. */
const keyOf = (id: string): string => hash('sha256', id, 'base64url')
