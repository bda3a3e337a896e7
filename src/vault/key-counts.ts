/** What data keys there are, and which master key each is wrapped with: for whoever looks. @module */

import { allRecords } from '../storage/index.ts'
import type { Data } from './data-dir.ts'
import { type DataKeyRecord, ROOT_ID } from './data-key-record.ts'

export interface KeyCounts {
  /** Where the master key comes from. */
  readonly source: string
  /** The one that wraps now. */
  readonly current: string
  readonly byKind: Readonly<Record<string, number>>
  /** By the id of a master key; the root is among them. */
  readonly byMasterKey: Readonly<Record<string, number>>
}

export async function countKeys({ store, master }: Pick<Data, 'store' | 'master'>): Promise<KeyCounts> {
  const byKind: Record<string, number> = {}
  const byMasterKey: Record<string, number> = {}
  for await (const { id, value } of allRecords(store.records<DataKeyRecord>('data_key'))) {
    byMasterKey[value.keyId] = (byMasterKey[value.keyId] ?? 0) + 1
    if (id !== ROOT_ID) byKind[value.kind] = (byKind[value.kind] ?? 0) + 1
  }
  return { source: master.source, current: await master.wrapper.current(), byKind, byMasterKey }
}
