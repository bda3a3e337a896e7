/**
 * Which scopes to ask for (2026-07-28 authorization §scope selection, §step-up). Pure.
 *
 * @module
 */

import { isScope } from '../../core/index.ts'

export const OFFLINE_ACCESS = 'offline_access'

/** The most that are asked for, or read of what others ask for. */
export const MAX_SCOPES = 200

/** A space-separated list; undefined where it is not one. */
export const parseScopes = (value: unknown): readonly string[] | undefined =>
  typeof value === 'string' ? toScopes(value.split(' ').filter((part) => part !== '')) : undefined

/** Undefined where it is no list of scopes, an empty list too: nothing was said then. */
export function toScopes(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SCOPES || !value.every(isScope)) return undefined
  return [...new Set<string>(value)]
}

/** Each once, in the order in which it was said first. */
export const union = (...lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())]

export interface ScopeSources {
  /** What the program asks for. */
  readonly wished: readonly string[] | undefined
  /** What the 401 named. */
  readonly challenged: readonly string[] | undefined
  /** What the protected resource metadata lists. */
  readonly supported: readonly string[] | undefined
  /** What the authorization server lists. */
  readonly serverSupported: readonly string[] | undefined
  /** What a refused request needs, with everything asked for before. */
  readonly needed: readonly string[]
}

/**
 * What the program wishes wins over what the server suggests: to ask for less is always allowed, and to ask for more would be
 * against its word. Without a wish it is the challenge, then what the metadata lists, then nothing, which leaves it to the
 * authorization server; and `offline_access` where the authorization server lists it, so that the person need not come back
 * for each new access token. What a request was refused for is added to all of them.
 */
export function selectScopes({ wished, challenged, supported, serverSupported, needed }: ScopeSources): readonly string[] {
  const base = wished ?? [
    ...(challenged ?? supported ?? []),
    ...((challenged ?? supported) && serverSupported?.includes(OFFLINE_ACCESS) ? [OFFLINE_ACCESS] : []),
  ]
  return union(base, needed)
}
