/**
 * All clients, whichever way they are known: those with an id of ours from `clients.ts`, those with a URL for an id from their
 * documents. Whoever asks for a client asks here, and does not see the difference.
 *
 * @module
 */

import type { Payload } from './artifacts.ts'
import type { ClientCopies, ClientCopy } from './cimd-copies.ts'
import type { ClientDocuments } from './cimd-documents.ts'
import { isClientIdUrl } from './cimd-url.ts'
import { toApprovalInfo } from './client-approval.ts'
import type { ClientInfo, Clients, FindOptions } from './clients.ts'
import type { Grants } from './grants.ts'

export interface AllClientsParts {
  readonly clients: Clients
  readonly copies: ClientCopies
  /** Where documents come from; undefined: such clients are not taken, though they may be listed and removed. */
  readonly documents?: ClientDocuments | undefined
  readonly grants: Pick<Grants, 'revokeOfClient'>
}

const NOT_TAKEN = 'this server takes no programs that are described at a URL'
const NO_ID = 'its address is not an https URL with a path, written in its normal form'

export function createAllClients({ clients, copies, documents, grants }: AllClientsParts): Clients {
  const isUrl = (id: string): boolean => id.startsWith('https:') || id.startsWith('http:')
  const copyOf = async (id: string): Promise<ClientCopy | undefined> => (isClientIdUrl(id) ? copies.get(id) : undefined)
  const describe = async (id: string, options?: FindOptions): Promise<Payload | undefined> =>
    isClientIdUrl(id) ? documents?.find(id, options) : undefined
  return {
    ...clients,
    find: (id, options) => (isUrl(id) ? describe(id, options) : clients.find(id)),
    exists: async (id) => (isUrl(id) ? documents !== undefined && (await copyOf(id))?.keptAt !== undefined : clients.exists(id)),
    keep: (id) => (isUrl(id) ? copies.keep(id) : clients.keep(id)),
    approve: (id, by) => (isUrl(id) ? copies.approve(id, by) : clients.approve(id, by)),
    unapprove: (id) => (isUrl(id) ? copies.unapprove(id) : clients.unapprove(id)),
    used: (id) => (isUrl(id) ? copies.used(id) : clients.used(id)),
    async list() {
      const kept = (await copies.list()).filter(([, { keptAt }]) => keptAt !== undefined)
      return [...(await clients.list()), ...kept.map(([url, copy]) => toInfo(url, copy))]
    },
    async get(id) {
      if (!isUrl(id)) return clients.get(id)
      const copy = await copyOf(id)
      return copy && toInfo(id, copy)
    },
    async remove(id) {
      if (!isUrl(id)) return clients.remove(id)
      const removed = await copies.remove(id)
      // Its id comes back with its document, and must not bring back what was allowed before.
      await grants.revokeOfClient(id)
      return removed
    },
    problemOf(id) {
      if (!isUrl(id)) return undefined
      if (documents === undefined) return NOT_TAKEN
      return isClientIdUrl(id) ? documents.problemOf(id) : NO_ID
    },
  }
}

function toInfo(url: string, { metadata, fetchedAt, keptAt, lastUsedAt, approval }: ClientCopy): ClientInfo {
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
    approved: toApprovalInfo(approval, metadata),
    registeredFrom: undefined,
  }
}
