/**
 * Links that do one thing once: make the owner's account, accept an invitation, set a new password. Whoever uses one first has used it
 * up; the store keeps an HMAC of its code only. A new link in the same place ends the one before.
 *
 * What a link is good for is fixed when it is made, by an operator: nothing of it can be chosen by whoever holds it.
 *
 * @module
 */

import { type Clock, createId } from '../core/index.ts'
import { allRecords, type Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { groupOfAccount } from './account.ts'

export type LinkPurpose =
  | { readonly kind: 'owner' }
  | { readonly kind: 'invitation'; readonly name: string; readonly roles: readonly string[]; readonly groups: readonly string[] }
  | {
      readonly kind: 'password'
      readonly name: string
      /** Of the account that it was made for: another of that name has no use of it. */
      readonly since: number
    }

/** What may be shown of a link that is open. */
export interface OpenLink {
  readonly purpose: LinkPurpose
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface OneTimeLinks {
  /** `code` goes into the link, and is nowhere else. */
  create(purpose: LinkPurpose): Promise<OpenLink & { readonly code: string }>
  /** What a code is good for. Looking does not use it up. */
  look(code: string): Promise<LinkPurpose | undefined>
  /** The same, for one caller. */
  use(code: string): Promise<LinkPurpose | undefined>
  /** Those that nobody has used. */
  list(kind: LinkPurpose['kind']): Promise<readonly OpenLink[]>
  /** False where there was none. */
  end(purpose: Pick<LinkPurpose, 'kind'> & { readonly name?: string | undefined }): Promise<boolean>
}

export const LINK_MINUTES: Readonly<Record<LinkPurpose['kind'], number>> = { owner: 10, invitation: 3 * 24 * 60, password: 60 }

interface Kept extends OpenLink {
  readonly place: string
}

export interface LinksParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly clock: Clock
}

export function createOneTimeLinks({ store, keyRing, clock }: LinksParts): OneTimeLinks {
  const links = store.records<Kept>('one_time_link')
  // The code is what finds it: there is nothing to compare, and no time to measure.
  const idOf = (code: string): string => keyRing.mac('one-time-link', normalized(code)).toString('base64url')

  async function endPlace(kind: LinkPurpose['kind'], name: string | undefined): Promise<boolean> {
    let ended = false
    for await (const { id, value } of allRecords(links, { group: groupOf(kind, name) }))
      if (value.place === placeOf(kind, name) && (await links.takeOnce(id)) !== undefined) ended = true
    return ended
  }
  return {
    async create(purpose) {
      const { kind } = purpose
      const name = nameOf(purpose)
      const code = createId('', 32).replace(/(.{8})(?=.)/g, '$1-')
      const expiresAt = clock() + LINK_MINUTES[kind] * 60_000
      await endPlace(kind, name)
      const kept: Kept = { purpose, expiresAt, place: placeOf(kind, name) }
      if (!(await links.putIfAbsent(idOf(code), kept, { expiresAt, group: groupOf(kind, name) }))) throw new Error('a code came up twice')
      return { purpose, expiresAt, code }
    },
    look: async (code) => (await links.get(idOf(code)))?.value.purpose,
    use: async (code) => (await links.takeOnce(idOf(code)))?.purpose,
    async list(kind) {
      const open = await Array.fromAsync(allRecords(links), ({ value: { purpose, expiresAt } }) => ({ purpose, expiresAt }))
      return open.filter(({ purpose }) => purpose.kind === kind)
    },
    end: ({ kind, name }) => endPlace(kind, name),
  }
}

const nameOf = (purpose: LinkPurpose): string | undefined => (purpose.kind === 'owner' ? undefined : purpose.name)
/** There is one open link in each. */
const placeOf = (kind: LinkPurpose['kind'], name: string | undefined): string => `${kind}:${name ?? ''}`
const groupOf = (kind: LinkPurpose['kind'], name: string | undefined): string =>
  kind === 'password' ? groupOfAccount(name ?? '') : `links:${kind}`
/** As people read it out. */
const normalized = (code: string): string => code.trim().toLowerCase().replaceAll('-', '')
