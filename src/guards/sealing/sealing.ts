/**
 * Payload encryption, the server's side (docs/payload-encryption.md).
 *
 *   validate ─ open ─▶ check, rule, person and function see the value      release ─ seal ─▶ the caller alone can read it
 *
 * Fails closed: where the keys cannot be had, nothing is published, opened or sealed.
 *
 * @module
 */

import type { Clock, Entry, Redactor } from '../../core/index.ts'
import { createContentKeys, ENCRYPTION, stateKeys, type ToolEncryption } from '../../payload/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Counters } from '../../storage/index.ts'
import type { ArgumentSteps } from '../arguments.ts'
import type { Step } from '../release/index.ts'
import { createSealingAnswers } from './answers.ts'
import type { PayloadKey } from './key-record.ts'
import type { PayloadKeys } from './keys.ts'
import { createOpenArguments } from './open-arguments.ts'
import { createSealResults } from './seal-results.ts'

export interface SealingOptions {
  readonly keys: PayloadKeys
  /** What was used once: whoever may call can fill it. */
  readonly counters: Counters
  readonly redactor: Redactor
  readonly clock: Clock
}

export interface Sealing {
  readonly open: ArgumentSteps['open']
  readonly seal: Step
  /** The entries as they are listed: what has sealed fields says whose keys they are for. Makes the keys where there are none yet. */
  publish(entries: readonly Entry[]): Promise<readonly Entry[]>
  /** When `publish` would answer something else. Answers how to stop telling. */
  readonly onChange: PayloadKeys['onChange']
}

/** A caller has one for each of its connections and each direction. */
const MAX_CONTENT_KEYS = 1_000

export function createSealing({ keys, counters, redactor, clock }: SealingOptions): Sealing {
  const contentKeys = createContentKeys(MAX_CONTENT_KEYS)
  const answers = createSealingAnswers(keys, clock)
  return {
    open: createOpenArguments({ keys, contentKeys, answers, counters, clock }),
    seal: createSealResults({ keys, contentKeys, redactor, clock }),
    async publish(entries) {
      if (!entries.some(({ sealed }) => sealed)) return entries
      const { identity, succession, keys: all } = await keys.current()
      const jwks = all.map(({ jwk }) => jwk)
      // Of when the newest was made: each process says the same, byte for byte.
      const statement = stateKeys(jwks, Math.floor((all.at(-1) as PayloadKey).createdAt / 1000), identity.privateKey)
      return entries.map((entry) => {
        if (!entry.sealed) return entry
        const { _meta: meta } = entry.definition
        const encryption: ToolEncryption = { v: 1, tool: entry.origin.name, identity: identity.jwk, keys: statement, succession }
        return { ...entry, definition: { ...entry.definition, _meta: { ...(isObject(meta) ? meta : {}), [ENCRYPTION]: encryption } } }
      })
    },
    onChange: keys.onChange,
  }
}
