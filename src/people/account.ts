/** What is known of a person who may sign in, and how it is kept. @module */

import { createHash } from 'node:crypto'

/** Somebody at an identity provider. The provider's word for them alone: never an e-mail address, which changes hands. */
export interface Identity {
  /** The provider's issuer, exactly as its tokens name it. */
  readonly provider: string
  readonly subject: string
}

export interface Account {
  readonly name: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  /** The person who set this server up; there is one at most. */
  readonly owner: boolean
  /** Milliseconds since the epoch. What was granted to an account of this name before was granted to another. */
  readonly since: number
  readonly hasPassword: boolean
  /** Switched off by an operator: nobody signs in as it, and nothing that it allowed counts. */
  readonly disabled: boolean
  /** Who vouches for the person, where they sign in elsewhere. */
  readonly identity?: Identity | undefined
  /** When they last did so. Milliseconds since the epoch. */
  readonly vouchedAt?: number | undefined
  /** Grows when earlier sign-ins end: a new password, switched off. A sign-in that began under another one does not count. */
  readonly generation: number
}

/** As the store has it; what is not there was written before there was such a thing. */
export interface KeptAccount {
  readonly name: string
  readonly roles: readonly string[]
  readonly groups?: readonly string[] | undefined
  readonly owner: boolean
  readonly since: number
  readonly hash?: string | undefined
  readonly disabled?: boolean | undefined
  readonly identity?: Identity | undefined
  readonly vouchedAt?: number | undefined
  readonly generation?: number | undefined
}

export function toAccount({
  name,
  roles,
  groups = [],
  owner,
  since,
  hash,
  disabled = false,
  identity,
  vouchedAt,
  generation = 0,
}: KeptAccount): Account {
  return Object.freeze({
    name,
    roles,
    groups,
    owner,
    since,
    hasPassword: hash !== undefined,
    disabled,
    identity,
    generation,
    ...(vouchedAt !== undefined && { vouchedAt }),
  })
}

/** The second way to find an account, and the one way to find all that belongs to a person. */
export const groupOfAccount = (name: string): string => `account:${name}`
export const identityId = ({ provider, subject }: Identity): string =>
  createHash('sha256')
    .update(JSON.stringify([provider, subject]))
    .digest('base64url')

/** The same account still, and nothing has happened since that ends what was begun. */
export const isSame = (now: Account | undefined, then: Pick<Account, 'since' | 'generation'>): now is Account =>
  now !== undefined && now.since === then.since && now.generation === then.generation
