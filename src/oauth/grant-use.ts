/**
 * When each grant was last used. A record names a token, not its grant: which it came of is learned where the token is verified, which
 * happens before its first record. How it is written down: `last-uses.ts`.
 *
 * @module
 */

import type { Log } from '../core/index.ts'
import { addressGroup } from '../net/index.ts'
import type { AuditRecord } from '../storage/index.ts'
import type { Grants } from './grants.ts'
import { createLastUses, putNewest } from './last-uses.ts'

export type Noted = Pick<AuditRecord, 'at' | 'decision' | 'credential' | 'credentialId' | 'address'>

export interface GrantUse {
  /** A token was verified. */
  learn(tokenId: string, grantId: string): void
  /** Takes every decision as it is recorded. */
  note(record: Noted): void
  /** Writes what is left. */
  close(): Promise<void>
}

/** Twice as many tokens as the guard keeps verified ones (`guards/authenticate`): what it still knows, this does. */
const MAX_TOKENS = 20_000

export function createGrantUse({ grants, log }: { readonly grants: Pick<Grants, 'used'>; readonly log: Log }): GrantUse {
  const grantOf = new Map<string, string>()
  const uses = createLastUses({ what: 'grants', write: grants.used, log })
  return {
    learn: (tokenId, grantId) => putNewest(grantOf, tokenId, grantId, MAX_TOKENS),
    note({ at, credential, credentialId, address = 'unknown' }) {
      const grant = credential === 'token' && credentialId !== undefined ? grantOf.get(credentialId) : undefined
      if (grant !== undefined && uses.isDue(grant, at)) uses.note(grant, { at, from: addressGroup(address) })
    },
    close: uses.close,
  }
}
