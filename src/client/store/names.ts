/**
 * What a record of the client is called, in one place: its kind, then whom it belongs to, each part escaped, so that no server, issuer
 * or account can be spelled to mean another's record. Printable ASCII.
 *
 * @module
 */

export interface SignInParts {
  /** The URL of the MCP endpoint, over HTTP. */
  readonly server: string
  /** Whose it is, where one machine has several at one server. */
  readonly account: string
  /** Where the authorization server is part of the name. */
  readonly issuer?: string | undefined
}

/** The account where none is named. */
export const DEFAULT_ACCOUNT = 'default'

/** What a name begins with. How long each is kept: `lifetimes.ts`. */
export type RecordKind = 'sign-in' | 'machine-token' | 'registration' | 'pins' | 'encryption'

const toName = (kind: RecordKind, parts: readonly string[]): string =>
  [kind, ...parts.map((part) => encodeURIComponent(part.toWellFormed()))].join('/')

/** The tokens of one account at one server. */
export const signInName = ({ server, account, issuer }: SignInParts): string =>
  toName('sign-in', issuer === undefined ? [server, account] : [server, account, issuer])

export interface MachineTokenParts extends SignInParts {
  readonly issuer: string
  /** Which way it was obtained, and as which client. */
  readonly kind: string
  readonly client: string
}

/** A token that a program obtained without a person. */
export const machineTokenName = ({ server, account, issuer, kind, client }: MachineTokenParts): string =>
  toName('machine-token', [server, account, issuer, kind, client])

export interface TokenNameParts extends SignInParts {
  /** Undefined where a person signed in. */
  readonly kind?: string | undefined
}

/** The parts of a name that one of the two above made; undefined for every other. */
export function parseTokenName(name: string): TokenNameParts | undefined {
  const [of, ...escaped] = name.split('/')
  const parts = escaped.map(unescapePart)
  const [server, account, issuer, kind] = parts
  if (server === undefined || account === undefined || parts.includes(undefined)) return undefined
  if (of === 'sign-in' && parts.length <= 3) return { server, account, issuer }
  if (of === 'machine-token' && parts.length === 5) return { server, account, issuer, kind }
  return undefined
}

function unescapePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** What this program is registered as at one authorization server; `of`: what else tells registrations apart, such as redirect URIs. */
export const registrationName = (issuer: string, ...of: readonly string[]): string => toName('registration', [issuer, ...of])

/** The definitions that one account accepted of one server, by the URL of its endpoint or the command that starts it. */
export const pinsName = (server: string, account: string): string => toName('pins', [server, account])

/** What is remembered of one server's encrypted fields, by the same parts. */
export const encryptionName = (server: string, account: string): string => toName('encryption', [server, account])

/** One of {@link RecordKind}, where one of the above made it. */
export const kindOf = (name: string): string => name.split('/', 1)[0] as string

/** Whose it is, of every kind; undefined where it is none of ours. */
export function parseName(name: string): { readonly [part in keyof SignInParts]?: string | undefined } | undefined {
  const token = parseTokenName(name)
  if (token) return { server: token.server, account: token.account, issuer: token.issuer }
  const [first, second] = name.split('/').slice(1).map(unescapePart)
  switch (kindOf(name) as RecordKind) {
    case 'registration':
      return { issuer: first }
    case 'pins':
    case 'encryption':
      return { server: first, account: second }
    default:
      return undefined
  }
}
