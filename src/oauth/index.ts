export { type Account, type Accounts, createAccounts, MIN_PASSWORD, type NewAccount } from './accounts.ts'
export { type ApiKeyInfo, type ApiKeys, type ApiKeysOptions, createApiKeys, type NewApiKey } from './api-keys.ts'
export type { AuthorizationServerOptions } from './options.ts'
export { type AuthorizationServer, createAuthorizationServer } from './server.ts'
