/**
 * When each grant was last used: so that a person finds access that nobody needs any more, and access that somebody uses whom they
 * did not expect.
 *
 *   … release → audit → [grant use]    two looks into maps for each request; a write at most once a minute for each grant
 *
 * A record names a token, not its grant: which it came of is learned where the token is verified, which happens before its first
 * record. Beside the call, and never in its way: where it cannot be written, the log says so and nothing is refused.
 *
 * @module
 */

import { type Log, problemOf } from '../core/index.ts'
import { addressGroup } from '../net/index.ts'
import type { AuditRecord } from '../storage/index.ts'
import type { LastUse } from './api-key-record.ts'
import type { Grants } from './grants.ts'

export type Noted = Pick<AuditRecord, 'at' | 'decision' | 'credential' | 'credentialId' | 'address'>

export interface GrantUse {
  /** A token was verified. */
  learn(tokenId: string, grantId: string): void
  /** Takes every decision as it is recorded. */
  note(record: Noted): void
  /** Writes what is left. */
  close(): Promise<void>
}

const EVERY_MS = 60_000
const WRITE_AFTER_MS = 500
const BATCH = 100
/** Twice as many tokens as the guard keeps verified ones (`guards/authenticate`): what it still knows, this does. */
const MAX_TOKENS = 20_000
const MAX_GRANTS = 10_000

export function createGrantUse({ grants, log }: { readonly grants: Pick<Grants, 'used'>; readonly log: Log }): GrantUse {
  const grantOf = new Map<string, string>()
  /** When it was last noted, the oldest first. */
  const noted = new Map<string, number>()
  const waiting = new Map<string, LastUse>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  function note({ at, credential, credentialId, address = 'unknown' }: Noted): void {
    const grant = credential === 'token' && credentialId !== undefined ? grantOf.get(credentialId) : undefined
    if (grant === undefined) return
    const before = noted.get(grant)
    if (before !== undefined && at - before < EVERY_MS) return
    put(noted, grant, at, MAX_GRANTS)
    waiting.set(grant, { at, from: addressGroup(address) })
    arm()
  }
  function arm(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      writing = writing.then(write)
    }, WRITE_AFTER_MS).unref()
  }
  async function write(): Promise<void> {
    const batch = [...waiting].slice(0, BATCH)
    for (const [id] of batch) waiting.delete(id)
    if (waiting.size > 0) arm()
    try {
      await Promise.all(batch.map(([id, use]) => grants.used(id, use)))
    } catch (error) {
      log('warn', 'the last use of grants could not be noted', { problem: problemOf(error) })
    }
  }
  return {
    learn: (tokenId, grantId) => put(grantOf, tokenId, grantId, MAX_TOKENS),
    note,
    async close() {
      await writing
      while (waiting.size > 0) await write()
      clearTimeout(timer)
    },
  }
}

/** As the newest; the oldest goes where there are too many. */
function put<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value as string)
}
