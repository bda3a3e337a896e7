/**
 * As whom this program goes to an authorization server: as it was registered there beforehand, else by the document that it publishes
 * about itself, else by a registration that is kept from before, else by a new one; where none of them can be, an error says what to do
 * (2026-07-28 client registration §approaches). An id is never shown to another issuer than the one it belongs to.
 *
 * @module
 */

import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import type { OAuth2Options } from './auth-options.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { KeptClient, KeptSignIn } from './kept-sign-in.ts'
import { type ClientMetadata, type Registered, registerClient } from './registration.ts'
import type { RegisteredFor, Registrations } from './registrations.ts'
import type { AuthorizationServer } from './server-metadata.ts'

export interface Identities {
  /** `redirectUri`: where the person comes back to; undefined on another device. @throws {AuthorizationError | TransportError} */
  identify(server: AuthorizationServer, redirectUri: string | undefined): Promise<ClientIdentity>
  /** Registers now, with what the program says about itself; what comes of it is used from now on. */
  register(server: AuthorizationServer, metadata: ClientMetadata): Promise<Registered>
  /** A redirect URI on this computer that is registered already, so that the same one can be listened at. */
  knownRedirect(server: AuthorizationServer): Promise<string | undefined>
  /** The issuer has forgotten the client. */
  forget(issuer: string): Promise<void>
  /** A sign-in was renewed: what it was made with is in use. */
  used(issuer: string): Promise<void>
  toKept(identity: ClientIdentity): KeptClient
  /** Undefined: the program says now that it is somebody else. */
  fromKept(kept: KeptSignIn, server: AuthorizationServer): ClientIdentity | undefined
}

export interface IdentitiesParts {
  readonly options: OAuth2Options
  readonly network: Network
  readonly registrations: Registrations
  readonly clientName: string
  readonly learn: (secret: string) => void
  /** The issuer of the sign-in that is kept. */
  readonly keptIssuer: () => Promise<string | undefined>
}

export function createIdentities({ options, network, registrations, clientName, learn, keptIssuer }: IdentitiesParts): Identities {
  /** What registerClient() was told, and whom it told. */
  let described: ClientMetadata | undefined
  const told = new Set<string>()
  /** The issuer that an id without one was first used with. */
  let bound = options.issuer

  async function registerNow(
    server: AuthorizationServer,
    metadata: ClientMetadata,
    prefer: 'none' | 'client_secret_basic',
    use: RegisteredFor,
  ): Promise<Registered> {
    const answer = await registerClient({ network, server, metadata, prefer, use })
    if (answer.registration.clientSecret !== undefined) learn(answer.registration.clientSecret)
    await registrations.keep(answer, use)
    return answer
  }

  function configured(server: AuthorizationServer): ClientIdentity | undefined {
    const { clientId, clientSecret, clientMetadataUrl } = options
    const { issuer } = server
    if (clientId !== undefined) {
      bound ??= issuer
      if (bound !== issuer)
        throw new AuthorizationError(
          'issuer_mismatch',
          'The server now names another authorization server than auth.clientId is registered with.',
        )
      if (clientSecret === undefined) return { issuer, clientId, method: 'none' }
      return { issuer, clientId, clientSecret, method: secretMethod(server) }
    }
    if (clientMetadataUrl === undefined || !server.readsClientDocuments) return undefined
    return { issuer, clientId: clientMetadataUrl, method: 'none' }
  }

  return {
    async identify(server, redirectUri) {
      if (options.clientId !== undefined) bound ??= await keptIssuer()
      const use: RegisteredFor = redirectUri === undefined ? 'device' : 'code'
      const fits = (uris: readonly string[]): boolean => redirectUri === undefined || uris.includes(redirectUri)
      const known = await registrations.find(server.issuer, use)
      const isKnown = known !== undefined && fits(known.redirectUris)
      if (isKnown && told.has(server.issuer)) return known.identity
      const ours = told.has(server.issuer) ? undefined : configured(server)
      if (ours) return ours
      if (isKnown) return known.identity
      if (redirectUri === undefined) return (await registerNow(server, { clientName, redirectUris: [] }, 'none', use)).identity
      if (described?.redirectUris.includes(redirectUri)) return (await registerNow(server, described, 'client_secret_basic', use)).identity
      return (await registerNow(server, { clientName, redirectUris: [redirectUri] }, 'none', use)).identity
    },

    async register(server, metadata) {
      described = metadata
      const answer = await registerNow(server, metadata, 'client_secret_basic', 'code')
      told.add(server.issuer)
      return answer
    },

    async knownRedirect(server) {
      if (options.clientId !== undefined || (options.clientMetadataUrl !== undefined && server.readsClientDocuments)) return undefined
      return (await registrations.find(server.issuer, 'code'))?.redirectUris[0]
    },

    async forget(issuer) {
      told.delete(issuer)
      await registrations.forget(issuer)
    },

    used: registrations.used,

    toKept(identity) {
      const { clientId, method } = identity
      if (clientId === options.clientId || method === 'private_key_jwt') return { method: 'configured', clientId }
      return method === 'none' ? { method, clientId } : { method, clientId, clientSecret: identity.clientSecret }
    },

    fromKept({ issuer, client }, server) {
      if (client.method === 'configured') return client.clientId === options.clientId ? configured(server) : undefined
      return { ...client, issuer }
    },
  }
}

function secretMethod({ clientAuthMethods, issuer }: AuthorizationServer): 'client_secret_basic' | 'client_secret_post' {
  if (clientAuthMethods.includes('client_secret_basic')) return 'client_secret_basic'
  if (clientAuthMethods.includes('client_secret_post')) return 'client_secret_post'
  throw new AuthorizationError('registration_unsupported', `${new URL(issuer).host} takes no client secret.`, {
    step: 'Register a client of another kind with it: a public one, without a secret.',
  })
}
