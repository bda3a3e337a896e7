/**
 * What tells this Sallyport's own URIs (`sallyport://INSTANCE/…`) from those of another one that is guarded by it. Follows from its keys, so
 * that every node of one service has the same. No secret: it opens nothing.
 *
 * @module
 */

import type { KeyRing } from './key-ring.ts'

const CHARACTERS = 8

export const createInstanceId = (keyRing: Pick<KeyRing, 'mac'>): string =>
  keyRing.mac('instance', 'sallyport').toString('hex').slice(0, CHARACTERS)
