/**
 * A person's own account at a guarded server, as their account page shows it: begun, ended where the browser comes back to, and
 * disconnected. What the other side said is in the log, and never on a page.
 *
 * @module
 */

import {
  AuthorizationError,
  codeIn,
  discover,
  type EndpointFinder,
  type Network,
  requestTokens,
  selectScopes,
  type Tokens,
  TransportError,
} from '../../client/index.ts'
import type { Clock, Log } from '../../core/index.ts'
import type { Attempts } from './attempts.ts'
import type { Connectable } from './connectable.ts'
import type { KeptTokens } from './kept-tokens.ts'
import type { OAuthSettings } from './personal.ts'
import { toldOf } from './told.ts'
import type { UpstreamClient } from './upstream-client.ts'

export interface AccountConnectableParts {
  readonly server: string
  readonly url: string
  readonly settings: OAuthSettings | undefined
  readonly network: Network
  readonly finder: EndpointFinder
  readonly client: UpstreamClient
  readonly attempts: Attempts
  readonly kept: KeptTokens
  readonly clock: Clock
  readonly log: Log
  /** Whether the server wants a credential of people's own. */
  readonly isActive: () => boolean
  /** What somebody has there has changed; `isConnected`: they have connected. */
  readonly changed: (user: string, isConnected: boolean) => void
  /** They are nobody's any more. */
  readonly unwanted: (tokens: Tokens) => void
}

const MOVED = 'The server has another address since this sign-in was begun. Nothing was connected: begin again.'

export function createAccountConnectable(parts: AccountConnectableParts): Connectable {
  const { server, url, settings, network, finder, client, attempts, kept, clock, log, isActive, changed, unwanted } = parts
  const { host } = new URL(url)

  /** Where both sides are is in the message, and nothing of what was said. Anything else is ours to repair. */
  function said(error: unknown): string {
    if (!(error instanceof AuthorizationError) && !(error instanceof TransportError)) throw error
    log('warn', `${server}: somebody could not connect`, { problem: error.message })
    return toldOf(error, host)
  }

  return {
    id: server,
    async look(user) {
      if (!isActive()) return undefined
      const found = await kept.find(user)
      const state = found === undefined ? 'missing' : found.tokens === undefined ? 'ended' : 'connected'
      const { since, lastUsedAt } = found?.kept ?? {}
      return { id: server, kind: 'oauth', title: host, servers: [server], state, since, lastUsedAt }
    },
    async begin(who, redirectUri) {
      try {
        const found = await discover({ network, finder, issuer: settings?.issuer })
        const scopes = selectScopes({
          wished: settings?.scopes,
          challenged: found.challengedScopes,
          supported: found.supportedScopes,
          serverSupported: found.server.scopes,
          needed: (await kept.find(who.user))?.kept.needed ?? [],
        })
        const request = {
          server: found.server,
          client: await client.identify(found, redirectUri),
          resource: found.resource,
          redirectUri,
          scopes,
        }
        const location = await attempts.begin({ server, url }, who, request)
        return location === undefined ? { problem: 'You have begun many sign-ins in the last minutes: wait ten minutes.' } : { location }
      } catch (error) {
        return { problem: said(error) }
      }
    },
    async finish(user, { request, verifier, url: begunAt }, callback) {
      // The configuration names another server by now, which is not to get what the first one gives.
      if (begunAt !== url) return { problem: MOVED }
      const { server: issuer, client: identity, resource, redirectUri } = request
      // Until the token endpoint has answered, the account may be another's.
      const since = clock()
      try {
        const code = codeIn(callback, issuer)
        const grant = { server: issuer, client: identity, resource }
        const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
        const before = await kept.find(user)
        const received = await requestTokens({ network, clock, grant, fields })
        await kept.connect(user, received, since)
        if (before?.tokens) unwanted(before.tokens)
      } catch (error) {
        if (error instanceof AuthorizationError && error.reason === 'invalid_client') await client.forget()
        return { problem: said(error) }
      }
      changed(user, true)
      return undefined
    },
    async end(user) {
      const had = await kept.remove(user)
      changed(user, false)
      if (typeof had === 'object') unwanted(had)
      return had !== 'none'
    },
  }
}
