export type { Config, ServerConfig } from './config.ts'
export { type LoadConfigOptions, loadConfig, lockFileOf } from './load-config.ts'
export { configJsonSchema } from './schema.ts'
