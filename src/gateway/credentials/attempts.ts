/**
 * Sign-ins at guarded servers that are under way: what was recorded before the person was sent off. In the store, since whoever comes
 * back may meet another process; sealed, with the browser and the person it was begun by.
 *
 * Fails closed: an attempt is taken out before anything else is looked at, so each can be ended once, by whoever comes first; and it
 * counts only for the same person at the same browser session (2026-07-28 elicitation §phishing).
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { AuthorizationRequest } from '../../client/index.ts'
import type { Clock } from '../../core/index.ts'
import { type Connecting, groupOfAccount } from '../../people/index.ts'
import type { Store } from '../../storage/index.ts'
import type { KeyRing, Place, Vault } from '../../vault/index.ts'
import { withAddresses } from './kept-issuer.ts'

export interface Attempt {
  readonly server: string
  /** Where the server is: what was begun at one address is of no use at another. */
  readonly url: string
  readonly request: AuthorizationRequest
  readonly verifier: string
}

export interface Attempts {
  /** Where to send the person; undefined: they have begun too many. */
  begin(server: Pick<Attempt, 'server' | 'url'>, who: Connecting, request: AuthorizationRequest): Promise<string | undefined>
  /** What was begun, if it was begun by the same and comes back to where it should. */
  take(who: Connecting, callback: URLSearchParams, redirectUri: string): Promise<Attempt | undefined>
}

interface Kept {
  readonly user: string
  readonly sealed: string
}
interface Sealed extends Attempt {
  readonly session: string
}

const TTL_MS = 10 * 60_000
const MAX_EACH = 20
const STATE = /^[\w-]{43}$/
/** With the first sign-in: `when-wanted.ts`. */
const client = (): Promise<typeof import('../../client/index.ts')> => import('../../client/index.ts')

export interface AttemptsParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly clock: Clock
}

export function createAttempts({ store, keyRing, vault, clock }: AttemptsParts): Attempts {
  const records = store.records<Kept>('connection_attempt')
  const idOf = (state: string): string => keyRing.mac('connection-attempt', state).toString('base64url')
  const placeOf = (id: string, user: string): Place => ({ kind: 'connection_attempt', id, field: 'sealed', subject: user })

  return {
    async begin({ server, url }, { user, session }, request) {
      const group = groupOfAccount(user)
      if ((await records.usage(group)).count >= MAX_EACH) return undefined
      const state = randomBytes(32).toString('base64url')
      const verifier = randomBytes(32).toString('base64url')
      const id = idOf(state)
      const attempt: Sealed = { server, url, request, verifier, session }
      const sealed = await vault.seal(JSON.stringify(attempt), placeOf(id, user))
      if (!(await records.putIfAbsent(id, { user, sealed }, { group, expiresAt: clock() + TTL_MS })))
        throw new Error('a state came up twice')
      return (await client()).toAuthorizationUrl(request, state, verifier)
    },
    async take(who, callback, redirectUri) {
      const state = (await client()).stateIn(callback)
      if (state === undefined || !STATE.test(state)) return undefined
      const id = idOf(state)
      const kept = await records.takeOnce(id)
      const opened = kept && (await vault.open(kept.sealed, placeOf(id, kept.user)))
      if (kept === undefined || opened === undefined || kept.user !== who.user) return undefined
      const { session, ...attempt } = JSON.parse(opened.toString()) as Sealed
      const { request } = attempt
      if (session !== who.session || request.redirectUri !== redirectUri) return undefined
      return { ...attempt, request: { ...request, server: withAddresses(request.server) } }
    },
  }
}
