/** The seam to ways of getting a token without a person: each is one grant, with what it shows for it. @module */

import type { ClientIdentity } from './client-identity.ts'
import type { AuthorizationServer } from './server-metadata.ts'

/** What a token is asked for. */
export interface Wanted {
  readonly server: AuthorizationServer
  /** The MCP server, as its metadata calls it. */
  readonly resource: string
  readonly scopes: readonly string[]
}

export interface MachineGrant {
  readonly kind: 'client_credentials' | 'enterprise' | 'workload'
  readonly clientId: string | undefined
  /** Undefined: as nobody. @throws {AuthorizationError} where it cannot prove itself there. */
  identify(server: AuthorizationServer): ClientIdentity | undefined
  /** Asks the program for what it shows, where it shows something. What the program throws goes to whoever made the request. */
  begin(): Promise<Attempt>
  /** What to do where the authorization server refuses. */
  readonly step: string
}

export interface Attempt {
  /** Whom a token of this attempt is for. */
  readonly subject: readonly unknown[]
  /** `grant_type` and what belongs to it. @throws {AuthorizationError | TransportError} */
  toFields(wanted: Wanted): Promise<Readonly<Record<string, string>>>
}

export const toScopeField = (scopes: readonly string[]): { readonly scope?: string } =>
  scopes.length > 0 ? { scope: scopes.join(' ') } : {}
