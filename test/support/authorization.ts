/** An authorization server on a real port, and what a client does with it, step by step. */

import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Principal, silentLog } from '../../src/core/index.ts'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type Clients,
  createAuthorizationServer,
  createClients,
} from '../../src/oauth/index.ts'
import { type Accounts, createPeople, type People } from '../../src/people/index.ts'
import { type AuditRecord, type Bus, createLocalBus, createMemoryCounters, createMemoryStore, type Store } from '../../src/storage/index.ts'
import { createMemoryKeyRing, type KeyRing, type Vault } from '../../src/vault/index.ts'
import { type Person, signIn } from './browser.ts'
import { vaultOf } from './vault.ts'

export const ANA: Person = { name: 'ana', password: 'a quiet harbour at dawn' }
export const SCOPES = ['tools:read', 'tools:execute', 'prompts:read', 'resources:read']

export interface Fixture extends AsyncDisposable {
  readonly issuer: string
  readonly resource: string
  readonly port: number
  readonly server: AuthorizationServer
  readonly accounts: Accounts
  /** The server's people, as another process beside it has them. */
  readonly people: People
  /** As an operator makes them. */
  readonly clients: Clients
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly bus: Bus
  readonly records: AuditRecord[]
  /** What was published on the bus. */
  readonly published: string[]
  /** Moves the server's clock. The provider behind it keeps to the machine's. */
  advance(milliseconds: number): void
}

export interface FixtureOptions
  extends Partial<
    Pick<
      AuthorizationServerOptions,
      | 'accessTokenTtlSeconds'
      | 'registrationsPerHour'
      | 'signingKeyDays'
      | 'requireDpopNonce'
      | 'trustedIssuers'
      | 'hierarchy'
      | 'scopes'
      | 'cimd'
      | 'guardedFetch'
      | 'offers'
      | 'signIn'
      | 'connections'
      | 'localAccounts'
    >
  > {
  /** Without an account nobody can sign in. */
  readonly people?: readonly Person[]
  /** Whoever allows something has had a second to read it first, as people have; not unless told. */
  readonly takesTimeToRead?: boolean
  /** The path of the issuer. */
  readonly base?: string
  readonly store?: Store
  /** Instead of plain http on loopback: the address that a proxy in front has. */
  readonly publicUrl?: string
}

