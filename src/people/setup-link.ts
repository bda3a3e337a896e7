/**
 * The one-time link by which the owner's account is made. There is one link at a time (a new one replaces it), it is
 * good for ten minutes, and whoever uses it first has used it up; the store keeps an HMAC of it only.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import { type Clock, createId } from '../core/index.ts'
import type { Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'

export interface SetupLink {
  /** The code of a new link. */
  create(): Promise<string>
  isOpen(code: string): Promise<boolean>
  /** True for one caller. */
  use(code: string): Promise<boolean>
}

const SLOT = 'owner-setup'
const LIFETIME_MS = 600_000

export function createSetupLink({ store, keyRing, clock }: { store: Store; keyRing: KeyRing; clock: Clock }): SetupLink {
  const links = store.records<{ readonly mac: string }>('one_time_link')
  const macOf = (code: string) => keyRing.mac('setup-link', code.toLowerCase().replaceAll('-', ''))
  const matches = (code: string, mac: string | undefined) =>
    mac !== undefined && timingSafeEqual(macOf(code), Buffer.from(mac, 'base64url'))

  return {
    async create() {
      const code = createId('', 32).replace(/(.{8})(?=.)/g, '$1-')
      const value = { mac: macOf(code).toString('base64url') }
      await links.takeOnce(SLOT)
      if (!(await links.putIfAbsent(SLOT, value, { expiresAt: clock() + LIFETIME_MS })))
        throw new Error('another set-up link was made meanwhile')
      return code
    },
    async isOpen(code) {
      return matches(code, (await links.get(SLOT))?.value.mac)
    },
    async use(code) {
      // A wrong code must not use up the link, so it is looked at before it is taken, and again after.
      if (!matches(code, (await links.get(SLOT))?.value.mac)) return false
      return matches(code, (await links.takeOnce(SLOT))?.mac)
    },
  }
}
