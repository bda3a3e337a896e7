/** Audit records of a person, put into the store that the pages of the account read: fixtures keep what is recorded elsewhere. */

import type { AuditRecord } from '../../src/storage/index.ts'
import type { Fixture } from './authorization.ts'

export const auditOf =
  ({ store, issuer }: Pick<Fixture, 'store' | 'issuer'>, subject = 'ana') =>
  (n: number, given: Partial<AuditRecord>): Promise<void> =>
    store.audit.append([
      {
        id: `dec_${n}`,
        at: Date.now(),
        decision: 'allow',
        reason: 'allowed',
        action: 'tools/call',
        subject,
        issuer,
        transport: 'http',
        durationMs: 1,
        ...given,
      },
    ])
