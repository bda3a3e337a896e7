/**
 * What a person granted to a client. A token names its grant, so ending the grant ends its tokens, which are otherwise
 * good until they expire: the verifier finds no grant, and the bus makes everybody look again.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { Bus, Store } from '../storage/index.ts'
import type { Artifacts, Payload } from './artifacts.ts'

export interface Grants {
  /** Undefined for one that ended. */
  find(id: string): Promise<Payload | undefined>
  save(id: string, payload: Payload, ttlSeconds: number): Promise<void>
  /** Ends it and all that came of it. True where it had not ended before. */
  revoke(id: string): Promise<boolean>
}

/** Codes and refresh tokens of one grant. */
export const grantGroup = (grantId: string): string => `grant:${grantId}`

interface Kept {
  readonly payload: Payload
}

export function createGrants({ store, bus, clock, artifacts }: { store: Store; bus: Bus; clock: Clock; artifacts: Artifacts }): Grants {
  const records = store.records<Kept>('grant')
  return {
    async find(id) {
      return (await records.get(id))?.value.payload
    },
    async save(id, payload, ttlSeconds) {
      const options = { group: `account:${String(payload['accountId'])}`, expiresAt: clock() + ttlSeconds * 1000 }
      for (;;) {
        const found = await records.get(id)
        const done = found
          ? await records.compareAndSet(id, found.version, { payload }, options)
          : await records.putIfAbsent(id, { payload }, options)
        if (done) return
      }
    },
    async revoke(id) {
      // The grant first: from here on nothing of it is accepted or renewed, whatever else fails.
      const ended = (await records.takeOnce(id)) !== undefined
      if (ended) bus.publish('credentials', `grant:${id}`)
      await artifacts.removeGroup(grantGroup(id))
      return ended
    },
  }
}
