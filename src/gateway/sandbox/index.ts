export { createSandboxes, type Sandboxes } from './sandboxes.ts'
export type { Keeper } from './server-sandbox.ts'
