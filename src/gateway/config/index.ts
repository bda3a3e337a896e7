export type { Config, ServerConfig } from './config.ts'
export { type LoadConfigOptions, loadConfig, lockFileOf } from './load-config.ts'
export { type SandboxEntry, type ServerSandbox, sandboxEntry } from './sandbox.ts'
export { configJsonSchema } from './schema.ts'
