// The public surface of the package: adding a name here is a decision. The server framework and the client follow.

export { ConfigError, createLog, createRedactor, type Level, type Log, type Redactor } from './core/index.ts'
export {
  type Config,
  configJsonSchema,
  createGuard,
  type Guard,
  type GuardOptions,
  type LoadConfigOptions,
  loadConfig,
} from './gateway/index.ts'
