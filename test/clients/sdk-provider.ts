// An OAuth provider for the SDK client as a program would write it: everything in memory, a new client registered for each, and a
// person who signs in on our pages instead of a browser window.

import { randomBytes } from 'node:crypto'
import {
  Client,
  type ClientOptions,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { type Person, signIn } from '../support/browser.ts'

/** A client of each era, that offers what it is told to. */
export const eras = [
  ['2026-07-28', (options: ClientOptions = {}) => create({ ...options, versionNegotiation: { mode: { pin: '2026-07-28' } } })],
  ['2025-11-25', (options: ClientOptions = {}) => create({ ...options, versionNegotiation: { mode: 'legacy' } })],
] as const
const create = (options: ClientOptions): Client => new Client({ name: 'sdk', version: '1.0.0' }, options)

export interface SignedIn extends OAuthClientProvider {
  /** Where the person was sent back to, with the code. */
  callback(): URL
  /** The URL that the person was sent to. */
  authorization(): URL
  readonly expectedState: string
}

type Saved<T> = { value?: T }

export function createProvider(person: Person): SignedIn {
  const redirectUrl = 'http://127.0.0.1:33418/callback'
  const expectedState = randomBytes(16).toString('base64url')
  const client: Saved<Awaited<ReturnType<OAuthClientProvider['clientInformation']>>> = {}
  const tokens: Saved<Awaited<ReturnType<OAuthClientProvider['tokens']>>> = {}
  const verifier: Saved<string> = {}
  const discovery: Saved<OAuthDiscoveryState> = {}
  const visited: { authorization?: URL; callback?: URL } = {}
  const held = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Error(`there is no ${what} yet`)
    return value
  }

  return {
    redirectUrl,
    expectedState,
    clientMetadata: {
      client_name: 'SDK test',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => expectedState,
    clientInformation: () => client.value,
    saveClientInformation: (registered) => void (client.value = registered),
    tokens: () => tokens.value,
    saveTokens: (issued) => void (tokens.value = issued),
    saveCodeVerifier: (value) => void (verifier.value = value),
    codeVerifier: () => held(verifier.value, 'code verifier'),
    saveDiscoveryState: (found) => void (discovery.value = found),
    discoveryState: () => discovery.value,
    invalidateCredentials: () => void delete tokens.value,
    async redirectToAuthorization(url) {
      visited.authorization = url
      visited.callback = new URL(await signIn(url.href, person))
    },
    authorization: () => held(visited.authorization, 'authorization request'),
    callback: () => held(visited.callback, 'callback'),
  }
}

/** Connects; where that asks for a sign-in, finishes it and connects again, as an application does. */
export async function connect(createClient: () => Client, url: string, provider: SignedIn): Promise<Client> {
  const first = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider })
  try {
    const client = createClient()
    await client.connect(first)
    return client
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error
  }
  await first.finishAuth(provider.callback().searchParams)
  const client = createClient()
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: provider }))
  return client
}
