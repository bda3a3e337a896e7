/**
 * Signing in, in the order of the protocol: discover, have an id, send the person off, check what they bring back, get tokens; then
 * keep the tokens fresh. Each step's result is all that the next one works with.
 *
 * Credentials belong to an issuer: where the server names another one, nothing that the first gave is used (2026-07-28 client
 * registration §authorization server binding).
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import type { EndpointFinder } from '../endpoint.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import type { OAuth2Options } from './auth-options.ts'
import { createAuthorizationRequests } from './authorization-requests.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { Credential, Presented } from './credential.ts'
import { type Discovered, discover } from './discovery.ts'
import { type ClientMetadata, type ClientRegistration, type Registered, registerClient } from './registration.ts'
import { selectScopes } from './scopes.ts'
import { createTokenKeeper } from './token-keeper.ts'
import { requestTokens, type Tokens } from './token-request.ts'

export interface OAuth {
  readonly credential: Credential
  getAuthorizationUrl(request: { readonly redirectUri: string; readonly scopes?: readonly string[] | undefined }): Promise<string>
  handleCallback(callback: URLSearchParams): Promise<void>
  registerClient(metadata: ClientMetadata): Promise<ClientRegistration>
}

export interface OAuthParts {
  readonly options: OAuth2Options
  readonly network: Network
  readonly finder: EndpointFinder
  readonly clock: Clock
  /** The name under which the client registers where nobody said another. */
  readonly clientName: string
  /** Told of every secret that comes in, so that it can be kept out of errors and logs. */
  readonly learn: (secret: string) => void
}

export function createOAuth({ options, network, finder, clock, clientName, learn }: OAuthParts): OAuth {
  const requests = createAuthorizationRequests(clock)
  const registered = new Map<string, Registered>()
  let described: ClientMetadata | undefined
  /** The issuer that an id without one was first used with. */
  let bound = options.issuer
  let asked: readonly string[] = []
  let needed: readonly string[] = []

  const tokens = createTokenKeeper({
    clock,
    async refresh({ grant }, refreshToken) {
      const renewed = await requestTokens({ network, clock, grant, fields: { grant_type: 'refresh_token', refresh_token: refreshToken } })
      learnTokens(renewed)
      return renewed
    },
  })
  function learnTokens({ accessToken, refreshToken }: { accessToken: string; refreshToken: string | undefined }): void {
    for (const secret of [accessToken, refreshToken]) if (secret !== undefined) learn(secret)
  }

  async function register(found: Discovered, metadata: ClientMetadata, prefer: 'none' | 'client_secret_basic'): Promise<Registered> {
    const answer = await registerClient({ network, server: found.server, metadata, prefer })
    if (answer.registration.clientSecret !== undefined) learn(answer.registration.clientSecret)
    registered.set(found.server.issuer, answer)
    return answer
  }

  /** Pre-registered, else registered before with this issuer for this place, else registered now (2026-07-28 client registration). */
  async function identify(found: Discovered, redirectUri: string): Promise<ClientIdentity> {
    const { issuer } = found.server
    const known = registered.get(issuer)
    if (known?.registration.redirectUris.includes(redirectUri) && !hasExpired(known)) return known.identity
    if (options.clientId !== undefined && registered.size === 0) {
      bound ??= issuer
      if (bound !== issuer)
        throw new AuthorizationError(
          'issuer_mismatch',
          'The server now names another authorization server than auth.clientId is registered with.',
        )
      const { clientId, clientSecret } = options
      if (clientSecret === undefined) return { issuer, clientId, method: 'none' }
      return { issuer, clientId, clientSecret, method: 'client_secret_basic' }
    }
    if (described?.redirectUris.includes(redirectUri)) return (await register(found, described, 'client_secret_basic')).identity
    return (await register(found, { clientName, redirectUris: [redirectUri] }, 'none')).identity
  }
  const hasExpired = ({ registration: { clientSecretExpiresAt } }: Registered): boolean =>
    clientSecretExpiresAt !== undefined && clientSecretExpiresAt * 1000 <= clock()

  return {
    async getAuthorizationUrl({ redirectUri, scopes }) {
      const found = await discover({ network, finder, issuer: options.issuer })
      const client = await identify(found, redirectUri)
      asked = selectScopes({
        wished: scopes ?? options.scopes,
        challenged: found.challengedScopes,
        supported: found.supportedScopes,
        serverSupported: found.server.scopes,
        needed,
      })
      return requests.begin({ server: found.server, client, resource: found.resource, redirectUri, scopes: asked })
    },

    async handleCallback(callback) {
      const { request, code, verifier } = requests.finish(callback)
      const { server, client, resource, redirectUri } = request
      const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
      try {
        const received = await requestTokens({ network, clock, grant: { server, client, resource }, fields })
        learnTokens(received)
        tokens.replace(received)
        needed = []
      } catch (error) {
        // The server has forgotten the client: the next sign-in registers again.
        if (error instanceof AuthorizationError && error.reason === 'invalid_client') registered.delete(server.issuer)
        throw error
      }
    },

    async registerClient(metadata) {
      described = metadata
      return (await register(await discover({ network, finder, issuer: options.issuer }), metadata, 'client_secret_basic')).registration
    },

    credential: {
      async present() {
        const held = await tokens.current()
        if (held === undefined) throw new AuthorizationError('sign_in_required', 'Nobody is signed in.')
        return toPresented(held)
      },
      async renew(_, { presented: { token }, challenge }) {
        if (token === undefined || challenge?.error === 'insufficient_scope') return undefined
        const held = await tokens.renew(token)
        return held && held.accessToken !== token ? toPresented(held) : undefined
      },
      heard: () => {},
      refused(host, challenge) {
        if (challenge?.error === 'insufficient_scope') {
          // Everything asked for before stays in, or a step up for one tool would be a step down for the others.
          needed = [...new Set([...asked, ...(challenge.scopes ?? [])])]
          return new AuthorizationError('insufficient_scope', `${host} wants a scope that the sign-in does not have.`, { scopes: needed })
        }
        return new AuthorizationError('sign_in_required', `${host} no longer accepts this sign-in.`)
      },
    },
  }
}

const toPresented = ({ accessToken }: Tokens): Presented => ({ token: accessToken, headers: { authorization: `Bearer ${accessToken}` } })
