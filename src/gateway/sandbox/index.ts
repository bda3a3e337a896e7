export { shownGrants } from './hints.ts'
export { createSandboxes, type Sandboxes } from './sandboxes.ts'
export type { SandboxStatus } from './server-sandbox.ts'
