/** What the authorization server is built from. @module */

import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import {
  type Clock,
  ConfigError,
  checkOptions,
  createScopeHierarchy,
  type Log,
  type Offer,
  type ScopeHierarchy,
  STANDARD_SCOPES,
} from '../core/index.ts'
import { type CertificateSource, createGuardedFetch, type GuardedFetch, isLoopbackName, noCertificates } from '../net/index.ts'
import { type Connections, type SignInProvider, signInSchema } from '../people/index.ts'
import type { AuditRecord, Bus, Counters, Store } from '../storage/index.ts'
import type { KeyRing, Vault } from '../vault/index.ts'
import { noConnections } from './account/no-connections.ts'
import { type CimdMode, cimdModes } from './cimd.ts'
import { type TrustedIssuer, trustedIssuersSchema } from './grant-types/trusted-issuers.ts'

/** Options for {@link createAuthorizationServer}. */
export interface AuthorizationServerOptions {
  /** Who vouches for the tokens (RFC 8414 §2): https, or plain http on loopback. Every URL that we hand out begins with it. */
  readonly issuer: string
  /** Every URL that is this server's MCP endpoint. The first is the audience of all tokens (RFC 8707); the others stand for it. */
  readonly resources: readonly string[]
  /** The scopes that the catalogue uses now; the standard ones stand in where it answers none. Asked each time: the catalogue changes. */
  readonly scopes: () => readonly string[]
  /** Those that anybody may hear of, and that are meant where a client names none; all of them unless told. */
  readonly shownScopes?: (() => readonly string[]) | undefined
  /** Which scopes imply others, and what is said of them at consent; none unless told. */
  readonly hierarchy?: ScopeHierarchy | undefined
  /** What a person could use through a client, were it granted `scopes`: shown at consent. Nothing is named unless told. */
  readonly offers?: ((to: OfferedTo) => readonly Offer[]) | undefined
  /**
   * Takes an Allow in the first second after the page was sent, which may be a click that was meant for another page. Only for tests of
   * what comes after it.
   */
  readonly dangerouslyTakeHastyConsent?: boolean | undefined
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly bus: Bus
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Log
  /** Takes a record of each sign-in, consent, registration, revocation and refusal. */
  readonly audit: (record: AuditRecord) => void
  /** How long an access token is good for; an hour unless told. Clients refresh before every call when little is left, so at least 900. */
  readonly accessTokenTtlSeconds?: number | undefined
  /** How many days a key signs access tokens before the next one does; 90 unless told. */
  readonly signingKeyDays?: number | undefined
  /** Whether every DPoP proof must carry a nonce of ours (RFC 9449 §8); not unless told. */
  readonly requireDpopNonce?: boolean | undefined
  /** How many clients one address may register in an hour; 120 unless told. */
  readonly registrationsPerHour?: number | undefined
  /** Whether clients may come with a URL of theirs for an id (`cimd.ts`); off unless told: it makes this machine ask others. */
  readonly cimd?: CimdMode | undefined
  /** How anything is fetched that a caller names; guarded as it comes unless told. */
  readonly guardedFetch?: GuardedFetch | undefined
  /** Whose people and workloads are let in on their issuer's word; nobody's unless told. */
  readonly trustedIssuers?: readonly TrustedIssuer[] | undefined
  /** Identity providers at which people can sign in, too; none unless told. */
  readonly signIn?: readonly SignInProvider[] | undefined
  /** Whether people sign in with accounts that are kept here: passwords and passkeys. They do unless told. */
  readonly localAccounts?: boolean | undefined
  /** What people's accounts are connected with at the guarded servers; nothing unless told. */
  readonly connections?: Connections | undefined
  /** The caller's network address; the socket's unless told. A front that trusts a proxy says otherwise. */
  readonly addressOf?: ((request: IncomingMessage) => string) | undefined
  /** Where the certificates of clients come from (RFC 8705); nowhere unless told. */
  readonly certificates?: CertificateSource | undefined
}

/** A person, as a token for the client would name them. */
export interface OfferedTo {
  readonly user: string
  readonly roles: readonly string[]
  readonly clientId: string
  readonly scopes: readonly string[]
}

export type Settings = Readonly<Required<{ [Key in keyof AuthorizationServerOptions]: NonNullable<AuthorizationServerOptions[Key]> }>> & {
  /** The path of the issuer without a trailing slash, before each of ours; mostly empty. */
  readonly basePath: string
}

const part = <T>(method: string) =>
  z.custom<T>((value) => typeof (value as Record<string, unknown> | null)?.[method] === 'function', `needs a "${method}" method`)
