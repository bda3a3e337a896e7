/**
 * What this gateway keeps for people: their accounts at guarded servers, their secrets, and what vouches for them. Made before the port
 * is open; where it is, it is told later.
 *
 * @module
 */

import { type Clock, createDecisionId, type Log, type Redactor } from '../core/index.ts'
import { type Connections, createAccounts, type SignInProvider } from '../people/index.ts'
import type { AuditRecord } from '../storage/index.ts'
import { createNamedSecrets, type Data } from '../vault/index.ts'
import type { ServerConfig } from './config/index.ts'
import {
  type Attempts,
  type Connectable,
  type CredentialParts,
  createAttempts,
  createConnections,
  type SignAssertion,
} from './credentials/index.ts'
import { createSecretBook, type SecretBook } from './secrets/book.ts'
import { createSecretConnectables } from './secrets/secret-connectables.ts'
import { createSignAssertion } from './sign-assertion.ts'

export interface People extends CredentialParts {
  readonly attempts: Attempts
  readonly sign: SignAssertion
  readonly book: SecretBook
  /** What they can connect: `accounts`, at servers, and secrets. */
  connections(accounts: readonly Connectable[]): Connections
  /** `issuer`: under which account pages are; undefined: there are none. */
  reach(issuer: string | undefined, record: (record: AuditRecord) => void): void
  close(): void
}

export interface PeopleOptions {
  readonly data: Pick<Data, 'store' | 'keyRing' | 'vault'>
  readonly servers: readonly ServerConfig[]
  /** The identity providers whose word about their people counts. */
  readonly signIn: readonly SignInProvider[]
  readonly redactor: Redactor
  readonly log: Log
  readonly clock: Clock
}

export function createPeople({ data, servers, signIn, redactor, log, clock }: PeopleOptions): People {
  const { store, keyRing, vault } = data
  let base: string | undefined
  let put: ((record: AuditRecord) => void) | undefined
  const place: CredentialParts['place'] = {
    base: () => base,
    record(occurrence) {
      const at = clock()
      put?.({ id: createDecisionId(at), at, transport: 'upstream', durationMs: 0, ...occurrence })
    },
  }
  const secrets = createNamedSecrets({ store, vault, clock })
  const book = createSecretBook({ secrets, accounts: createAccounts({ store, clock, signIn }), redactor, log })
  const attempts = createAttempts({ store, keyRing, vault, clock })
  return {
    store,
    keyRing,
    vault,
    clock,
    redactor,
    place,
    book,
    attempts,
    stands: book.stands,
    sign: createSignAssertion({ store, vault, clock, place }),
    connections: (accounts) => createConnections([...accounts, ...createSecretConnectables({ servers, secrets, book })], attempts),
    reach(issuer, record) {
      base = issuer
      put = record
    },
    close: book.close,
  }
}
