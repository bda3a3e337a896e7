/**
 * The agreements of one connection: one for each tool, made by the first call that needs it and shared by those that come meanwhile.
 *
 * @module
 */

import type { Clock, JsonObject } from '../../core/index.ts'
import type { Path } from '../../payload/index.ts'
import { type Agreed, agree, isStanding, type NotAgreed, type SendCall } from './agree.ts'
import type { Believed, Named } from './belief.ts'

export interface Agreements {
  /** What stands, or what `send` makes. `remember` is asked before it counts, and may throw. */
  of(request: AgreementRequest): Promise<Agreed | NotAgreed>
  drop(name: string): void
  clear(): void
}

export interface AgreementRequest {
  readonly named: Named
  readonly believed: Believed
  readonly params: JsonObject
  /** Where the arguments have something to encrypt. */
  readonly paths: readonly Path[]
  readonly send: SendCall
  readonly remember: (agreed: Agreed) => Promise<void>
}

export function createAgreements(clock: Clock): Agreements {
  let made = new Map<string, Agreed>()
  const making = new Map<string, Promise<Agreed | NotAgreed>>()

  async function make({ named, believed, params, paths, send, remember }: AgreementRequest): Promise<Agreed | NotAgreed> {
    const here = made
    const agreed = await agree(named, params, paths, believed, send, clock)
    if ('answer' in agreed) return agreed
    await remember(agreed)
    here.set(named.name, agreed)
    return agreed
  }

  return {
    async of(request) {
      const { named, believed } = request
      // Whoever came first may have been cancelled, or refused for what only they asked.
      await making.get(named.name)?.catch(() => {})
      const standing = made.get(named.name)
      if (standing && isStanding(standing, believed)) return standing
      const mine = make(request)
      making.set(named.name, mine)
      try {
        return await mine
      } finally {
        if (making.get(named.name) === mine) making.delete(named.name)
      }
    },
    drop: (name) => void made.delete(name),
    clear() {
      made = new Map()
      making.clear()
    },
  }
}
