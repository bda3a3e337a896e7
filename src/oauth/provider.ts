/**
 * The one file that knows oidc-provider's options. Loaded at the first request, since the library costs 200 ms.
 *
 * Everything that has a default with a notice, a warning or a wider meaning is set here on purpose; the library silently
 * drops options that it does not know, so names are pinned by the types and the exact version.
 *
 * @module
 */

import { type Client, type Configuration, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { createId } from '../core/index.ts'
import type { Accounts } from '../people/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { type AdapterParts, createAdapter } from './adapter.ts'
import { addressGroup } from './addresses.ts'
import { createKeyFetch } from './cimd-keys.ts'
import { clientAuth } from './client-auth.ts'
import { narrowingFor, scopesForToken } from './client-scopes.ts'
import { claimsOfClientToken } from './client-tokens.ts'
import { noteClientUse } from './client-use.ts'
import type { CookieNames } from './cookies.ts'
import { DEVICE_CODE_TTL_SECONDS, deviceFlow, tellInterval } from './device.ts'
import { dpopAlgorithms, dpopFeature } from './dpop.ts'
import { GRANT_TTL_SECONDS, REFRESH_TTL_SECONDS, withinGrant } from './grant-time.ts'
import type { GrantTypes } from './grant-types/index.ts'
import { holdBackErrors } from './held-back.ts'
import { answerIntrospection, introspectionFeature } from './introspection.ts'
import { createLoginPolicy } from './login-policy.ts'
import { assertionAlgorithms } from './metadata.ts'
import { mtlsFeature } from './mtls.ts'
import type { Settings } from './options.ts'
import { parFeature } from './par.ts'
import type { PersonAtBrowser } from './person-at-browser.ts'
import type { Resources } from './resources.ts'
import { OFFLINE_ACCESS, requestedScopes } from './scopes.ts'
import type { SignedTokens } from './signed-tokens.ts'
import type { SigningKey } from './signing-keys.ts'

export interface ProviderParts extends Omit<AdapterParts, 'addressGroupOf'> {
  readonly settings: Settings
  readonly resources: Resources
  readonly accounts: Accounts
  readonly person: Pick<PersonAtBrowser, 'current'>
  readonly signingKey: SigningKey
  readonly cookies: CookieNames
  readonly grantTypes: GrantTypes
  readonly renderError: (ctx: KoaContextWithOIDC, problem: { readonly code: string; readonly description?: string | undefined }) => void
  /** Of the request that the provider is given. */
  readonly signedTokens: Pick<SignedTokens, 'grantToRevoke' | 'introspected'>
}

const CODE_TTL_SECONDS = 60
const SESSION_TTL_SECONDS = 12 * 3600
/** How long a question waits for its answer: anybody can have one asked, and each is stored. */
export const INTERACTION_TTL_SECONDS: number = 600

export function createProvider(parts: ProviderParts): Provider {
  const { settings, grants, signedTokens } = parts
  const provider = new Provider(settings.issuer, configure(parts))
  // The request that it is given is ours (`replay.ts`), with these headers overwritten.
  provider.proxy = true
  deriveSuccessors(provider, settings.keyRing)
  parts.grantTypes.register(provider)
  tellInterval(provider)
  noteClientUse(provider, parts.clients, settings.clock)
  holdBackErrors(provider, parts.clients)
  provider.use(answerIntrospection(signedTokens.introspected, parts.clients))
  provider.use(async (ctx, next) => {
    await next()
    // The library revokes opaque tokens only. It has authenticated the client by now, and has not answered yet.
    const named = signedTokens.grantToRevoke(ctx.req)
    if (named === undefined || ctx.status !== 200 || clientOf(ctx) !== named.clientId) return
    await grants.revoke(named.grantId)
    provider.emit('grant.revoked', ctx as KoaContextWithOIDC, named.grantId)
  })
  return provider
}

const clientOf = (ctx: object): string | undefined => (ctx as { oidc?: { client?: Client } }).oidc?.client?.clientId

/** A refresh token's successor is an HMAC of it: parallel refreshes agree on one without talking to each other. */
function deriveSuccessors(provider: Provider, keyRing: KeyRing): void {
  const prototype = provider.RefreshToken.prototype as unknown as { generateTokenId(): string }
  const generate = prototype.generateTokenId
  prototype.generateTokenId = function generateTokenId() {
    const predecessor = Provider.ctx?.oidc.entities.RotatedRefreshToken
    return predecessor === undefined ? generate.call(this) : keyRing.mac('refresh-token-successor', predecessor.jti).toString('base64url')
  }
}

function configure({
  settings,
  resources,
  accounts,
  person,
  signingKey,
  cookies,
  grantTypes,
  renderError,
  ...adapterParts
}: ProviderParts): Configuration {
  const { basePath, keyRing, scopes, shownScopes, accessTokenTtlSeconds, addressOf } = settings
  const clientScopes = { clients: adapterParts.clients, hierarchy: settings.hierarchy }
  return {
    adapter: createAdapter({ ...adapterParts, addressGroupOf: (request) => addressGroup(addressOf(request)) }),
    clients: grantTypes.clients,
    jwks: { keys: [signingKey.privateJwk as NonNullable<Configuration['jwks']>['keys'][number]] },
    cookies: {
      keys: [keyRing.mac('cookie-signing', '0').toString('base64url')],
      names: cookies.names,
      long: cookies.attributes,
      short: cookies.attributes,
    },
    routes: {
      authorization: '/authorize',
      token: '/token',
      registration: '/register',
      device_authorization: '/device_authorization',
      code_verification: '/device',
      revocation: '/revoke',
      introspection: '/introspect',
      pushed_authorization_request: '/par',
      jwks: '/jwks',
    },
    scopes: [OFFLINE_ACCESS],
    responseTypes: ['code'],
    ...clientAuth(settings.certificates, settings.clock),
    clientDefaults: {
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      response_modes: ['query'],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'ES256',
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: [...assertionAlgorithms],
      dPoPSigningAlgValues: dpopAlgorithms,
    },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      dPoP: dpopFeature(settings),
      pushedAuthorizationRequests: parFeature,
      introspection: introspectionFeature,
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: deviceFlow(settings),
      mTLS: mtlsFeature(settings.certificates),
      registration: { enabled: true, idFactory: () => createId('cl_', 20), issueRegistrationAccessToken: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resources.canonical,
        useGrantedResource: () => true,
        async getResourceServerInfo(ctx, resource, client) {
          // The front has put the canonical URL in place of each that stands for it.
          if (resource !== resources.canonical) throw new errors.InvalidTarget()
          return {
            scope: (await scopesForToken(clientScopes, ctx, client, scopes())).join(' '),
            audience: resources.canonical,
            accessTokenTTL: accessTokenTtlSeconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          }
        },
      },
    },
    extraParams: {
      // Runs after the library's own checks of the scope and before anybody is asked: what is stored is what is possible.
      async scope(ctx, _asked, client) {
        const { params } = ctx.oidc
        if (params === undefined) return
        const narrow = await narrowingFor(clientScopes, client)
        const possible = requestedScopes(params['scope'] as string | undefined, narrow(scopes()), narrow(shownScopes()))
        if (possible === undefined) throw new errors.InvalidScope('none of the requested scopes exists here', String(params['scope']))
        params['scope'] = possible
      },
    },
    ttl: {
      AccessToken: (ctx) => withinGrant(ctx, accessTokenTtlSeconds),
      AuthorizationCode: () => CODE_TTL_SECONDS,
      ClientCredentials: () => accessTokenTtlSeconds,
      DeviceCode: () => DEVICE_CODE_TTL_SECONDS,
      Grant: () => GRANT_TTL_SECONDS,
      Interaction: () => INTERACTION_TTL_SECONDS,
      RefreshToken: (ctx) => withinGrant(ctx, REFRESH_TTL_SECONDS),
      Session: () => SESSION_TTL_SECONDS,
    },
    extraTokenClaims: async (_ctx, token) => {
      if (token.kind === 'ClientCredentials') return claimsOfClientToken(adapterParts, token)
      const own = grantTypes.extraClaimsOf(token)
      if (own !== undefined) return own
      if (!('accountId' in token) || token.accountId === undefined) return undefined
      const account = await accounts.get(token.accountId)
      return { grant_id: token.grantId, roles: account?.roles ?? [] }
    },
    // Refresh tokens outlive the browser's session, and every client that registered the grant type gets one.
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => true,
    revokeGrantPolicy: () => true,
    // Each authorization is a consent and a grant of its own: none is widened behind its owner's back.
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId)
    },
    findAccount: async (ctx, sub, token) => {
      const account = await accounts.get(sub)
      const trustedSince = issuedAt(token) ?? ctx.oidc.session?.loginTs
      if (account === undefined || (trustedSince !== undefined && trustedSince < Math.floor(account.since / 1000))) return undefined
      return { accountId: account.name, claims: () => ({ sub: account.name }) }
    },
    interactions: {
      policy: createLoginPolicy(person),
      url: ({ query }, { uid }) => `${basePath}/interaction/${uid}${query['switched'] === 'yes' ? '?switched=yes' : ''}`,
    },
    renderError: (ctx, out) => renderError(ctx, { code: out.error, description: out.error_description }),
    fetch: createKeyFetch(settings.guardedFetch),
  }
}

const issuedAt = (token: object | undefined): number | undefined => {
  const { iiat, iat } = (token ?? {}) as { iiat?: number; iat?: number }
  return iiat ?? iat
}
