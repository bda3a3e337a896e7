/**
 * One identity provider, as a client of it (OpenID Connect Core §3.1, authorization code with PKCE): where to send a browser, and what
 * the provider then says of whoever comes back. The library, openid-client, is loaded when the first person goes there.
 *
 *   metadata (exact issuer) → authorization URL ┈ browser ┈ iss, state → code → ID token (issuer, audience, nonce, time, signature) → UserInfo
 *
 * Fails closed, and with a value: whatever the provider answers, nobody is signed in unless all of it holds.
 *
 * @module
 */

import type * as OpenId from 'openid-client'
import type { Clock, JsonObject } from '../../core/index.ts'
import type { Lookup } from '../../net/index.ts'
import { GOOGLE, lacks, neededClaims } from './identity.ts'
import type { SignInProvider } from './options.ts'
import { createProviderFetch } from './provider-fetch.ts'
import { type ProviderProblem, problemOf } from './provider-problem.ts'

/** What one way to the provider and back is held together by; none of it was there before. */
export interface Crossing {
  /** Exactly as it is registered at the provider. */
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** Whether the person has to show anew who they are, although the provider may remember them. Milliseconds since the epoch. */
  readonly freshSince?: number | undefined
}

export interface OpenIdProvider {
  readonly options: SignInProvider
  begin(crossing: Crossing): Promise<{ readonly location: string } | ProviderProblem>
  /** `query`: what the browser brought back. */
  finish(crossing: Crossing, query: URLSearchParams): Promise<{ readonly claims: JsonObject } | ProviderProblem>
  /** What is wrong with its metadata, or with our id and secret there, in words that are fit for a log; undefined where all is well. */
  check(): Promise<string | undefined>
  close(): void
}

export interface OpenIdParts {
  readonly options: SignInProvider
  readonly clock: Clock
  readonly lookup?: Lookup | undefined
  readonly ca?: readonly string[] | undefined
}

const FRESH_MS = 3_600_000
const RETRY_MS = 60_000
const CLOCK_TOLERANCE_SECONDS = 30
const TIMEOUT_SECONDS = 10

interface Ready {
  readonly lib: typeof OpenId
  readonly config: OpenId.Configuration
}

