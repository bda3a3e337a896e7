/**
 * Registered clients. One that nobody ever allowed anything is forgotten after an hour: anybody may register, and some
 * clients do it at every start. A secret is sealed.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { Bus, RecordOptions, Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import type { Payload } from './artifacts.ts'

export interface Clients {
  /** Its metadata (RFC 7591 §2), with the secret. */
  find(id: string): Promise<Payload | undefined>
  exists(id: string): Promise<boolean>
  register(id: string, metadata: Payload): Promise<void>
  /** Somebody allowed it something: from now on it stays. */
  keep(id: string): Promise<void>
  remove(id: string): Promise<void>
}

interface Kept {
  readonly metadata: Payload
  readonly secret?: string | undefined
  readonly registeredAt: number
  readonly kept: boolean
}

const UNUSED_TTL_SECONDS = 3600

export function createClients({ store, keyRing, bus, clock }: { store: Store; keyRing: KeyRing; bus: Bus; clock: Clock }): Clients {
  const records = store.records<Kept>('client')
  const placeOf = (id: string) => `client/${id}`
  const forever: RecordOptions = {}

  return {
    async find(id) {
      const kept = (await records.get(id))?.value
      if (kept?.secret === undefined) return kept?.metadata
      const secret = keyRing.open(kept.secret, placeOf(id))
      // Without its secret it would have to be let in without one.
      return secret && { ...kept.metadata, client_secret: secret.toString() }
    },
    async exists(id) {
      return (await records.get(id)) !== undefined
    },
    async register(id, { client_secret, ...metadata }) {
      const secret = typeof client_secret === 'string' ? keyRing.seal(client_secret, placeOf(id)) : undefined
      const value: Kept = { metadata, secret, registeredAt: clock(), kept: false }
      const won = await records.putIfAbsent(id, value, { expiresAt: clock() + UNUSED_TTL_SECONDS * 1000 })
      if (!won) throw new Error('a client of that id is registered')
    },
    async keep(id) {
      for (;;) {
        const found = await records.get(id)
        if (found === undefined || found.value.kept) return
        if (await records.compareAndSet(id, found.version, { ...found.value, kept: true }, forever)) return
      }
    },
    async remove(id) {
      await records.takeOnce(id)
      bus.publish('credentials', `client:${id}`)
    },
  }
}
