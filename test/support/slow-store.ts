/** A store whose every look takes some milliseconds, as over a network: what is done in two steps shows. What changes is still one step. */

import { setTimeout as delay } from 'node:timers/promises'
import type { RecordKind, Records, Store } from '../../src/storage/index.ts'

export function slowly(store: Store): Store {
  const later = () => delay(Math.random() * 5)
  return {
    ...store,
    records<T>(kind: RecordKind): Records<T> {
      const records = store.records<T>(kind)
      return {
        get: (id) => later().then(() => records.get(id)),
        list: (query) => later().then(() => records.list(query)),
        usage: (group) => later().then(() => records.usage(group)),
        putIfAbsent: (id, value, options) => later().then(() => records.putIfAbsent(id, value, options)),
        compareAndSet: (id, version, value, options) => later().then(() => records.compareAndSet(id, version, value, options)),
        takeOnce: (id) => later().then(() => records.takeOnce(id)),
      }
    },
  }
}
