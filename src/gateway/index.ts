export { type Config, configJsonSchema, type LoadConfigOptions, loadConfig, lockFileOf } from './config/index.ts'
export { type Classification, createGateway, type Gateway } from './gateway.ts'
export { createGuard, type Guard, type GuardOptions } from './guard.ts'
export { type SecretReference, secretsAskedBy } from './secrets/template.ts'
