/**
 * Sessions of the legacy revisions. The id is a sealed token that holds what `initialize` agreed on and whose it is, so that
 * any node can serve any request and nothing is kept for an idle session. It proves nothing: every request brings its own
 * credential, and an id that belongs to somebody else is answered like one that never was (2025-11-25 transports §session
 * management; threat T23).
 *
 * @module
 */

import { hash } from 'node:crypto'
import { type Clock, type Message, type Principal, principalKey } from '../../core/index.ts'
import type { LegacySession } from '../../protocol/index.ts'
import type { Records } from '../../storage/index.ts'
import type { KeyRing } from '../../vault/index.ts'

export interface Sessions {
  /** The value of `Mcp-Session-Id` for a client that has just initialized. */
  begin(principal: Principal, message: Message): string
  /** Undefined for an id that is not ours, not this principal's, too old, or ended. */
  resume(id: string, principal: Principal): LegacySession | undefined | Promise<LegacySession | undefined>
  end(id: string): Promise<void>
}

interface Sealed extends LegacySession {
  readonly owner: string
  readonly begunAt: number
}

const PLACE = 'session'
const MAX_CACHED = 10_000
const MAX_ID_CHARACTERS = 8_192
/** Long enough for a client that stays open over a holiday; a client that comes later initializes again (404). */
const LIFETIME_MS = 14 * 24 * 3_600_000

export function createSessions({
  keyRing,
  ended,
  clock,
}: {
  readonly keyRing: KeyRing
  readonly ended: Records<true>
  readonly clock: Clock
}): Sessions {
  // Opening a seal costs microseconds and the check for an end costs a query: both are kept for ids in use.
  const known = new Map<string, Sealed>()

  const isLive = (session: Sealed, principal: Principal): boolean =>
    session.owner === principalKey(principal) && session.begunAt + LIFETIME_MS > clock()

  async function open(id: string, principal: Principal): Promise<LegacySession | undefined> {
    const session = unseal(id)
    if (!session || !isLive(session, principal) || (await ended.get(nameOf(id)))) return undefined
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
      if (session) return isLive(session, principal) ? session : undefined
      return open(id, principal)
    },
    async end(id) {
      known.delete(id)
      await ended.putIfAbsent(nameOf(id), true, { expiresAt: clock() + LIFETIME_MS })
    },
  }
}

const nameOf = (id: string): string => hash('sha256', id, 'base64url')
