export { toProvided } from './identity.ts'
export { type Crossing, createOpenIdProvider, type OpenIdProvider } from './openid.ts'
export { type SignInProvider, signInSchema } from './options.ts'
export type { ProviderProblem } from './provider-problem.ts'
