/**
 * People who connect their accounts at a guarded server, without pages: what the account page does with `Connections`, and calls in their
 * names on an upstream of the gateway, in the test's own process.
 *
 * @module
 */

import { createRedactor, type Decision, type Principal, type Produced, silentLog } from '../../src/core/index.ts'
import {
  type Attempts,
  createAttempts,
  createConnections,
  type OAuthSettings,
  type PersonalCredentials,
} from '../../src/gateway/credentials/index.ts'
import { createOwnAccounts } from '../../src/gateway/credentials/own-accounts.ts'
import { createPeopleLinks } from '../../src/gateway/each-person/people-links.ts'
import type { Upstream } from '../../src/gateway/upstream/index.ts'
import type { Connecting, Connections } from '../../src/people/index.ts'
import { createMemoryStore, type Store } from '../../src/storage/index.ts'
import { createMemoryKeyRing, type KeyRing } from '../../src/vault/index.ts'
import { vaultOf } from './vault.ts'

export interface People extends AsyncDisposable {
  readonly upstream: Upstream
  readonly personal: PersonalCredentials
  readonly connections: Connections
  readonly attempts: Attempts
  readonly store: Store
  /** What was put on record without a page. */
  readonly recorded: string[]
  /** Signs in at the server with a browser that always says yes. Answers what `finish` did. */
  connect(user: string, visit: (url: string) => Promise<string>): Promise<{ id: string } | { problem: string }>
  /** `tools/call` of `echo` in somebody's name. */
  call(user: string | undefined, args?: object): Promise<Decision<Produced>>
  advance(milliseconds: number): void
}

export const GATEWAY = 'http://localhost:7777'
export const redirectUriOf = (id: string): string => `${GATEWAY}/account/connections/${id}/callback`
export const atBrowser = (user: string, session = `bs_${user}`): Connecting => ({ user, session })

export interface PeopleOptions {
  readonly url: string
  readonly settings?: OAuthSettings
  readonly store?: Store
  readonly keyRing?: KeyRing
  readonly server?: string
  readonly maxLinks?: number
  readonly idleSeconds?: number
  /** What time it is, to which `advance` adds. */
  readonly clock?: () => number
  /** Whether what somebody began then is still theirs; always, unless told. */
  readonly stands?: (user: string, at: number) => Promise<boolean>
}

export async function startPeople({ url, settings, server = 'notes', ...options }: PeopleOptions): Promise<People> {
  let offset = 0
  const { clock: base = Date.now } = options
  const clock = (): number => base() + offset
  const store = options.store ?? createMemoryStore({ clock })
  const keyRing = options.keyRing ?? createMemoryKeyRing()
  const vault = vaultOf(keyRing)
  const redactor = createRedactor()
  const clientInfo = { name: 'sallyport', version: '0' }
  const recorded: string[] = []
  const place = {
    base: () => GATEWAY,
    record: ({ action, subject }: { action: string; subject?: string | undefined }) => void recorded.push(`${action} ${subject}`),
  }
  const attempts = createAttempts({ store, keyRing, vault, clock })
  const { stands = async () => true } = options
  const { connectable, ...personal } = createOwnAccounts({
    server,
    url,
    settings,
    attempts,
    store,
    keyRing,
    vault,
    clock,
    redactor,
    log: silentLog,
    place,
    stands,
    clientInfo,
  })
  const { maxLinks, idleSeconds } = options
  const rest = { server, target: { url, headers: {} }, client: clientInfo, log: silentLog, redactor, clock, stale() {} }
  const upstream = createPeopleLinks({ ...rest, personal, maxLinks, idleSeconds })
  const connections = createConnections([connectable], attempts)
  await upstream.start()

  return {
    upstream,
    personal,
    connections,
    attempts,
    store,
    recorded,
    async connect(user, visit) {
      const begun = await connections.begin(server, atBrowser(user), redirectUriOf(server))
      if ('problem' in begun) return begun
      const landed = new URL(await visit(begun.location))
      return connections.finish(atBrowser(user), landed.searchParams, redirectUriOf(server))
    },
    call: (user, args = {}) =>
      upstream.call({
        method: 'tools/call',
        params: { name: 'echo', arguments: args },
        mirrors: [],
        deadlineAt: clock() + 20_000,
        caller: { principal: principalOf(user), meta: {}, capabilities: {}, logLevel: undefined, notify() {}, onAbort() {} },
      }),
    advance(milliseconds) {
      offset += milliseconds
    },
    async [Symbol.asyncDispose]() {
      await upstream.close()
    },
  }
}

export const principalOf = (user: string | undefined): Principal => ({
  issuer: GATEWAY,
  subject: user ?? 'spk_1',
  user,
  clientId: 'client',
  credential: user === undefined ? 'key' : 'token',
  scopes: [],
  roles: [],
  credentialId: 'c1',
})
