export { createKeyRing, createMemoryKeyRing } from './create-key-ring.ts'
export { type Data, openData, resolveDataDir } from './data-dir.ts'
export type { KeyRing } from './key-ring.ts'
export { isShared, requireOurs } from './require-ours.ts'
