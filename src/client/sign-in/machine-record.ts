/**
 * A token that a program obtained by itself, as it is kept for its next start and for the processes beside it. Whose it is, is part of
 * it: what was obtained for one person or workload is never used for another who shares the store.
 *
 * What does not parse counts as absent: another token is obtained.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isScope, type Log } from '../../core/index.ts'
import { type KeptProofKey, keptProofKeySchema } from './dpop-key.ts'
import { parseKept } from './kept-record.ts'
import { isHeaderValue } from './token-request.ts'

export interface MachineRecord {
  /** From {@link toHolder}. */
  readonly holder: string
  readonly accessToken: string
  /** All that was asked for in it. */
  readonly asked: readonly string[]
  readonly receivedAt: number
  readonly expiresAt?: number | undefined
  readonly proofKey?: KeptProofKey | undefined
}

const schema: z.ZodType<MachineRecord> = z.strictObject({
  holder: z.string().max(100),
  accessToken: z.custom<string>(isHeaderValue),
  asked: z.array(z.custom<string>(isScope)).max(1000),
  receivedAt: z.number(),
  expiresAt: z.number().optional(),
  proofKey: keptProofKeySchema.optional(),
})

/** `text`: as it was kept, undefined where nothing was. */
export function parseMachineRecord(text: string | undefined, log: Log): MachineRecord | undefined {
  if (text === undefined) return undefined
  const kept = parseKept(schema, text)
  if (!kept) log('warn', 'A kept token cannot be read and counts as none: another one is obtained')
  return kept
}

/** A name for everything that a token depends on; nothing can be read out of it. */
export const toHolder = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('base64url')

/**
 * Whom a token of the program's own is about: issuer and subject of a JWT, which stay the same in the next one, else the whole of it.
 * Nothing is verified: it is to tell apart, and the program itself brought it.
 */
export async function subjectOf(token: string): Promise<readonly unknown[]> {
  const { decodeJwt } = await import('jose')
  try {
    const { iss, sub } = decodeJwt(token)
    if (typeof iss === 'string' && typeof sub === 'string') return [iss, sub]
  } catch {
    // Opaque.
  }
  return [token]
}
