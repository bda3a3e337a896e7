export { addressGroup } from './address-group.ts'
export { classifyAddress, isLoopbackHost, isLoopbackName, LOOPBACK_NAMES } from './addresses.ts'
export { dialSocket } from './dial-socket.ts'
export { createDialer, type Dialer, type DialerOptions } from './dialer.ts'
export {
  createGuardedFetch,
  type Fetched,
  type FetchProblem,
  type GuardedFetch,
  type GuardedFetchOptions,
} from './guarded-fetch.ts'
export { isJson, isRedirect, mediaType } from './guarded-fetch-body.ts'
export { createIssuerFetch } from './issuer-fetch.ts'
export { isIssuerUrl } from './issuer-url.ts'
export { http } from './node-http.ts'
export type { AllowPrivate, Lookup } from './reach.ts'
export {
  appraise,
  type CertificateSource,
  type ClientCertificate,
  createTlsKeeper,
  type Handshake,
  isCertificateProblem,
  isVerificationOff,
  loadTls,
  nameOf,
  noCertificates,
  requireVerification,
  SOON_DAYS,
  shakeHands,
  type TlsKeeper,
  type TlsOptions,
  tlsSchema,
  type Weakness,
} from './tls/index.ts'
export { undici } from './undici.ts'