export function createOpenIdProvider({ options, clock, lookup, ca }: OpenIdParts): OpenIdProvider {
  const { issuer, clientId, clientSecret, scopes = ['openid', 'email', 'profile'], userInfo = true } = options
  const fetch = createProviderFetch({ issuer, lookup, ca })
  const needed = neededClaims(options)
  let ready: (Ready & { readonly until: number }) | undefined
  let loading: Promise<Ready> | undefined

  async function load(): Promise<Ready> {
    const lib = await import('openid-client')
    const metadata = { [lib.clockTolerance]: CLOCK_TOLERANCE_SECONDS }
    const execute = [lib.enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [lib.allowInsecureRequests] : [])]
    const discovered = await lib.discovery(new URL(issuer), clientId, metadata, lib.None(), {
      [lib.customFetch]: fetch as OpenId.CustomFetch,
      timeout: TIMEOUT_SECONDS,
      execute,
    })
    const server = discovered.serverMetadata()
    // Compared as text: who normalizes here can be led to take one issuer for another (RFC 8414 §3.3).
    if (server.issuer !== issuer) throw new WrongIssuer()
    const config = new lib.Configuration(server, clientId, metadata, authenticationAt(lib, server.token_endpoint_auth_methods_supported))
    config[lib.customFetch] = fetch as OpenId.CustomFetch
    config.timeout = TIMEOUT_SECONDS
    for (const extension of execute) extension(config)
    ready = { lib, config, until: clock() + FRESH_MS }
    return ready
  }
  /** However many come at once, the metadata is asked for once; while it cannot be had, what was known counts on. */
  async function current(): Promise<Ready> {
    if (ready !== undefined && clock() < ready.until) return ready
    loading ??= load().finally(() => {
      loading = undefined
    })
    try {
      return await loading
    } catch (error) {
      if (ready === undefined || error instanceof WrongIssuer) throw error
      ready = { ...ready, until: clock() + RETRY_MS }
      return ready
    }
  }
  function authenticationAt(lib: typeof OpenId, supported: readonly string[] | undefined): OpenId.ClientAuth {
    // RFC 8414 §2: basic where nothing is said.
    const wanted = options.clientAuth ?? (supported?.includes('client_secret_post') === true ? 'post' : 'basic')
    return wanted === 'post' ? lib.ClientSecretPost(clientSecret) : lib.ClientSecretBasic(clientSecret)
  }
  async function claimsOf({ lib, config }: Ready, crossing: Crossing, query: URLSearchParams): Promise<JsonObject> {
    const back = new URL(crossing.redirectUri)
    back.search = query.toString()
    const tokens = await lib.authorizationCodeGrant(config, back, {
      expectedState: crossing.state,
      expectedNonce: crossing.nonce,
      pkceCodeVerifier: crossing.codeVerifier,
      idTokenExpected: true,
    })
    const said = tokens.claims() as JsonObject & { readonly sub: string }
    if (!userInfo || config.serverMetadata().userinfo_endpoint === undefined || !lacks(said, needed)) return said
    const more = await lib.fetchUserInfo(config, tokens.access_token, said.sub)
    // What is signed counts before what is not.
    return { ...more, ...said }
  }
  async function finish(crossing: Crossing, query: URLSearchParams): Promise<{ readonly claims: JsonObject } | ProviderProblem> {
    // Before the code goes anywhere (RFC 9207 §2.4). Where it is announced and missing, the library refuses it.
    if (query.getAll('iss').some((named) => named !== issuer)) {
      return { problem: 'mixed_up', detail: 'the answer names another issuer (iss)' }
    }
    try {
      const claims = await claimsOf(await current(), crossing, query)
      const { freshSince } = crossing
      const { auth_time: at } = claims
      if (freshSince !== undefined && typeof at === 'number' && (at + CLOCK_TOLERANCE_SECONDS) * 1000 < freshSince) {
        return { problem: 'not_fresh', detail: 'the provider asked nobody to sign in anew' }
      }
      return { claims }
    } catch (error) {
      return problemOf(error)
    }
  }
  return {
    options,
    async begin(crossing) {
      try {
        const { lib, config } = await current()
        const url = lib.buildAuthorizationUrl(config, {
          redirect_uri: crossing.redirectUri,
          scope: [...new Set(['openid', ...scopes])].join(' '),
          state: crossing.state,
          nonce: crossing.nonce,
          code_challenge: await lib.calculatePKCECodeChallenge(crossing.codeVerifier),
          code_challenge_method: 'S256',
          // The same as `prompt=login` (§3.1.2.1), which some refuse to know.
          ...(crossing.freshSince === undefined ? {} : { max_age: '0', ...choiceAt(config.serverMetadata()) }),
        })
        return { location: url.href }
      } catch (error) {
        return problemOf(error)
      }
    },
    finish,
    async check() {
      try {
        const { authorization_endpoint: authorize, token_endpoint: token, jwks_uri: keys } = (await load()).config.serverMetadata()
        const missing = Object.entries({ authorization_endpoint: authorize, token_endpoint: token, jwks_uri: keys }).filter(
          ([, url]) => !url,
        )
        if (missing.length > 0) return `its metadata has no ${missing.map(([name]) => name).join(', ')}`
        const [code, state] = ['a code that it never gave', 'checked']
        const crossing = {
          redirectUri: 'https://localhost/',
          state,
          nonce: state,
          codeVerifier: 'a verifier of nothing, which is long enough',
        }
        const refused = await finish(crossing, new URLSearchParams({ code, state, iss: issuer }))
        // It says who we are not before it looks at the code; that the code is none is well.
        return 'problem' in refused && refused.problem === 'misconfigured' ? refused.detail : undefined
      } catch (error) {
        return problemOf(error).detail
      }
    },
    close: () => fetch.close(),
  }
}

/** Whoever wants to be somebody else than last time is to be asked which account; some refuse a prompt that they do not know. */
function choiceAt(server: Readonly<Record<string, unknown>>): { readonly prompt?: string } {
  const { issuer, prompt_values_supported: known } = server
  const canChoose = issuer === GOOGLE || (Array.isArray(known) && known.includes('select_account'))
  return canChoose ? { prompt: 'select_account' } : {}
}

class WrongIssuer extends Error {
  override readonly name = 'WrongIssuer'
}
