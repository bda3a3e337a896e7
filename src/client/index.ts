export { MCPClient, type MCPRequest } from './client.ts'
export type { CacheMode } from './connection/cache.ts'
export type { Change } from './connection/changes.ts'
export type { InputHooks } from './connection/input-hooks.ts'
export type { Listing } from './connection/listing.ts'
export type { CompletionRequest, ServerInfo } from './connection/requests.ts'
export type { ServerLogEntry } from './connection/server-log.ts'
export type { CachedRequestOptions, Progress, RequestOptions } from './connection/session.ts'
export type { UrlAnswer, UrlHook, UrlQuestion, UrlWarning } from './connection/url-question.ts'
export type { Watched, WatchOptions } from './connection/watch.ts'
export { discard, readBounded } from './documents.ts'
export { createEndpointFinder, type EndpointFinder } from './endpoint.ts'
export {
  AuthorizationError,
  type AuthorizationProblem,
  authorizationSteps,
  MCPRequestError,
  TokenStoreError,
  type TokenStoreProblem,
  TransportError,
  type TransportProblem,
  TrustError,
  type TrustProblem,
  transportSteps,
  trustSteps,
} from './errors.ts'
export { createNetwork, type Network } from './network.ts'
export type { ApiKeyOptions, MCPClientOptions } from './options.ts'
export type { AuthorizationUrlRequest } from './request-options.ts'
export type { ResourceData } from './resources/parts.ts'
export type { PutResource, PutResourceOptions } from './resources/resources.ts'
export { fieldsOfShown as encryptedIn } from './sealing/definition.ts'
export type { EncryptionOptions } from './sealing/encryption-options.ts'
export type { OAuth2Options, SignInWay } from './sign-in/auth-options.ts'
export { type AuthorizationRequest, codeIn, stateIn, toAuthorizationUrl } from './sign-in/authorization-requests.ts'
export { parseChallenge } from './sign-in/challenge.ts'
export type { ClientIdentity } from './sign-in/client-identity.ts'
export type { DeviceCode } from './sign-in/device-sign-in.ts'
export { type Discovered, discover } from './sign-in/discovery.ts'
export { freshUntil } from './sign-in/freshness.ts'
export type { SignedOut } from './sign-in/kept-grants.ts'
export type { ClientCredentialsOptions, EnterpriseOptions, IdentityProviderOptions, WorkloadOptions } from './sign-in/machine-options.ts'
export { openBrowser } from './sign-in/open-browser.ts'
export { type ClientMetadata, type ClientRegistration, registerClient } from './sign-in/registration.ts'
export { isResource, resourceMetadataUrls, serverMetadataUrls } from './sign-in/resource.ts'
export { selectScopes } from './sign-in/scopes.ts'
export { requestTokens, revokeToken, type Tokens } from './sign-in/token-request.ts'
export type { SignInRequest } from './sign-in/ways.ts'
export type { SkillEntry, SkillFile } from './skills/skill-entry.ts'
export type { Skill } from './skills/skills.ts'
export type { Pruned, PruneOptions, Removed } from './store/cleanup.ts'
export {
  createFileTokenStore,
  createKeychainTokenStore,
  type FileTokenStore,
  type FileTokenStoreOptions,
  type KeptRecord,
  type KeyRotation,
} from './store/file-store.ts'
export { type Login, listLogins } from './store/logins.ts'
export type { TokenStore } from './store/token-store.ts'
export type { ToolHints } from './trusted/hints.ts'
export type { IconImage, IconSource } from './trusted/icons.ts'
export type { InspectedTool } from './trusted/inspection.ts'
export type { DriftReport, FindingReport, TrustOptions } from './trusted/reports.ts'
export type { ToolCallHook, ToolCallView } from './trusted/tool-call.ts'
