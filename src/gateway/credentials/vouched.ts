/**
 * A guarded server whose authorization server believes this gateway's own: nobody connects anything. For each person it is asked for a
 * token with an assertion that we sign for that issuer alone, good for a minute and once (RFC 8693 token exchange, or an ID-JAG: RFC 7523
 * with draft-ietf-oauth-identity-assertion-authz-grant). The token that a caller came with is never shown to anybody.
 *
 * Fails closed: a caller that is no person is refused, and a token that is refused is asked for once more.
 *
 * @module
 */

import {
  createEndpointFinder,
  createNetwork,
  type Discovered,
  discover,
  freshUntil,
  requestTokens,
  type Tokens,
} from '../../client/index.ts'
import { allow, type Clock, type Decision, deny, type Log, problemOf, type Redactor } from '../../core/index.ts'
import { type CallCredentials, type CredentialHeaders, needsPerson } from './credentials.ts'
import { createKnownTokens } from './known-tokens.ts'
import { createListeners } from './listeners.ts'
import type { PersonalCredentials } from './personal.ts'

/** Of the configuration: who we are at the server's authorization server, which must know our issuer. */
export interface VouchedSettings {
  readonly type: 'exchange' | 'id-jag'
  readonly clientId: string
  readonly clientSecret: string
  /** The only one that is shown the secret, and what we say of people. */
  readonly issuer: string
  readonly scopes?: readonly string[] | undefined
  /** RFC 8693 §2.1: what the token is for, where the server's address does not say it. */
  readonly audience?: string | undefined
}

/** Signs claims with the key of our own issuer, and writes `iss`, `iat`, `exp` and `jti`. */
export type SignAssertion = (claims: Readonly<Record<string, unknown>>, type: string, seconds: number) => Promise<string>

export interface VouchedOptions {
  readonly server: string
  readonly url: string
  readonly settings: VouchedSettings
  readonly clientInfo: { readonly name: string; readonly version: string }
  readonly sign: SignAssertion
  readonly clock: Clock
  readonly redactor: Pick<Redactor, 'learn' | 'forget'>
  readonly log: Log
}

interface Own {
  readonly tokens: Tokens
  readonly shown: Decision<CredentialHeaders>
  readonly freshUntil: number
}

const ASSERTION_SECONDS = 60
const MAX_PEOPLE = 1000
const DISCOVERED_MS = 300_000
/** Where nothing is said of how long a token is good, it is asked for anew after so long. */
const UNSAID_MS = 300_000
/** An authorization server that refuses somebody is not asked at each of their calls. */
const REFUSED_MS = 10_000

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:'

