export { type Account, groupOfAccount } from './account.ts'
export { type Accounts, createAccounts } from './accounts.ts'
export type { Connecting, Connection, Connections } from './connections.ts'
export type { LoginThrottle } from './login-throttle.ts'
export { isAccountName, toName } from './names.ts'
export type { OneTimeCodes } from './one-time-codes.ts'
export { LINK_MINUTES, type LinkPurpose } from './one-time-links.ts'
export type { Passkey, Passkeys } from './passkeys.ts'
export { MIN_PASSWORD } from './password-choice.ts'
export { createPeople, type People } from './people.ts'
export type { Provided } from './provided.ts'
export {
  type Crossing,
  createOpenIdProvider,
  isSubject,
  type OpenIdProvider,
  type ProviderProblem,
  SIGN_IN_EVERY_DAYS,
  type SignInProvider,
  signInSchema,
  toProvided,
} from './providers/index.ts'
export type { RecoveryCodes } from './recovery-codes.ts'
export { type BrowserSession, type BrowserSessions, type SignInMethod } from './sessions.ts'
export { createSetupLink } from './setup-link.ts'
export type { HalfWay, Outcome, SecondFactor } from './sign-in.ts'
