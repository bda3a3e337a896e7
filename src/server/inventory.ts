/**
 * Which tools of a server run where, as `sallyport doctor` tells it: noted at each start in the server's own data, since nobody can
 * ask a server in code from outside. Names of tools, and nothing else of them.
 *
 *   start, update ─ noteInventory ─▶ record ─ readInventories ─▶ doctor
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { Confinement, Depth } from '../sandbox/index.ts'
import { allRecords, changeRecord, type Store } from '../storage/index.ts'

export interface Inventory {
  readonly server: string
  /** Milliseconds since the epoch. */
  readonly notedAt: number
  /** In this process, with a deadline and nothing else. */
  readonly inline: readonly string[]
  /** In a sandbox of this depth. */
  readonly sandboxed: readonly string[]
  readonly depth: Depth | undefined
  readonly missing: readonly string[]
}

const LIFETIME_MS = 90 * 86_400_000
/** More are counted and not named. */
const MAX_NAMES = 200

export interface Offered {
  readonly tools: readonly string[]
  readonly sandboxed: readonly string[]
  readonly confinement: Confinement | undefined
}

export async function noteInventory(store: Store, server: string, { tools, sandboxed, confinement }: Offered, clock: Clock): Promise<void> {
  const apart = new Set(sandboxed)
  const inventory: Inventory = {
    server,
    notedAt: clock(),
    inline: shortened(tools.filter((name) => !apart.has(name))),
    sandboxed: shortened(sandboxed),
    depth: confinement?.depth,
    missing: confinement?.missing ?? [],
  }
  const expiresAt = inventory.notedAt + LIFETIME_MS
  await changeRecord(
    store.records<Inventory>('inventory'),
    server,
    () => inventory,
    () => ({ expiresAt }),
  )
}

const shortened = (names: readonly string[]): readonly string[] =>
  names.length <= MAX_NAMES ? names : [...names.slice(0, MAX_NAMES), `${names.length - MAX_NAMES} more`]

/** Of every server in code that has run on this data. */
export async function readInventories(store: Store): Promise<Inventory[]> {
  const found: Inventory[] = []
  for await (const { value } of allRecords(store.records<Inventory>('inventory'))) found.push(value)
  return found
}
