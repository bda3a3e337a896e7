/**
 * A guarded server at which every person has an account of their own: found by its 401, or named in the configuration. Each connects
 * theirs in the browser (`account-connectable.ts`); their calls carry their token, and nobody else's.
 *
 *   call ─▶ present: the person's token ─▶ 401 ─▶ renew, once ─▶ another, or where to connect
 *
 * What the gateway itself asks (the handshake, lists) carries the token of whoever connected first. Fails closed: who is not connected is
 * told where to, and a caller that is no person is refused.
 *
 * @module
 */

import {
  createEndpointFinder,
  createNetwork,
  discover,
  parseChallenge,
  requestTokens,
  revokeToken,
  type Tokens,
} from '../../client/index.ts'
import { type Decision, deny, type Log, problemOf } from '../../core/index.ts'
import { createAccountConnectable } from './account-connectable.ts'
import type { Attempts } from './attempts.ts'
import type { Connectable } from './connectable.ts'
import { type CallCredentials, type Calling, type CredentialHeaders, connectionPath, notConnected, nothingToShow } from './credentials.ts'
import { createKeptTokens } from './kept-tokens.ts'
import { createKnownTokens } from './known-tokens.ts'
import { createListeners } from './listeners.ts'
import { createPersonTokens, type Held, type NoToken } from './person-tokens.ts'
import type { CredentialParts, OAuthSettings, PersonalCredentials } from './personal.ts'
import { createUpstreamClient } from './upstream-client.ts'

export interface OwnAccountsOptions extends CredentialParts {
  readonly server: string
  readonly url: string
  /** Undefined: it is asked without a credential until it wants one. */
  readonly settings: OAuthSettings | undefined
  readonly attempts: Attempts
  /** What we are, for its eyes. */
  readonly clientInfo: { readonly name: string; readonly version: string }
  readonly log: Log
}

/** A server that wants none of ours is not asked at every refusal why. */
const ASK_AGAIN_MS = 30_000

export function createOwnAccounts(options: OwnAccountsOptions): PersonalCredentials & { readonly connectable: Connectable } {
  const { server, url, settings, attempts, store, keyRing, vault, clock, redactor, log, place, stands, clientInfo } = options
  const serverUrl = new URL(url)
  const network = createNetwork({ serverUrl, privateHosts: [], ca: [] })
  const finder = createEndpointFinder({ network, serverUrl, clientInfo, mayBeSilent: true })
  const kept = createKeptTokens({ server, url, store, keyRing, vault, clock, stands })
  const client = createUpstreamClient({ server, registered: settings ?? {}, network, store, vault, clock, learn: redactor.learn })
  const connected = createListeners<string>()
  const found = createListeners<undefined>()
  let isActive = settings !== undefined
  let asked: { readonly at: number; readonly answer: Promise<boolean> } | undefined
  if (settings?.clientSecret !== undefined) redactor.learn(settings.clientSecret)

  const tokens = createPersonTokens({
    kept,
    known: createKnownTokens(redactor),
    clock,
    refresh: ({ grant }, refreshToken) =>
      requestTokens({ network, clock, grant, fields: { grant_type: 'refresh_token', refresh_token: refreshToken } }),
    unwanted: (received) => void giveBack(received),
    ended(user) {
      log('warn', `${server}: a connection has ended, as its authorization server renews it no longer`)
      place.record({ action: 'connection.end', decision: 'deny', reason: 'refused_upstream', subject: user, server })
    },
  })
  /** Best effort: what cannot be given back expires. */
  async function giveBack({ grant, refreshToken, accessToken }: Tokens): Promise<void> {
    try {
      await revokeToken({ network, grant }, refreshToken ?? accessToken)
    } catch (error) {
      log('debug', `${server}: a token could not be given back`, { problem: problemOf(error) })
    }
  }

  /** Whether the server says where people sign in. */
  function activate(): Promise<boolean> {
    if (asked && clock() - asked.at < ASK_AGAIN_MS) return asked.answer
    const answer = discover({ network, finder }).then(
      () => {
        isActive = true
        found.tell(undefined)
        log('info', `${server}: people connect their own accounts there`, { at: connectionPath(server) })
        return true
      },
      (error: unknown) => {
        log('warn', `${server}: it asks for a credential, and nobody can sign in there`, { problem: problemOf(error) })
        return false
      },
    )
    asked = { at: clock(), answer }
    return answer
  }

  const toConnect = (need = `The server ${server} needs you to connect your account there.`): Decision<never> =>
    notConnected(need, place.base(), server)
  const nobody = deny({
    reason: 'not_permitted',
    sentence: `The server ${server} is used with a person’s own account there, and this credential is nobody’s: sign in, or use a key of your account.`,
  })
  const silent = deny({
    reason: 'upstream_unavailable',
    sentence: `Your sign-in at the server ${server} has to be renewed, and its authorization server does not answer at the moment. Try again later.`,
  })
  const answered = (held: Held | NoToken): Decision<CredentialHeaders> =>
    held === 'missing' ? toConnect() : held === 'unavailable' ? silent : held.shown
  /** Whom a request is for. */
  function userOf(principal: Calling | undefined): string | undefined | Promise<string | undefined> {
    return principal ? principal.user : kept.first()
  }

  const credentials: CallCredentials = {
    present(principal) {
      if (!isActive) return nothingToShow
      const user = userOf(principal)
      if (user instanceof Promise)
        return user.then(async (first) => (first === undefined ? toConnect() : answered(await tokens.current(first))))
      if (user === undefined) return nobody
      const held = tokens.current(user)
      return held instanceof Promise ? held.then(answered) : held.shown
    },
    async renew(principal, presented, challenge) {
      if (!isActive) return (await activate()) ? credentials.present(principal) : undefined
      const user = await userOf(principal)
      if (user === undefined) return principal ? nobody : toConnect()
      const accessToken = /^Bearer (.+)$/.exec(presented['authorization'] ?? '')?.[1]
      // It was asked before anybody knew that it wants one.
      if (accessToken === undefined) return credentials.present(principal)
      const wanted = parseChallenge(challenge ?? null)
      if (wanted?.error === 'insufficient_scope') return lacks(user, accessToken, wanted.scopes ?? [])
      const held = await tokens.renew(user, accessToken)
      return typeof held !== 'string' && held.tokens.accessToken === accessToken ? undefined : answered(held)
    },
  }
  /** All that is needed is asked for when the person connects again. */
  async function lacks(user: string, accessToken: string, scopes: readonly string[]): Promise<Decision<never>> {
    const has = (await kept.find(user))?.tokens?.scopes ?? []
    await kept.change(user, accessToken, { needed: [...new Set([...has, ...scopes])] })
    return toConnect(`The server ${server} needs you to connect your account there again, with a further permission.`)
  }

  const connectable = createAccountConnectable({
    server,
    url,
    settings,
    network,
    finder,
    client,
    attempts,
    kept,
    clock,
    log,
    isActive: () => isActive,
    changed(user, isConnected) {
      tokens.forget(user)
      if (isConnected) connected.tell(user)
    },
    unwanted: (left) => void giveBack(left),
  })

  return {
    credentials,
    connectable,
    boundTo: tokens.connectedAt,
    isPersonal: () => isActive,
    onPersonal: (listener) => found.add(() => listener()),
    onConnected: connected.add,
    close: () => network.close(),
  }
}
