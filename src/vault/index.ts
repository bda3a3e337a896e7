export { createKeyRing, createMemoryKeyRing, type KeyRingOptions } from './create-key-ring.ts'
export { type Data, type OpenDataOptions, openData, resolveDataDir } from './data-dir.ts'
export type { KeyRing } from './key-ring.ts'
export { isShared, requireOurs } from './require-ours.ts'
