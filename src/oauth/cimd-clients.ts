/**
 * All clients, whichever way they are known: those with an id of ours from `clients.ts`, those with a URL for an id from their
 * documents. Whoever asks for a client asks here, and does not see the difference.
 *
 * @module
 */

import type { ClientDocuments, KeptDocument } from './cimd-documents.ts'
import { isClientIdUrl } from './cimd-url.ts'
import type { ClientInfo, Clients } from './clients.ts'
import type { Grants } from './grants.ts'

export interface AllClientsParts {
  readonly clients: Clients
  /** Undefined where such clients are not taken. */
  readonly documents: ClientDocuments | undefined
  readonly grants: Pick<Grants, 'revokeOfClient'>
}

const NOT_TAKEN = 'this server takes no programs that are described at a URL'

export function createAllClients({ clients, documents, grants }: AllClientsParts): Clients {
  const isUrl = (id: string): boolean => id.startsWith('https:') || id.startsWith('http:')
  const documentsFor = (id: string): ClientDocuments | undefined => (isClientIdUrl(id) ? documents : undefined)
  return {
    ...clients,
    find: async (id) => (isUrl(id) ? documentsFor(id)?.find(id) : clients.find(id)),
    exists: async (id) => (isUrl(id) ? (await documentsFor(id)?.get(id))?.keptAt !== undefined : clients.exists(id)),
    keep: async (id) => (isUrl(id) ? documentsFor(id)?.keep(id) : clients.keep(id)),
    used: async (id) => (isUrl(id) ? documentsFor(id)?.used(id) : clients.used(id)),
    async list() {
      const described = (await documents?.list()) ?? []
      return [
        ...(await clients.list()),
        ...described.filter(([, { keptAt }]) => keptAt !== undefined).map(([url, kept]) => toInfo(url, kept)),
      ]
    },
    async get(id) {
      if (!isUrl(id)) return clients.get(id)
      const kept = await documentsFor(id)?.get(id)
      return kept && toInfo(id, kept)
    },
    async remove(id) {
      if (!isUrl(id)) return clients.remove(id)
      const removed = (await documentsFor(id)?.remove(id)) ?? false
      // Its id comes back with its document, and must not bring back what was allowed before.
      await grants.revokeOfClient(id)
      return removed
    },
    problemOf(id) {
      if (!isUrl(id)) return undefined
      if (documents === undefined) return NOT_TAKEN
      return isClientIdUrl(id) ? documents.problemOf(id) : 'its address is not an https URL with a path, written in its normal form'
    },
  }
}

function toInfo(url: string, { metadata, fetchedAt, keptAt, lastUsedAt }: KeptDocument): ClientInfo {
  const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [])
  const { client_name: name, token_endpoint_auth_method: method } = metadata
  return {
    id: url,
    name: typeof name === 'string' ? name : undefined,
    registered: 'by-itself',
    createdBy: undefined,
    createdAt: keptAt ?? fetchedAt,
    lastUsedAt,
    expiresAt: undefined,
    authMethod: typeof method === 'string' ? method : 'none',
    grantTypes: strings(metadata['grant_types']),
    scopes: undefined,
    redirectUris: strings(metadata['redirect_uris']),
  }
}
