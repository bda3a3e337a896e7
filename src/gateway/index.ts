export type { ToolClass, ToolRule } from './classify.ts'
export {
  type Config,
  configJsonSchema,
  type Flags,
  type Limit,
  type Limits,
  type LoadConfigOptions,
  loadConfig,
  lockFileOf,
  type ServerConfig,
  type Target,
} from './config/index.ts'
export { type Classification, createGateway, type Gateway, type GatewayOptions, type UpstreamStatus } from './gateway.ts'
export { createGuard, type Guard, type GuardOptions } from './guard.ts'
