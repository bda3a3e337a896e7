/**
 * References, wired: what callers put here, how it is read as a resource, and how arguments that refer to something get it. The resource
 * and the methods are there while some tool takes references, and not before.
 *
 * Fails closed: where nothing takes references, what was put here is read by nobody.
 *
 * @module
 */

import type { Catalogue, Extension } from '../catalogue/index.ts'
import type { Clock, Log } from '../core/index.ts'
import { problemOf } from '../core/index.ts'
import {
  createKeptEntry,
  createKeptMethods,
  createKeptResources,
  createReadInside,
  createResolveReferences,
  type ReadStages,
  type ReferenceSource,
  type ResolveReferences,
} from '../guards/index.ts'
import type { Store } from '../storage/index.ts'
import { createInstanceId, type KeyRing, type Vault } from '../vault/index.ts'
import type { Bounds } from './bounds.ts'

export interface ReferringOptions {
  readonly store: Store
  readonly vault: Vault
  readonly keyRing: KeyRing
  readonly catalogue: Catalogue
  readonly bounds: Bounds
  readonly clock: Clock
  readonly log: Log
  /** What else is kept for callers: results that were too large to send. */
  readonly sources: readonly ReferenceSource[]
  /** Those that a read goes through. */
  readonly stages: () => ReadStages
}

export interface Referring {
  readonly resolve: ResolveReferences
  readonly extension: Extension
  close(): void
}

const KEY = 'sallyport:kept'
const SWEEP_MS = 60_000
/** What a message has beside the part that it carries. */
const ENVELOPE_BYTES = 2048
const MOST_PART_BYTES = 512 * 1024
const LEAST_PART_BYTES = 256

export function createReferring({ store, vault, keyRing, catalogue, bounds, clock, log, sources, stages }: ReferringOptions): Referring {
  const partBytes = partBytesFor(bounds.bodyBytes)
  const instance = createInstanceId(keyRing)
  const kept = createKeptResources({ store, vault, instance, bounds: bounds.references, partBytes, clock })
  const entry = createKeptEntry(kept, bounds.resultBytes)
  let isOffered = false
  catalogue.onChange(() => {
    const isWanted = catalogue.hasReferences()
    if (isWanted === isOffered) return
    isOffered = isWanted
    catalogue.replace(KEY, isWanted ? [entry] : [])
  })
  const sweeping = setInterval(() => {
    kept.sweep().catch((error: unknown) => log('warn', 'what was put here by halves could not be removed', { problem: problemOf(error) }))
  }, SWEEP_MS)
  sweeping.unref()
  return {
    resolve: createResolveReferences({ sources: [kept, ...sources], readInside: createReadInside(stages, clock) }),
    extension: createKeptMethods({ kept, catalogue, bounds: bounds.references, partBytes }),
    close: () => clearInterval(sweeping),
  }
}

/** As much as fits into one message in Base64, in whole kilobytes where there is room for some. */
export function partBytesFor(bodyBytes: number): number {
  const most = Math.min(MOST_PART_BYTES, Math.floor(((bodyBytes - ENVELOPE_BYTES) * 3) / 4))
  return Math.max(LEAST_PART_BYTES, most - (most % 1024))
}
