export { type Accounts, createAccounts } from './accounts.ts'
export { type ApiKeys, createApiKeys } from './api-keys.ts'
export type { AuthorizationServerOptions } from './options.ts'
export { type AuthorizationServer, createAuthorizationServer } from './server.ts'
