/**
 * Who this gateway is to the authorization server of a guarded server: as the operator registered it, else as it registered itself
 * (RFC 7591), once for each issuer and place to come back to. An id belongs to the issuer that gave it; nobody else sees it.
 *
 * Not as a client ID metadata document: that would have to be served from an address that the whole world reaches.
 *
 * @module
 */

import { AuthorizationError, type ClientIdentity, type Discovered, type Network, registerClient } from '../../client/index.ts'
import type { Clock } from '../../core/index.ts'
import { changeRecord, type Store } from '../../storage/index.ts'
import type { Place, Vault } from '../../vault/index.ts'

export interface UpstreamClient {
  /** @throws {AuthorizationError | TransportError} */
  identify(found: Discovered, redirectUri: string): Promise<ClientIdentity>
  /** The issuer does not know it any more. */
  forget(): Promise<void>
}

export interface UpstreamClientParts {
  readonly server: string
  readonly registered: { readonly clientId?: string | undefined; readonly clientSecret?: string | undefined }
  readonly network: Network
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  readonly learn: (secret: string) => unknown
}

interface Kept {
  readonly sealed: string
}
interface Own {
  readonly identity: ClientIdentity
  readonly redirectUri: string
  readonly expiresAt?: number | undefined
}

/** Renewed by a registration of its own after so long; one record for each guarded server. */
const KEPT_MS = 366 * 86_400_000

export function createUpstreamClient({ server, registered, network, store, vault, clock, learn }: UpstreamClientParts): UpstreamClient {
  const records = store.records<Kept>('upstream_client')
  const place: Place = { kind: 'upstream_client', id: server, field: 'sealed' }

  async function known(): Promise<Own | undefined> {
    const sealed = (await records.get(server))?.value.sealed
    const opened = sealed === undefined ? undefined : await vault.open(sealed, place)
    const own = opened && (JSON.parse(opened.toString()) as Own)
    // Registered by another process, or before this one was started.
    if (own?.identity.clientSecret !== undefined) learn(own.identity.clientSecret)
    return own
  }

  return {
    async identify(found, redirectUri) {
      const { issuer } = found.server
      const { clientId, clientSecret } = registered
      if (clientId !== undefined && clientSecret === undefined) return { issuer, clientId, method: 'none' }
      if (clientId !== undefined && clientSecret !== undefined) return { issuer, clientId, clientSecret, method: methodOf(found) }
      const own = await known()
      if (own?.identity.issuer === issuer && own.redirectUri === redirectUri && clock() < (own.expiresAt ?? Infinity)) return own.identity
      const metadata = { clientName: 'Sallyport', redirectUris: [redirectUri] }
      const { identity, registration } = await registerClient({ network, server: found.server, metadata, prefer: 'client_secret_basic' })
      if (identity.clientSecret !== undefined) learn(identity.clientSecret)
      const { clientSecretExpiresAt: seconds } = registration
      const next: Own = { identity, redirectUri, expiresAt: seconds === undefined ? undefined : seconds * 1000 }
      const sealed = await vault.seal(JSON.stringify(next), place)
      await changeRecord(
        records,
        server,
        () => ({ sealed }),
        () => ({ expiresAt: clock() + KEPT_MS }),
      )
      return identity
    },
    forget: async () => void (await records.takeOnce(server)),
  }
}

function methodOf({ server: { clientAuthMethods, issuer } }: Discovered): 'client_secret_basic' | 'client_secret_post' {
  if (clientAuthMethods.includes('client_secret_basic')) return 'client_secret_basic'
  if (clientAuthMethods.includes('client_secret_post')) return 'client_secret_post'
  throw new AuthorizationError('registration_unsupported', `${new URL(issuer).host} takes no client secret.`)
}
