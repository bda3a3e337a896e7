/**
 * Signing a person in, and the credential that comes of it: kept in the store, shown to its server, renewed when it is old or refused,
 * and asked for anew where the program said how (`auth.signIn`).
 *
 * Credentials belong to an issuer: where the server names another one, nothing that the first gave is used (2026-07-28 client
 * registration §authorization server binding).
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import type { EndpointFinder } from '../endpoint.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import type { TokenStore } from '../store/token-store.ts'
import type { OAuth2Options } from './auth-options.ts'
import type { Challenge } from './challenge.ts'
import { type Credential, isAboutProof } from './credential.ts'
import { type Discovered, discover } from './discovery.ts'
import { createIdentities } from './identify.ts'
import { createKeptGrants, type SignedOut } from './kept-grants.ts'
import type { KeptSignIn } from './kept-sign-in.ts'
import type { ClientMetadata, ClientRegistration } from './registration.ts'
import { createRegistrations } from './registrations.ts'
import { MAX_SCOPES, union } from './scopes.ts'
import { showOnTerminal } from './show-device-code.ts'
import { createSignInLimits } from './sign-in-limits.ts'
import { createWays, type SignInRequest } from './ways.ts'

export interface OAuth {
  readonly credential: Credential
  getAuthorizationUrl(request: { readonly redirectUri: string; readonly scopes?: readonly string[] | undefined }): Promise<string>
  handleCallback(callback: URLSearchParams): Promise<void>
  registerClient(metadata: ClientMetadata): Promise<ClientRegistration>
  signIn(request: SignInRequest): Promise<void>
  signOut(): Promise<SignedOut>
}

export interface OAuthParts {
  readonly options: OAuth2Options
  readonly network: Network
  readonly finder: EndpointFinder
  readonly clock: Clock
  readonly log: Log
  readonly store: TokenStore
  /** Whose sign-in it is, where a machine has several at one server. */
  readonly account: string
  /** The name under which the client registers where nobody said another. */
  readonly clientName: string
  /** Told of every secret that comes in, so that it can be kept out of errors and logs. */
  readonly learn: (secret: string) => void
}

export function createOAuth(parts: OAuthParts): OAuth {
  const { options, network, finder, clock, log, store, account, clientName, learn } = parts
  const asOrigin = { allowMissing: options.dangerouslyAllowMissingMetadata === true, log }
  const limits = createSignInLimits(clock)
  let endpoint: URL | undefined
  async function discoverNow(): Promise<Discovered> {
    const found = await discover({ network, finder, issuer: options.issuer, asOrigin })
    endpoint = found.endpoint
    return found
  }
  let needed: readonly string[] = []
  /** A token that the server refused although it was new. */
  let spent: string | undefined

  const identities = createIdentities({
    options,
    network,
    registrations: createRegistrations({ store, clock, learn }),
    clientName,
    learn,
    keptIssuer: async () => (endpoint && (await grants.at(endpoint).seen()))?.issuer,
  })
  const isOurs = ({ issuer, proofKey }: KeptSignIn): boolean =>
    (options.issuer === undefined || options.issuer === issuer) && (options.dpop !== true || proofKey !== undefined)
  const grants = createKeptGrants({ store, account, network, clock, log, learn, identities, asOrigin, discoverNow, isOurs })
  const ways = createWays({ options, network, clock, program: clientName, identities, grants, discoverNow, needed: () => needed })

  /** Somebody has signed in: what was needed before is in it. */
  function done(): void {
    needed = []
    spent = undefined
  }

  let signing: Promise<void> | undefined
  /** By itself, as the program said how; once for all requests that wait for it. */
  async function signInUnasked(at: URL): Promise<KeptSignIn | undefined> {
    const { signIn: way } = options
    if (way === undefined) return undefined
    signing ??= (
      way === 'browser' ? ways.withBrowser({}) : way === 'device' ? ways.onDevice({ onDeviceCode: showOnTerminal }) : ways.byHand(way)
    ).finally(() => {
      signing = undefined
    })
    await signing
    done()
    return grants.at(at).current()
  }
  const whoIs = async (at: URL): Promise<KeptSignIn | undefined> => {
    endpoint = at
    const kept = await grants.at(at).current()
    if (kept && kept.accessToken !== spent) return kept
    if (signing || (options.signIn !== undefined && limits.maySignIn())) return signInUnasked(at)
    return kept
  }

  async function stepUp(at: URL, token: string, challenge: Challenge): Promise<KeptSignIn | undefined> {
    const kept = await grants.at(at).current()
    // Another request was here before: what it got may be enough.
    if (kept && kept.accessToken !== token) return kept
    // Everything asked for before stays in, or a step up for one tool would be a step down for the others.
    const all = union(kept?.requested ?? [], challenge.scopes ?? [])
    // More than anybody can read before they agree, and than can be kept.
    if (all.length > MAX_SCOPES) return undefined
    needed = all
    return options.signIn !== undefined && (signing || limits.mayAsk(needed)) ? signInUnasked(at) : undefined
  }

  async function another(at: URL, token: string): Promise<KeptSignIn | undefined> {
    const renewed = await grants.at(at).renew(token)
    if (renewed && renewed.accessToken !== token) return renewed
    return options.signIn !== undefined && (signing || limits.maySignIn()) ? signInUnasked(at) : undefined
  }

  const credential: Credential = {
    async present(request) {
      const kept = await whoIs(request.url)
      if (kept === undefined) throw new AuthorizationError('sign_in_required', 'Nobody is signed in.')
      return grants.present(kept, request)
    },
    async renew(request, { presented: { token }, challenge }) {
      if (token === undefined) return undefined
      const { url } = request
      const last = grants.at(url).last()
      const isProof = challenge !== undefined && isAboutProof(challenge) && last?.proofKey !== undefined && last.accessToken === token
      // What the answer said of nonces and the time was heard already: the next proof has it.
      if (isProof) return grants.present(last, request)
      const kept = challenge?.error === 'insufficient_scope' ? await stepUp(url, token, challenge) : await another(url, token)
      return kept && kept.accessToken !== token ? grants.present(kept, request) : undefined
    },
    heard(headers) {
      if (endpoint) grants.heard(endpoint, headers)
    },
    refused(host, challenge) {
      const last = endpoint && grants.at(endpoint).last()
      if (challenge?.error === 'insufficient_scope') {
        needed = union(last?.requested ?? [], challenge.scopes ?? []).slice(0, MAX_SCOPES)
        return new AuthorizationError('insufficient_scope', `${host} wants a scope that the sign-in does not have.`, { scopes: needed })
      }
      spent = last?.accessToken
      return new AuthorizationError('sign_in_required', `${host} no longer accepts this sign-in.`)
    },
  }

  return {
    credential,
    async getAuthorizationUrl({ redirectUri, scopes }) {
      limits.clear()
      return (await ways.begin(await discoverNow(), redirectUri, scopes)).url
    },
    async handleCallback(callback) {
      await ways.finish(callback)
      done()
    },
    async registerClient(metadata) {
      return (await identities.register((await discoverNow()).server, metadata)).registration
    },
    async signIn(request) {
      limits.clear()
      await (request.device === true ? ways.onDevice(request) : ways.withBrowser(request))
      done()
    },
    async signOut() {
      done()
      return grants.signOut(await finder.url())
    },
  }
}
