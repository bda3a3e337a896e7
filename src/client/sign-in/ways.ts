/**
 * The ways in which a person signs in, from finding out where to having tokens: with a browser, on another device, or as the program
 * shows it. Each step's result is all that the next one works with.
 *
 * @module
 */

import { type Clock, ConfigError } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import type { OAuth2Options } from './auth-options.ts'
import { type AuthorizationRequest, createAuthorizationRequests, parseCallback } from './authorization-requests.ts'
import { type Begun, signInWithBrowser } from './browser-sign-in.ts'
import type { ClientIdentity } from './client-identity.ts'
import { type DeviceCode, signInOnDevice } from './device-sign-in.ts'
import type { Discovered } from './discovery.ts'
import { selectDpop } from './dpop.ts'
import type { Identities } from './identify.ts'
import type { Asked, KeptGrants } from './kept-grants.ts'
import { ANY_LOOPBACK } from './loopback.ts'
import { isLoopbackRedirect } from './redirect-uri.ts'
import { selectScopes } from './scopes.ts'
import { requestTokens } from './token-request.ts'

/** How `signIn()` is done this time. */
export interface SignInRequest {
  /** Instead of `auth.scopes`. */
  readonly scopes?: readonly string[] | undefined
  /** On another device (RFC 8628), by a code that `onDeviceCode` shows. */
  readonly device?: boolean | undefined
  /** Ends the wait; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly onDeviceCode?: ((code: DeviceCode) => unknown) | undefined
  /** Instead of the browser of this machine: shows the person the URL. */
  readonly openBrowser?: ((url: string) => unknown) | undefined
}

export interface Ways {
  /** Records a sign-in that ends at `redirectUri`, and answers where the person is sent. */
  begin(found: Discovered, redirectUri: string, scopes?: readonly string[]): Promise<Begun>
  finish(callback: URLSearchParams): Promise<void>
  withBrowser(request: SignInRequest): Promise<void>
  onDevice(request: SignInRequest): Promise<void>
  /** As `auth.signIn` shows it. */
  byHand(show: (url: string) => Promise<string> | string): Promise<void>
}

export interface WaysParts {
  readonly options: OAuth2Options
  readonly network: Network
  readonly clock: Clock
  readonly program: string
  readonly identities: Identities
  readonly grants: KeptGrants
  readonly discoverNow: () => Promise<Discovered>
  /** What a refused request needs. */
  readonly needed: () => readonly string[]
}

const TEN_MINUTES_MS = 10 * 60 * 1000

interface CodeRequest extends AuthorizationRequest, Asked {}

export function createWays({ options, network, clock, program, identities, grants, discoverNow, needed }: WaysParts): Ways {
  const requests = createAuthorizationRequests<CodeRequest>(clock)

  const toAsked = (found: Discovered, client: ClientIdentity, scopes: readonly string[] | undefined): Asked => ({
    server: found.server,
    client,
    resource: found.resource,
    endpoint: found.endpoint,
    revision: found.revision,
    dpop: selectDpop(options.dpop, found),
    scopes: selectScopes({
      wished: scopes ?? options.scopes,
      challenged: found.challengedScopes,
      supported: found.supportedScopes,
      serverSupported: found.server.scopes,
      needed: needed(),
    }),
  })

  async function begin(found: Discovered, redirectUri: string, scopes?: readonly string[]): Promise<Begun> {
    const client = await identities.identify(found.server, redirectUri)
    return requests.begin({ ...toAsked(found, client, scopes), redirectUri })
  }

  async function finish(callback: URLSearchParams): Promise<void> {
    const { request, code, verifier } = requests.finish(callback)
    const fields = { grant_type: 'authorization_code', code, redirect_uri: request.redirectUri, code_verifier: verifier }
    await grants.take(request, (proof, bearerWillDo) => requestTokens({ network, clock, grant: request, fields, proof, bearerWillDo }))
  }

  return {
    begin,
    finish,

    async withBrowser({ scopes, signal, openBrowser }) {
      const { redirectUri } = options
      if (redirectUri !== undefined && !isLoopbackRedirect(redirectUri))
        throw new ConfigError(['signIn: auth.redirectUri is not on this computer; use getAuthorizationUrl() and handleCallback()'])
      const found = await discoverNow()
      const known = await identities.knownRedirect(found.server)
      const usable = known !== undefined && isLoopbackRedirect(known) ? known : undefined
      await bounded(signal, (until) =>
        signInWithBrowser({
          redirectUri: redirectUri ?? usable ?? ANY_LOOPBACK,
          mayMove: redirectUri === undefined,
          program,
          open: openBrowser,
          signal: until,
          begin: (at) => begin(found, at, scopes),
          finish,
          drop: requests.drop,
        }),
      )
    },

    async onDevice({ scopes, signal, onDeviceCode }) {
      if (onDeviceCode === undefined) throw new ConfigError(['signIn: on another device needs onDeviceCode, which shows the code'])
      const found = await discoverNow()
      const asked = toAsked(found, await identities.identify(found.server, undefined), scopes)
      await grants.takeSlowly(asked, (proof, bearerWillDo) =>
        signInOnDevice({
          network,
          clock,
          grant: asked,
          scopes: asked.scopes,
          proof,
          bearerWillDo,
          onDeviceCode,
          signal: signal ?? new AbortController().signal,
        }),
      )
    },

    async byHand(show) {
      const { redirectUri = ANY_LOOPBACK } = options
      const { url, state } = await begin(await discoverNow(), redirectUri)
      try {
        const callback = parseCallback(String(await show(url)))
        if (callback === undefined) throw new AuthorizationError('authorization_denied', 'auth.signIn answered with what is no URL.')
        await finish(callback)
      } finally {
        requests.drop(state)
      }
    },
  }
}

/** Until the signal ends it, or ten minutes are over. */
async function bounded(signal: AbortSignal | undefined, run: (until: AbortSignal) => Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(TEN_MINUTES_MS)
  try {
    await run(signal ? AbortSignal.any([signal, late]) : late)
  } catch (error) {
    signal?.throwIfAborted()
    if (late.aborted) throw new AuthorizationError('sign_in_expired', 'Nobody came back from the sign-in within ten minutes.')
    throw error
  }
}
