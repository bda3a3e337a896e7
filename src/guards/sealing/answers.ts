/** What a caller is told whose call cannot be run as it is, with all that its client needs to do it right. @module */

import { type Clock, type Decision, deny, type Entry, type JsonObject, type Principal, type SealedProblem } from '../../core/index.ts'
import { handleOf, stateAgreement, thumbprintOf } from '../../payload/index.ts'
import type { PayloadKey } from './key-record.ts'
import type { PayloadKeys } from './keys.ts'

/** How long a client may believe who it is here. */
const AGREED_FOR_SECONDS = 3_600

export interface SealingAnswers {
  /** It must be sealed, and to which key. `epk`: the caller's, where it has told one. */
  demand(entry: Entry, principal: Principal, path: string | undefined, epk: string | undefined): Promise<Decision<never>>
  /** It was sealed, and is not taken. */
  refuse(entry: Entry, principal: Principal, path: string, problem: SealedProblem, epk: string | undefined): Promise<Decision<never>>
}

/** What another key, or a clock that is put right, can mend. */
const mendable: readonly SealedProblem[] = ['unknown_key', 'too_old', 'from_the_future']

export function createSealingAnswers(keys: PayloadKeys, clock: Clock): SealingAnswers {
  async function agreed(entry: Entry, principal: Principal, epk: string | undefined): Promise<JsonObject | undefined> {
    if (epk === undefined) return undefined
    const { identity, keys: all } = await keys.current()
    const iat = Math.floor(clock() / 1000)
    const statement = stateAgreement(
      {
        tool: entry.origin.name,
        principal: handleOf(principal),
        epk: thumbprintOf({ kty: 'OKP', crv: 'X25519', x: epk }),
        key: (all.at(-1) as PayloadKey).jwk,
        iat,
        exp: iat + AGREED_FOR_SECONDS,
      },
      identity.privateKey,
    )
    return { ...statement }
  }
  return {
    async demand(entry, principal, path, epk) {
      return deny({ reason: 'encryption_required', path, agreement: await agreed(entry, principal, epk) })
    },
    async refuse(entry, principal, path, problem, epk) {
      const agreement = mendable.includes(problem) ? await agreed(entry, principal, epk) : undefined
      return deny({ reason: 'sealed_value_refused', path, problem, agreement })
    },
  }
}
