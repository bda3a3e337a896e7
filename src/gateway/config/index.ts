export type { Config, Limit, Limits, ServerConfig } from './config.ts'
export { type Flags, loadConfig, type LoadConfigOptions, lockFileOf, type Target } from './load-config.ts'
export { type ConfigFile, configJsonSchema, type ServerEntry } from './schema.ts'
