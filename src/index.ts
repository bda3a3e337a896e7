/**
 * What the package gives to programs. Each name is a promise: `test/unit/house.test.ts` pins the list.
 *
 * @module
 */

export { ConfigError, createLog, createRedactor, type Level, type Log, type LogOptions, type Redactor } from './core/index.ts'
export {
  type Classification,
  type Config,
  configJsonSchema,
  createGuard,
  type Guard,
  type GuardOptions,
  type LoadConfigOptions,
  loadConfig,
  type UpstreamStatus,
} from './gateway/index.ts'