const fn = <T>() => z.custom<T>((value) => typeof value === 'function', 'must be a function')
const httpsUrl = z.string().refine(isOurs, 'must be an https URL, or http on loopback, without query, fragment or trailing slash')

const schema: z.ZodType<AuthorizationServerOptions> = z.strictObject({
  issuer: httpsUrl,
  resources: z.array(httpsUrl).min(1),
  scopes: fn<() => readonly string[]>(),
  shownScopes: fn<() => readonly string[]>().optional(),
  hierarchy: part<ScopeHierarchy>('covers').optional(),
  offers: fn<(to: OfferedTo) => readonly Offer[]>().optional(),
  dangerouslyTakeHastyConsent: z.boolean().optional(),
  store: part<Store>('records'),
  keyRing: part<KeyRing>('seal'),
  vault: part<Vault>('seal'),
  bus: part<Bus>('publish'),
  counters: part<Counters>('increment'),
  clock: fn<Clock>(),
  log: fn<Log>(),
  audit: fn<(record: AuditRecord) => void>(),
  accessTokenTtlSeconds: z.int().min(900).max(86_400).optional(),
  signingKeyDays: z.int().min(1).max(3650).optional(),
  requireDpopNonce: z.boolean().optional(),
  registrationsPerHour: z.int().min(1).max(1_000_000).optional(),
  cimd: z.enum(cimdModes).optional(),
  guardedFetch: fn<GuardedFetch>().optional(),
  trustedIssuers: trustedIssuersSchema.optional(),
  signIn: signInSchema.optional(),
  localAccounts: z.boolean().optional(),
  connections: part<Connections>('begin').optional(),
  addressOf: fn<(request: IncomingMessage) => string>().optional(),
  certificates: part<CertificateSource>('of').optional(),
})

/** @throws {ConfigError} naming every problem. */
export function checkSettings(options: AuthorizationServerOptions): Settings {
  const checked = checkOptions('authorizationServer', schema, options)
  // Pages and metadata are served beside the endpoint: another origin would never be asked for them.
  const { origin, pathname } = new URL(checked.issuer)
  if (!checked.resources.some((resource) => new URL(resource).origin === origin)) {
    throw new ConfigError(['authorizationServer.resources: none is at the origin of the issuer'])
  }
  // Who takes its own word as somebody else's could widen what it gave (draft-ietf-oauth-identity-assertion-authz-grant, cross-domain use).
  if (checked.trustedIssuers?.some(({ issuer }) => issuer.replace(/\/$/, '') === checked.issuer)) {
    throw new ConfigError(['authorizationServer.trustedIssuers: one is this server itself'])
  }
  if (checked.localAccounts === false && (checked.signIn ?? []).length === 0) {
    throw new ConfigError(['authorizationServer.localAccounts: nobody could sign in: name a provider in signIn'])
  }
  if (checked.signIn?.some((provider) => provider.issuer.replace(/\/$/, '') === checked.issuer)) {
    throw new ConfigError(['authorizationServer.signIn: one is this server itself'])
  }
  // Before the catalogue is there, people can sign in all the same; a token needs one scope at least.
  const orStandard = (used: readonly string[]): readonly string[] => (used.length === 0 ? STANDARD_SCOPES : used)
  const shownScopes = (): readonly string[] => orStandard((checked.shownScopes ?? checked.scopes)())
  return Object.freeze({
    ...checked,
    basePath: pathname.replace(/\/$/, ''),
    hierarchy: checked.hierarchy ?? createScopeHierarchy(),
    scopes: () => [...new Set([...checked.scopes(), ...shownScopes()])],
    shownScopes,
    offers: checked.offers ?? (() => []),
    dangerouslyTakeHastyConsent: checked.dangerouslyTakeHastyConsent ?? false,
    accessTokenTtlSeconds: checked.accessTokenTtlSeconds ?? 3600,
    signingKeyDays: checked.signingKeyDays ?? 90,
    requireDpopNonce: checked.requireDpopNonce ?? false,
    registrationsPerHour: checked.registrationsPerHour ?? 120,
    cimd: checked.cimd ?? 'off',
    guardedFetch: checked.guardedFetch ?? createGuardedFetch({ atOnce: 64 }),
    trustedIssuers: checked.trustedIssuers ?? [],
    signIn: checked.signIn ?? [],
    localAccounts: checked.localAccounts ?? true,
    connections: checked.connections ?? noConnections,
    addressOf: checked.addressOf ?? ((request: IncomingMessage) => request.socket.remoteAddress ?? 'unknown'),
    certificates: checked.certificates ?? noCertificates,
  })
}

function isOurs(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || value.endsWith('/')) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname))
}