export async function startAuthorizationServer({ people = [ANA], base = '', ...options }: FixtureOptions = {}): Promise<Fixture> {
  const http: Server = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  let offset = 0
  const clock = () => Date.now() + offset
  const store = options.store ?? createMemoryStore({ clock })
  const keyRing = createMemoryKeyRing()
  const vault = vaultOf(keyRing)
  const bus = createLocalBus()
  const records: AuditRecord[] = []
  const published: string[] = []
  bus.subscribe('credentials', (message) => void published.push(message))
  const origin = options.publicUrl ?? `http://localhost:${port}`
  const server = createAuthorizationServer({
    issuer: origin + base,
    resources: [`${origin}/mcp`],
    scopes: options.scopes ?? (() => SCOPES),
    store,
    keyRing,
    vault,
    bus,
    counters: createMemoryCounters({ clock }),
    clock,
    log: silentLog,
    audit: (record) => void records.push(record),
    accessTokenTtlSeconds: options.accessTokenTtlSeconds,
    registrationsPerHour: options.registrationsPerHour,
    signingKeyDays: options.signingKeyDays,
    requireDpopNonce: options.requireDpopNonce,
    trustedIssuers: options.trustedIssuers,
    hierarchy: options.hierarchy,
    offers: options.offers,
    signIn: options.signIn,
    connections: options.connections,
    localAccounts: options.localAccounts,
    dangerouslyTakeHastyConsent: options.takesTimeToRead !== true,
    cimd: options.cimd,
    guardedFetch: options.guardedFetch,
  })
  http.on('request', (request: IncomingMessage, response: ServerResponse) => void server.handle(request, response))
  const ourPeople = createPeople({ store, keyRing, vault, counters: createMemoryCounters({ clock }), bus, clock, issuer: origin + base })
  const { accounts } = ourPeople
  for (const { name, password } of people) await accounts.create({ name, password, roles: ['staff'] })

  return {
    issuer: origin + base,
    resource: `${origin}/mcp`,
    port,
    server,
    accounts,
    people: ourPeople,
    clients: createClients({ store, vault, bus, clock }),
    store,
    keyRing,
    vault,
    bus,
    records,
    published,
    advance(milliseconds) {
      offset += milliseconds
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** The key that signs access tokens, out of the store. */
export async function signingJwk({ store, vault }: Pick<Fixture, 'store' | 'vault'>): Promise<Record<string, string>> {
  const kept = (await store.records<{ keys: { kid: string; sealed: string }[] }>('secret').get('signing-keys'))?.value.keys.at(-1)
  const place = { kind: 'secret', id: 'signing-keys', field: kept?.kid ?? '' }
  return JSON.parse(String(await vault.open(kept?.sealed ?? '', place)))
}

export const CALLBACK = 'http://127.0.0.1:53591/callback'

export interface Registered {
  readonly client_id: string
  readonly client_secret?: string
  readonly [member: string]: unknown
}

/** Registers as MCP clients do: public, native, with refresh tokens. */
export async function register({ issuer }: Pick<Fixture, 'issuer'>, metadata: Record<string, unknown> = {}): Promise<Registered> {
  const response = await postJson(`${issuer}/register`, {
    client_name: 'Test client',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...metadata,
  })
  if (response.status !== 201) throw new Error(`registration answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as Registered
}

export const postJson = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

export interface Request {
  readonly url: string
  readonly verifier: string
}

/** The URL that a client opens in the browser; `undefined` in `changes` leaves a parameter out. */
export function authorizeUrl(
  { issuer, resource }: Pick<Fixture, 'issuer' | 'resource'>,
  clientId: string,
  changes: Record<string, string | undefined> = {},
): Request {
  const verifier = randomBytes(32).toString('base64url')
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: CALLBACK,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'the state',
    resource,
    ...changes,
  }
  const query = new URLSearchParams(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined))
  return { url: `${issuer}/authorize?${query}`, verifier }
}

export const postForm = (
  url: string,
  fields: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers,
    body: new URLSearchParams(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  })

export interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly scope?: string
  readonly token_type: string
  readonly expires_in: number
}

export interface SignedIn {
  readonly clientId: string
  readonly tokens: Tokens
  /** Refreshes with a token; the newest unless told. */
  refresh(token?: string): Promise<Response>
}

/** Everything that a client does, from registration to tokens. */
export async function connect(
  fixture: Pick<Fixture, 'issuer' | 'resource'>,
  {
    person = ANA,
    changes = {},
    metadata = {},
  }: { person?: Person; changes?: Record<string, string | undefined>; metadata?: Record<string, unknown> } = {},
): Promise<SignedIn> {
  const { client_id: clientId } = await register(fixture, metadata)
  const { url, verifier } = authorizeUrl(fixture, clientId, changes)
  const landed = new URL(await signIn(url, person))
  const code = landed.searchParams.get('code')
  if (code === null) throw new Error(`no code came back: ${landed.searchParams}`)
  const response = await redeem(fixture, clientId, code, verifier)
  if (response.status !== 200) throw new Error(`the code was refused: ${await response.text()}`)
  const tokens = (await response.json()) as Tokens
  return {
    clientId,
    tokens,
    refresh: (token = tokens.refresh_token) =>
      postForm(`${fixture.issuer}/token`, { grant_type: 'refresh_token', refresh_token: token, client_id: clientId }),
  }
}

export const redeem = (
  { issuer, resource }: Pick<Fixture, 'issuer' | 'resource'>,
  clientId: string,
  code: string,
  verifier: string,
  changes: Record<string, string | undefined> = {},
  headers: Record<string, string> = {},
): Promise<Response> =>
  postForm(
    `${issuer}/token`,
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      client_id: clientId,
      code_verifier: verifier,
      resource,
      ...changes,
    },
    headers,
  )

/** Who a token stands for, or why it was refused. */
export async function verify(
  { server, resource }: Pick<Fixture, 'server' | 'resource'>,
  token: string,
  at: string = resource,
): Promise<Principal | string> {
  const decision = await server.verifier.verify({ scheme: 'bearer', value: token }, at)
  if (decision.allowed) return decision.value.principal
  return decision.denial.reason === 'unauthenticated' ? decision.denial.problem : decision.denial.reason
}
