export {
  type Config,
  configJsonSchema,
  type LoadConfigOptions,
  loadConfig,
  lockFileOf,
  type SandboxEntry,
  sandboxEntry,
} from './config/index.ts'
export { createGateway, type Gateway } from './gateway.ts'
export { createGuard, type Guard, type GuardOptions } from './guard.ts'
export type { Classification } from './guarded-server.ts'
export {
  createLaunches,
  createPins,
  isLaunchProblem,
  type LaunchQuestion,
  type Pins,
  type PinView,
  packagesDirOf,
  type ServerPin,
  toAccept,
  toView,
} from './launch/index.ts'
export { openLockFile } from './launch/lock-file.ts'
export { createPeople } from './people.ts'
export { checkGrants, createSandboxes, explainServers, type SandboxStatus, shownGrants, shownPath } from './sandbox/index.ts'
export { type SecretReference, secretsAskedBy } from './secrets/template.ts'
