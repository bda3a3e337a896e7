/**
 * Dynamic client registration (RFC 7591; 2026-07-28 client registration): asks the authorization server for an id, and remembers which
 * issuer gave which.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isRedirect } from '../../net/index.ts'
import { askForDocument } from '../documents.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import { type ClientIdentity, isRegisteredMethod, type RegisteredMethod } from './client-identity.ts'
import { parseOAuthError } from './oauth-error.ts'
import { isLoopbackRedirect } from './redirect-uri.ts'
import type { AuthorizationServer } from './server-metadata.ts'

/** What a program says about itself. */
export interface ClientMetadata {
  /** Shown to the person who is asked. */
  readonly clientName: string
  /** Every place that a sign-in may end at. */
  readonly redirectUris: readonly string[]
  readonly logoUri?: string | undefined
}

/** What the authorization server answered. */
export interface ClientRegistration {
  readonly clientId: string
  /** Not shown by `console.log` of the whole, nor by `JSON.stringify`. */
  readonly clientSecret: string | undefined
  readonly issuer: string
  readonly redirectUris: readonly string[]
  /** In seconds since the epoch; undefined: never. */
  readonly clientSecretExpiresAt: number | undefined
}

export interface Registered {
  readonly identity: ClientIdentity
  readonly registration: ClientRegistration
}

export interface RegistrationRequest {
  readonly network: Network
  readonly server: AuthorizationServer
  readonly metadata: ClientMetadata
  /** The way to authenticate that is wanted most; the next that the server has is taken otherwise. */
  readonly prefer: 'none' | 'client_secret_basic'
  /** For a sign-in on another device nobody comes back to anywhere (RFC 8628); `code` unless told. */
  readonly use?: 'code' | 'device' | undefined
}

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const CLIENT_DOCUMENT =
  'Publish a client ID metadata document and give its address as auth.clientMetadataUrl, or register a client with who runs it and give its id as auth.clientId.'

/** @throws {AuthorizationError | TransportError} */
export async function registerClient({ network, server, metadata, prefer, use = 'code' }: RegistrationRequest): Promise<Registered> {
  const url = server.registrationEndpoint
  const host = new URL(server.issuer).host
  if (url === undefined)
    throw new AuthorizationError('registration_unsupported', `The authorization server at ${host} registers nobody by itself.`, {
      ...(server.readsClientDocuments && { step: CLIENT_DOCUMENT }),
    })
  const { redirectUris, clientName, logoUri } = metadata
  const method = selectMethod(server, prefer)
  const { status, document } = await askForDocument(network, url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: clientName,
      redirect_uris: redirectUris,
      ...(logoUri !== undefined && { logo_uri: logoUri }),
      // OpenID Connect takes whoever says nothing for `web`, which has no loopback redirects.
      application_type: use === 'device' || redirectUris.some(isLoopbackRedirect) ? 'native' : 'web',
      grant_types: [use === 'device' ? DEVICE_GRANT : 'authorization_code', 'refresh_token'],
      response_types: use === 'device' ? [] : ['code'],
      token_endpoint_auth_method: method,
    }),
  })
  if (isRedirect(status)) throw new AuthorizationError('redirected', `The registration endpoint at ${url.host} answers with a redirect.`)
  if (status !== 200 && status !== 201) {
    const reason = parseOAuthError(document?.['error'])
    throw new AuthorizationError('registration_refused', `The authorization server at ${host} refused to register (${reason ?? status}).`, {
      ...(reason !== undefined && { reason }),
    })
  }
  return toRegistered(document ?? {}, server, redirectUris)
}

function selectMethod({ clientAuthMethods }: AuthorizationServer, prefer: 'none' | 'client_secret_basic'): RegisteredMethod {
  const wanted: readonly RegisteredMethod[] = [prefer, 'client_secret_basic', 'client_secret_post', 'none']
  const method = wanted.find((one) => clientAuthMethods.includes(one))
  if (method === undefined)
    throw new AuthorizationError(
      'registration_unsupported',
      'The authorization server wants a proof of the client that is not spoken here.',
    )
  return method
}

function toRegistered(document: JsonObject, { issuer }: AuthorizationServer, redirectUris: readonly string[]): Registered {
  const refuse = (what: string): AuthorizationError =>
    new AuthorizationError('registration_refused', `What ${new URL(issuer).host} answered to a registration ${what}.`)
  const { client_id: clientId, client_secret: clientSecret, client_secret_expires_at: expiresAt, redirect_uris: granted } = document
  if (!isVisible(clientId)) throw refuse('has no client_id')
  if (clientSecret !== undefined && !isVisible(clientSecret)) throw refuse('has a client_secret that cannot be one')
  // The server may change what was asked for (RFC 7591 §3.2.1); a place that it left out would only fail later.
  if (Array.isArray(granted) && !redirectUris.every((uri) => granted.includes(uri))) throw refuse('leaves out a redirect URI')
  const said = document['token_endpoint_auth_method']
  const method = said ?? (clientSecret === undefined ? 'none' : 'client_secret_basic')
  const identity = isRegisteredMethod(method) ? toIdentity({ issuer, clientId }, method, clientSecret) : undefined
  if (identity === undefined) throw refuse('wants a proof that is not spoken here')

  const registration = {
    clientId,
    issuer,
    redirectUris: Object.freeze([...redirectUris]),
    clientSecretExpiresAt: typeof expiresAt === 'number' && expiresAt > 0 ? expiresAt : undefined,
  }
  Object.defineProperty(registration, 'clientSecret', { value: clientSecret, enumerable: false })
  return {
    identity,
    registration: Object.freeze(registration) as ClientRegistration,
  }
}

function toIdentity(
  named: { readonly issuer: string; readonly clientId: string },
  method: RegisteredMethod,
  clientSecret: string | undefined,
): ClientIdentity | undefined {
  if (method === 'none') return { ...named, method }
  return clientSecret === undefined ? undefined : { ...named, method, clientSecret }
}

/** RFC 6749 appendix A: visible ASCII and spaces. */
const isVisible = (value: unknown): value is string => typeof value === 'string' && /^[\x20-\x7e]{1,2048}$/.test(value)
