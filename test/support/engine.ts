/** An engine over functions, served on loopback, for tests of the guards: real HTTP, real pipeline, keys that the test names. @module */

import {
  allow,
  type Clock,
  createRedactor,
  deny,
  type Entry,
  type Log,
  type Principal,
  silentLog,
  systemClock,
  type TokenVerifier,
} from '../../src/core/index.ts'
import { type LimitHandler, type LimitHeaders, type ResultsOptions, toResults } from '../../src/guards/index.ts'
import { type Bounds, type BoundsOptions, toBounds } from '../../src/server/bounds.ts'
import { type CodeOptions, toCodeSettings } from '../../src/server/code/index.ts'
import { createEngine, type EngineOptions } from '../../src/server/engine.ts'
import { type Bus, createLocalBus, createMemoryCounters, createMemoryStore, type Store } from '../../src/storage/index.ts'
import {
  createCors,
  createDoor,
  createEndpoint,
  createLimitAnswer,
  createListener,
  createRouter,
  createSessions,
  createUnsent,
  loopbackOrigins,
} from '../../src/transports/index.ts'
import { createMemoryKeyRing, type KeyRing, type Vault } from '../../src/vault/index.ts'
import { createFunctionExecutor, type ToolFunction } from './function-executor.ts'
import { vaultOf } from './vault.ts'

const limit = { max: 100_000, windowMs: 60_000 }
export const rates: EngineOptions['rates'] = { address: limit, principal: limit, client: limit, tool: limit }
export const bounds: Bounds = toBounds({ deadlineSeconds: 30, concurrency: 32 })

export const principal = (subject: string, over: Partial<Principal> = {}): Principal =>
  Object.freeze({
    issuer: 'test',
    subject,
    // As the verifiers say it: a key is no user, whatever it is called.
    user: over.credential === 'token' ? subject : undefined,
    clientId: 'agent',
    credential: 'key',
    scopes: ['tools:read', 'tools:execute', 'prompts:read', 'resources:read'],
    roles: [],
    credentialId: `id-${subject}`,
    ...over,
  })

export function tool(name: string, run: ToolFunction, over: Partial<Entry> = {}): Entry {
  return {
    kind: 'tool',
    name,
    definition: { name, inputSchema: { type: 'object' } },
    permission: { access: 'protected', scopes: ['tools:execute'], roles: [] },
    ask: false,
    rule: 'default tools:execute',
    check: undefined,
    mirrors: [],
    origin: { server: 'test', name },
    executor: createFunctionExecutor(run),
    ...over,
  }
}

export const say = (text: string) => ({ content: [{ type: 'text', text }] })

export interface Told {
  readonly limitHeaders?: LimitHeaders
  readonly limitHandler?: LimitHandler
  readonly log?: Log
  // What nodes of one service share.
  readonly store?: Store
  readonly bus?: Bus
  readonly keyRing?: KeyRing
  readonly vault?: Vault
  readonly clock?: Clock
  readonly catalogueRules?: EngineOptions['catalogueRules']
  readonly results?: ResultsOptions
  readonly code?: CodeOptions
  readonly personal?: EngineOptions['personal']
}

export interface Rig {
  readonly url: string
  readonly engine: ReturnType<typeof createEngine>
  readonly store: Store
  readonly bus: Bus
  /** Every audit record so far. */
  records(): Promise<readonly Record<string, unknown>[]>
  /** `store: false` leaves the store open, to be looked at. */
  close(store?: boolean): Promise<void>
}

/** `principals`: token → who it is. A token that is not there is unknown. */
export async function startEngine(
  entries: readonly Entry[],
  principals: Readonly<Record<string, Principal>>,
  { rates: ownRates = rates, ...over }: BoundsOptions & { readonly rates?: EngineOptions['rates'] } = {},
  redactor = createRedactor(),
  told: Told = {},
): Promise<Rig> {
  const { clock = systemClock, bus = createLocalBus(), keyRing = createMemoryKeyRing(), vault = vaultOf(keyRing) } = told
  const { store = createMemoryStore({ clock }) } = told
  const verifier: TokenVerifier = {
    claims: () => true,
    async verify({ value }) {
      const known = Object.hasOwn(principals, value) ? principals[value] : undefined
      return known
        ? allow({ principal: known, expiresAt: Number.POSITIVE_INFINITY })
        : deny({ reason: 'unauthenticated', problem: 'unknown' })
    },
  }
  const all = toBounds(over, bounds)
  const engine = createEngine({
    store,
    bus,
    counters: createMemoryCounters({ clock }),
    keyRing,
    vault,
    rates: ownRates,
    bounds: all,
    results: told.results && toResults(told.results),
    personal: told.personal,
    code: told.code && toCodeSettings(told.code),
    verifiers: [verifier],
    limitHeaders: told.limitHeaders,
    catalogueRules: told.catalogueRules,
    resourceMetadataUrl: (resource) => resource.replace('/mcp', '/.well-known/oauth-protected-resource/mcp'),
    redactor,
    clock,
    log: silentLog,
    serverInfo: { name: 'test', version: '1' },
    instructions: () => undefined,
    features: () => ({ completions: false, logging: true, subscriptions: true, tasks: entries.some(({ executor }) => executor.task) }),
  })
  engine.catalogue.replace('test', entries)
  const router = createRouter({ log: silentLog })
  const listener = await createListener({ host: 'localhost', port: 0, ...router })
  const resources = loopbackOrigins('http', listener.port).map((origin) => `${origin}/mcp`)
  const door = createDoor({ resources, cors: createCors({ origin: 'https://app.example' }) })
  const sessions = createSessions({ keyRing, store, bus, clock })
  const reading = { bodyBytes: all.bodyBytes, json: { maxDepth: all.depth, maxItems: all.listItems }, sessions }
  const { limitHandler: handler, log = silentLog } = told
  const limitAnswer = handler && createLimitAnswer({ handler, log })
  const unsent = createUnsent({ clock })
  router.serve({
    door,
    checkAddress: engine.limiter.checkAddress,
    endpoint: createEndpoint({ pipeline: engine.pipeline, door, reading, unsent, clock, limitAnswer }),
    mounts: [],
    unsent,
  })
  return {
    url: `http://localhost:${listener.port}/mcp`,
    engine,
    store,
    bus,
    async records() {
      await engine.trail.flush()
      return (await store.audit.search({ limit: 10_000 })).map(({ record }) => ({ ...record }))
    },
    async close(closeStore = true) {
      engine.endSubscriptions()
      await listener.close()
      await router.close()
      await engine.close()
      if (closeStore) await store.close()
    },
  }
}
