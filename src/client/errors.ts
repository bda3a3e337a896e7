/**
 * What can go wrong for somebody who uses the client: five classes, each with a closed set of codes (`docs/errors.md`), each
 * saying what to do next. What a server wrote is in a message only after it was shortened and cleaned of our own secrets.
 *
 * @module
 */

/** Every code of {@link AuthorizationError}, with what to do about it. */
export const authorizationSteps = {
  sign_in_required:
    'Call signIn(), or send the person to the URL that getAuthorizationUrl() answers, then pass where they come back to handleCallback().',
  insufficient_scope: 'Ask the person for it: call signIn() or getAuthorizationUrl() again, which then asks for `scopes` of this error.',
  credential_refused: 'Check auth.apiKey: it may have expired or been revoked, or belong to another server.',
  metadata_missing: 'Check serverUrl, or ask who runs the server: without the metadata of RFC 9728 and RFC 8414 nobody can sign in.',
  metadata_invalid: 'Ask who runs it to correct the document; a client must not use it as it is.',
  resource_mismatch: 'Use as serverUrl the address that the server calls its own, if you trust that address.',
  issuer_mismatch: 'Nothing was sent. Start again with getAuthorizationUrl(); if it happens again, do not sign in there.',
  pkce_unsupported: 'Ask who runs the authorization server: MCP allows no sign-in without PKCE.',
  insecure_url: 'Ask who runs it to serve it over https; plain http is used on this computer only.',
  state_mismatch: 'Start again with getAuthorizationUrl(), and pass its answer to handleCallback() once, within ten minutes.',
  authorization_denied: 'Nothing was granted. Call getAuthorizationUrl() to ask again.',
  registration_unsupported: 'Register a client with who runs the authorization server, and give its id as auth.clientId.',
  registration_refused: 'Change what is registered (see `reason`), or register a client by hand and give its id as auth.clientId.',
  device_unsupported: 'Sign in with a browser: signIn() without `device`.',
  browser_unavailable: 'Pass openBrowser to show the person the address yourself, or sign in with device: true.',
  redirect_unavailable: 'End the program that listens there, or give another auth.redirectUri.',
  sign_in_expired: 'Call signIn() again.',
  token_refused: 'Start again with getAuthorizationUrl().',
  redirected: 'Ask who runs it for the final address: a client must not follow with credentials.',
} as const

export type AuthorizationProblem = keyof typeof authorizationSteps

interface AuthorizationDetails {
  readonly scopes?: readonly string[]
  readonly reason?: string
  /** What to do about it, where more is known than the code says. */
  readonly step?: string
}

/** Signing in, or what was signed in with, was refused: by a server, or by a rule of ours. */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError'
  readonly code: AuthorizationProblem
  /** With `insufficient_scope`: all that the next sign-in asks for. */
  readonly scopes: readonly string[]
  /** The OAuth error code that the authorization server gave, such as `access_denied`. */
  readonly reason: string | undefined

  constructor(code: AuthorizationProblem, what: string, more: AuthorizationDetails = {}) {
    super(`${what} ${more.step ?? authorizationSteps[code]}`)
    this.code = code
    this.scopes = more.scopes ?? []
    this.reason = more.reason
  }
}

/** Every code of {@link TransportError}, with what to do about it. */
export const transportSteps = {
  unreachable: 'Check the address, and that the server is running.',
  address_blocked: 'If that host is yours, name it in dangerouslyAllowPrivateHosts.',
  no_endpoint: 'Give the whole URL of the MCP endpoint as serverUrl.',
  redirected: 'Give the final address as serverUrl: credentials are not sent on.',
  http_status: 'Try again later, or ask who runs the server.',
  too_large: 'Ask for less, or raise maxMessageBytes.',
  malformed: 'Ask who runs the server: this is not the protocol.',
  unsupported_method: 'Use a method of the revision that the server speaks.',
  timeout: 'Try again, or raise requestTimeoutSeconds.',
  closed: 'Send the request again, if it is safe to run twice.',
} as const

export type TransportProblem = keyof typeof transportSteps

/** The server could not be reached, or did not answer as the protocol says. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportProblem
  /** The HTTP status, where one came. */
  readonly status: number | undefined

  /** `step`: what to do about it, where more is known than the code says. */
  constructor(code: TransportProblem, what: string, status?: number, step: string = transportSteps[code]) {
    super(`${what} ${step}`)
    this.code = code
    this.status = status
  }
}

/** Every code of {@link TrustError}, with what to do about it. */
export const trustSteps = {
  definition_changed: 'Look at what changed with inspectTools(); if you trust it, call acceptDefinitions().',
  definition_suspicious: 'Look at its `findings` with inspectTools(); if you trust the server all the same, set trust.findings to "warn".',
  call_declined: 'Nothing was sent. Ask again only with other arguments, or when whoever declined has changed their mind.',
  result_invalid: 'Do not use the result: ask who runs the server to correct the tool, or its outputSchema.',
  encryption_removed:
    'Nothing was sent. Ask who runs the server, and whoever is in between; if the change is meant, accept it with acceptDefinitions().',
  encryption_invalid: 'Ask who runs the server: what it says about its keys is not by the identity that it names.',
  identity_mismatch:
    'No encrypted value was sent. Ask who runs the server for the thumbprint of its identity (sallyport keys payload), and give that in encryption.identities.',
  principal_mismatch:
    'No encrypted value was sent. If that is who you are there, give it in encryption.principal; else whoever is in between calls as somebody else.',
  result_unopened: 'Do not use the result: whoever is in between may have exchanged it. The call has run.',
  skill_unverified: 'Do not use it. It may have changed since it was described: list the skills again, then load it anew.',
} as const

export type TrustProblem = keyof typeof trustSteps

/** A server is not trusted with this: the call was not sent, or what came back does not hold what was promised. */
export class TrustError extends Error {
  override readonly name = 'TrustError'
  readonly code: TrustProblem
  /** The tool's own name; of a skill, its URI. */
  readonly tool: string

  /** `step`: what to do about it, where more is known than the code says. */
  constructor(code: TrustProblem, tool: string, what: string, step: string = trustSteps[code]) {
    super(`${what} ${step}`)
    this.code = code
    this.tool = tool
  }
}

/** Every code of {@link TokenStoreError}, with what to do about it. */
export const tokenStoreSteps = {
  store_unwritable: 'Free some space, or let this program write there, or name another folder with dataDir.',
  store_unreadable: 'Check who owns it, and the disk. If it is lost, remove it and sign in again.',
  store_locked: 'End the process that hangs, or try again later.',
} as const

export type TokenStoreProblem = keyof typeof tokenStoreSteps

/** What the client keeps could not be read or kept. Where it says so before a request, nothing was sent. */
export class TokenStoreError extends Error {
  override readonly name = 'TokenStoreError'
  readonly code: TokenStoreProblem

  constructor(code: TokenStoreProblem, what: string) {
    super(`${what} ${tokenStoreSteps[code]}`)
    this.code = code
  }
}

/** The server answered with a JSON-RPC error. Its message says why; correct the request before it is sent again. */
export class MCPRequestError extends Error {
  override readonly name = 'MCPRequestError'
  /** The JSON-RPC code, such as −32602 for wrong parameters. */
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}
