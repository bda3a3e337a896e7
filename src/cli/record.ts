/** What an operator changes by the command line is on record like everything else. @module */

import { userInfo } from 'node:os'
import { createId } from '../core/index.ts'
import type { AuditRecord, Store } from '../storage/index.ts'

export type OperatorAction =
  | 'key.create'
  | 'key.roll'
  | 'key.revoke'
  | 'keys.rotate'
  | 'signing-keys.rotate'
  | 'payload-keys.rotate'
  | 'user.add'
  | 'user.invite'
  | 'user.reset'
  | 'user.roles'
  | 'user.disable'
  | 'user.enable'
  | 'user.remove'
  | 'user.end-sessions'
  | 'client.create'
  | 'client.approve'
  | 'client.unapprove'
  | 'client.remove'
  | 'grant.revoke'
  | 'secret.set'
  | 'secret.remove'
  | 'data.export'
  | 'data.forget'
  | 'personal.reveal'
  | 'audit.arguments'

/** The account of this machine that runs the command. It proves nothing; it says whom to ask. */
export function operator(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}

export async function recordOperator(
  store: Store,
  action: OperatorAction,
  target: string,
  startedAt: number,
  facts?: AuditRecord['facts'],
): Promise<void> {
  await store.audit.append([
    {
      id: createId('dec_'),
      at: startedAt,
      decision: 'allow',
      reason: 'allowed',
      action,
      target,
      subject: operator(),
      issuer: 'local',
      credential: 'local',
      transport: 'cli',
      rule: 'who can write the data directory',
      durationMs: Date.now() - startedAt,
      ...(facts && { facts }),
    },
  ])
}
