export type { Config, Limit, Limits, ServerConfig } from './config.ts'
export { type Flags, type LoadConfigOptions, loadConfig, lockFileOf, type Target } from './load-config.ts'
export { type ConfigFile, configJsonSchema, type ServerEntry } from './schema.ts'
