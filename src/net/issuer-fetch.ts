/**
 * The guarded fetch for an issuer that an operator chose: its metadata, its keys and its endpoints. The hosts that the operator wrote may
 * be private or on loopback; one that only the metadata names must be public. No redirect is followed, no answer is larger or slower than
 * the bounds. Fails closed, with a value.
 *
 * @module
 */

import { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts'
import type { Lookup } from './reach.ts'

export interface IssuerFetchOptions {
  /** The URLs that the operator wrote. */
  readonly written: readonly string[]
  readonly lookup?: Lookup | undefined
  readonly ca?: readonly string[] | undefined
}

const TIMEOUT_MS = 5_000
const MAX_BYTES = 256 * 1024
/** As many as sign in, or present new tokens, at once on a Monday morning, but not any number. */
const AT_ONCE = 64

export const createIssuerFetch = ({ written, lookup, ca }: IssuerFetchOptions): GuardedFetch =>
  createGuardedFetch({
    dangerouslyAllowPrivateHosts: written.map((url) => new URL(url).hostname),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    maxRedirects: 0,
    atOnce: AT_ONCE,
    perHost: AT_ONCE,
    lookup,
    ca,
  })
