/**
 * Which client sites gave no usable document, for half a minute: a sign-in that fails names its client several times, and each would
 * ask again, and wait. Of this process, and of so many sites only.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'

export interface Failure {
  readonly problem: string
  /** The site itself says that there is no such client: a copy is none either. */
  readonly isFinal: boolean
}

export interface Failures {
  add(url: string, failure: Failure): void
  find(url: string): Failure | undefined
  forget(url: string): void
}

const TTL_MS = 30_000
const MAX = 1000

export function createFailures({ clock }: { clock: Clock }): Failures {
  const failures = new Map<string, { readonly until: number; readonly failure: Failure }>()
  return {
    add(url, failure) {
      // The newest last, so that the first is the oldest.
      failures.delete(url)
      failures.set(url, { until: clock() + TTL_MS, failure })
      if (failures.size > MAX) failures.delete(failures.keys().next().value as string)
    },
    find(url) {
      const found = failures.get(url)
      if (found !== undefined && found.until > clock()) return found.failure
      failures.delete(url)
      return undefined
    },
    forget: (url) => void failures.delete(url),
  }
}
