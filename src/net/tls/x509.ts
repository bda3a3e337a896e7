/**
 * `@peculiar/x509`, loaded by whoever makes a certificate and by nobody else: most servers are given theirs.
 *
 * The dependency injection that it brings wants the Reflect metadata functions and stops without them. It is shown some that
 * know nothing, which is all that it needs, and only while it is loaded: `require` returns in one piece, so that no other
 * module ever sees them and takes them for a real polyfill.
 *
 * @module
 */

import { createRequire } from 'node:module'
import type * as X509 from '@peculiar/x509'

let loaded: typeof X509 | undefined

export function loadX509(): typeof X509 {
  if (loaded) return loaded
  const own = Reflect as unknown as Record<string, unknown>
  const missing = ['getMetadata', 'getOwnMetadata', 'defineMetadata'].filter((name) => !(name in own))
  for (const name of missing) own[name] = () => undefined
  try {
    loaded = createRequire(import.meta.url)('@peculiar/x509') as typeof X509
  } finally {
    for (const name of missing) delete own[name]
  }
  return loaded
}
