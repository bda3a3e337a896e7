/** What is shared by all ways to have a person's own credential for a guarded server. Types, and where people go to connect. @module */

import type { Clock, Redactor } from '../../core/index.ts'
import type { AuditRecord, Store } from '../../storage/index.ts'
import type { KeyRing, Vault } from '../../vault/index.ts'
import type { CallCredentials, CredentialHeaders } from './credentials.ts'

/** Of the configuration: how people sign in at a server. */
export interface OAuthSettings {
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  /** The only authorization server to use; a `clientSecret` belongs to it. */
  readonly issuer?: string | undefined
  readonly scopes?: readonly string[] | undefined
}

/** What is known once the gateway is reached. */
export interface Place {
  /** The issuer, under which account pages are; undefined where there are none (stdio, another issuer). */
  base(): string | undefined
  /** Puts on record what nobody did at a page. */
  record(occurrence: Pick<AuditRecord, 'action' | 'decision' | 'reason' | 'subject' | 'server'>): void
}

export interface CredentialParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly clock: Clock
  readonly redactor: Pick<Redactor, 'learn' | 'forget'>
  readonly place: Place
  /** Whether what was begun for `user` at that time is still theirs: not of an account that is gone, switched off or made anew. */
  readonly stands: (user: string, at: number) => Promise<boolean>
}

export interface PersonalCredentials {
  readonly credentials: CallCredentials
  /**
   * What a session at the server is bound to that was opened with `shown`: the same however often a token is renewed, and another once the
   * person has connected another account, or a later account of their name has.
   */
  boundTo(shown: CredentialHeaders): unknown
  /** Whether calls carry something of their caller's own. It may turn out later, and then stays so. */
  isPersonal(): boolean
  /** Told once, when it turns out. Answers how to stop listening. */
  onPersonal(listener: () => void): () => void
  /** Told when somebody has connected. Answers how to stop listening. */
  onConnected(listener: (user: string) => void): () => void
  close(): Promise<void>
}