export function createVouched(options: VouchedOptions): PersonalCredentials {
  const { server, url, settings, clientInfo, sign, clock, redactor, log } = options
  const serverUrl = new URL(url)
  const network = createNetwork({ serverUrl, privateHosts: [], ca: [] })
  const finder = createEndpointFinder({ network, serverUrl, clientInfo, mayBeSilent: true })
  const known = createKnownTokens(redactor)
  const connected = createListeners<string>()
  const people = new Map<string, Own>()
  const asking = new Map<string, Promise<Decision<CredentialHeaders>>>()
  const refused = new Map<string, number>()
  let discovered: { readonly at: number; readonly answer: Promise<Discovered> } | undefined
  /** Who was given a token last: as whom the gateway asks for lists, while it is good. */
  let last: string | undefined
  redactor.learn(settings.clientSecret)

  function find(): Promise<Discovered> {
    if (discovered && clock() - discovered.at < DISCOVERED_MS) return discovered.answer
    const answer = discover({ network, finder, issuer: settings.issuer })
    discovered = { at: clock(), answer }
    answer.catch(() => (discovered = undefined))
    return answer
  }

  async function request(user: string): Promise<Tokens> {
    const { server: issuer, resource, supportedScopes, challengedScopes } = await find()
    const scope = (settings.scopes ?? challengedScopes ?? supportedScopes ?? []).join(' ')
    const { clientId, clientSecret } = settings
    const method = issuer.clientAuthMethods.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post'
    const grant = { server: issuer, client: { issuer: issuer.issuer, clientId, clientSecret, method } as const, resource }
    const said = { sub: user, aud: issuer.issuer, client_id: clientId, resource, ...(scope !== '' && { scope }) }
    if (settings.type === 'id-jag') {
      const assertion = await sign(said, 'oauth-id-jag+jwt', ASSERTION_SECONDS)
      return requestTokens({ network, clock, grant, fields: { grant_type: JWT_BEARER, assertion, ...(scope !== '' && { scope }) } })
    }
    const fields = {
      grant_type: TOKEN_EXCHANGE,
      subject_token: await sign(said, 'JWT', ASSERTION_SECONDS),
      subject_token_type: `${TOKEN_TYPE}jwt`,
      requested_token_type: `${TOKEN_TYPE}access_token`,
      ...(settings.audience !== undefined && { audience: settings.audience }),
      ...(scope !== '' && { scope }),
    }
    return requestTokens({ network, clock, grant, fields })
  }

  function ask(user: string): Promise<Decision<CredentialHeaders>> {
    const under = asking.get(user)
    if (under) return under
    if ((refused.get(user) ?? 0) > clock()) return Promise.resolve(notGiven(server))
    refused.delete(user)
    const mine = request(user)
      .then((tokens) => hold(user, tokens))
      .catch((error: unknown) => {
        log('warn', `${server}: no token was given for somebody`, { problem: problemOf(error) })
        if (refused.size >= MAX_PEOPLE) refused.clear()
        refused.set(user, clock() + REFUSED_MS)
        return notGiven(server)
      })
      .finally(() => asking.delete(user))
    asking.set(user, mine)
    return mine
  }
  function hold(user: string, tokens: Tokens): Decision<CredentialHeaders> {
    const shown = allow({ authorization: `Bearer ${tokens.accessToken}` })
    const { expiresAt = tokens.receivedAt + UNSAID_MS, receivedAt } = tokens
    const isFirst = last === undefined
    people.delete(user)
    if (people.size >= MAX_PEOPLE) people.delete(people.keys().next().value as string)
    people.set(user, { tokens, shown, freshUntil: freshUntil({ expiresAt, receivedAt }) })
    known.hold(user, tokens)
    last = user
    if (isFirst) connected.tell(user)
    return shown
  }

  const fresh = (user: string | undefined): Own | undefined => {
    const own = user === undefined ? undefined : people.get(user)
    return own && clock() < own.freshUntil ? own : undefined
  }
  const credentials: CallCredentials = {
    present(principal) {
      // Nobody is vouched for who has not just shown who they are.
      if (principal === undefined) return fresh(last)?.shown ?? waiting(server)
      const { user } = principal
      if (user === undefined) return needsPerson(server)
      return fresh(user)?.shown ?? ask(user)
    },
    async renew(principal, presented) {
      const user = principal ? principal.user : last
      if (user === undefined) return undefined
      const own = people.get(user)
      if (own?.shown.allowed && own.shown.value !== presented) return own.shown
      people.delete(user)
      if (principal) return ask(user)
      last = undefined
      return waiting(server)
    },
  }
  return {
    credentials,
    // Whom it is for is what we say, each time the same.
    boundTo: () => undefined,
    isPersonal: () => true,
    onPersonal: () => () => {},
    onConnected: connected.add,
    close: () => network.close(),
  }
}

const notGiven = (server: string): Decision<never> =>
  deny({
    reason: 'upstream_unavailable',
    sentence: `The server ${server} gives no access in your name at the moment. Its operator can look up why.`,
  })
const waiting = (server: string): Decision<never> =>
  deny({ reason: 'upstream_unavailable', sentence: `it waits for somebody who uses it: call ${server}__connect` })
