export { type ExplainServersOptions, explainServers } from './explain-servers.ts'
export { shownGrants, shownPath } from './hints.ts'
export { createSandboxes, type Sandboxes } from './sandboxes.ts'
export type { SandboxStatus } from './server-sandbox.ts'
