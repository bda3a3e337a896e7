/**
 * Nonces for proofs (RFC 9449 §8): each is good for a few minutes, follows from the key ring and the time alone, and so is good
 * at every process that has the same keys.
 *
 * The token endpoint and the MCP endpoint share an origin, and clients keep one nonce for an origin: made as oidc-provider makes
 * its own, one of either is good at the other (a test says so, and finds an upgrade that changes it).
 *
 * @module
 */

import { hkdfSync } from 'node:crypto'
import type { Clock } from '../core/index.ts'
import type { KeyRing } from '../vault/index.ts'

export interface Nonces {
  /** What goes into the next proof. */
  current(): string
  accepts(nonce: string): boolean
}

const STEP_MS = 60_000
/** Two steps back for what was given out, two ahead for clocks that differ; the one that is given out is a step ahead. */
const STEPS = [-2, -1, 0, 1, 2] as const
const NEXT = STEPS.indexOf(1)

/** 32 bytes, as oidc-provider wants them. */
export const nonceSecret = (keyRing: KeyRing): Buffer => keyRing.mac('dpop-nonce', '0')

export function createNonces({ keyRing, clock }: { readonly keyRing: KeyRing; readonly clock: Clock }): Nonces {
  const secret = nonceSecret(keyRing)
  let made: { readonly step: number; readonly nonces: readonly string[] } | undefined

  function around(): readonly string[] {
    const step = Math.floor(clock() / STEP_MS)
    if (made?.step !== step) made = { step, nonces: STEPS.map((offset) => nonceOf(secret, step + offset)) }
    return made.nonces
  }
  return {
    current: () => around()[NEXT] as string,
    // Anybody is given one for the asking: there is nothing to be learned from the time that a comparison takes.
    accepts: (nonce) => around().includes(nonce),
  }
}

function nonceOf(secret: Buffer, step: number): string {
  const salt = Buffer.alloc(8)
  salt.writeBigUInt64BE(BigInt(step))
  return Buffer.from(hkdfSync('sha256', secret, salt, 'DPoP', 32)).toString('base64url')
}
