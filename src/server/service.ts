/**
 * One running Sallyport: data, keys, sign-in, the engine and the transport in front of it. What fills the catalogue (a
 * gateway's upstreams, a server's functions) is given by whoever builds it.
 *
 * @module
 */

import { userInfo } from 'node:os'
import { type Clock, ConfigError, type Credential, type Log, type Redactor, systemClock } from '../core/index.ts'
import { createLocalUserVerifier } from '../guards/index.ts'
import { createApiKeys, createAuthorizationServer } from '../oauth/index.ts'
import { createLocalBus, createMemoryCounters } from '../storage/index.ts'
import { createDoor, createEndpoint, createFront, createSessions, createStdioTransport } from '../transports/index.ts'
import type { Data } from '../vault/index.ts'
import { type Bounds, createEngine, type Engine, type EngineOptions } from './engine.ts'

export interface ServiceOptions {
  readonly data: Data
  /** HTTP on this port of loopback (0: any free one), or the process's own stdin and stdout. */
  readonly serveOn: { readonly port: number } | 'stdio'
  /** Browser origins that may use the endpoint, beyond our own. */
  readonly origins: readonly string[]
  readonly bounds: Bounds
  /** What the local user over stdio may do. */
  readonly localScopes: readonly string[]
  readonly serverInfo: { readonly name: string; readonly version: string }
  readonly instructions: () => string | undefined
  readonly completions: () => boolean
  readonly redactor: Redactor
  readonly log: Log
  readonly clock?: Clock
  readonly onRecord?: EngineOptions['onRecord']
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface Service {
  readonly engine: Engine
  /** `http://localhost:PORT/mcp`, or `stdio:` */
  readonly url: string
  readonly issuer: string
  /** A one-time link to make the owner's account, where there is none yet. */
  setupLink(): Promise<string | undefined>
  /** Begins to answer: called once the catalogue is filled. */
  serve(): void
  /** Resolves when the other side of stdio has gone; never on HTTP. */
  readonly done: Promise<void>
  close(): Promise<void>
}

const SWEEP_MS = 60_000

/** @throws {ConfigError} where the port is taken or the environment's key is not one. */
export async function createService(options: ServiceOptions): Promise<Service> {
  return options.serveOn === 'stdio' ? overStdio(options) : overHttp(options, options.serveOn.port)
}

/** What both transports stand on. */
function foundation({ data, log, clock = systemClock }: ServiceOptions) {
  const { store } = data
  const bus = createLocalBus()
  const counters = createMemoryCounters({ clock })
  // Another process (the command line beside us) may revoke a key: what was verified before is verified again.
  const stopFollowing = store.onForeignChange(() => bus.publish('credentials', 'changed in another process'))
  const sweeper = setInterval(() => {
    store
      .sweep()
      .catch((error: unknown) =>
        log('warn', 'expired records could not be removed', { problem: error instanceof Error ? error.message : 'unknown' }),
      )
  }, SWEEP_MS)
  sweeper.unref()
  return {
    store,
    bus,
    counters,
    clock,
    async close() {
      clearInterval(sweeper)
      stopFollowing()
      await store.close()
    },
  }
}

async function overHttp(options: ServiceOptions, port: number): Promise<Service> {
  const { data, bounds, origins, redactor, log } = options
  const front = await createFront({ port, log }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' || error.code === 'EACCES'
      ? new ConfigError([`listen: port ${port} cannot be used (${error.code})`])
      : error
  })
  const base = foundation(options)
  const { store, bus, counters, clock } = base
  const issuer = `http://localhost:${front.port}`
  const engineOf: { current?: Engine } = {}
  const authorizationServer = createAuthorizationServer({
    issuer,
    resources: [issuer, `http://127.0.0.1:${front.port}`, `http://[::1]:${front.port}`].map((origin) => `${origin}/mcp`),
    scopes: () => engineOf.current?.catalogue.scopes() ?? [],
    store,
    keyRing: data.keyRing,
    bus,
    counters,
    clock,
    log,
    audit: (record) => engineOf.current?.record(record),
  })
  const apiKeys = createApiKeys({ store, keyRing: data.keyRing, clock })
  const engine = createEngine({
    ...options,
    ...base,
    verifiers: [apiKeys.verifier, authorizationServer.verifier],
    resourceMetadataUrl: authorizationServer.resourceMetadataUrl,
    redactor,
  })
  engineOf.current = engine

  return {
    engine,
    url: `${issuer}/mcp`,
    issuer,
    setupLink: () => authorizationServer.createSetupLink(),
    serve() {
      const door = createDoor({ port: front.port, origins })
      const sessions = createSessions({ keyRing: data.keyRing, ended: store.records('ended_session'), clock })
      const reading = { bodyBytes: bounds.bodyBytes, json: { maxDepth: bounds.depth, maxItems: bounds.listItems }, sessions }
      const endpoint = createEndpoint({ pipeline: engine.pipeline, door, reading, clock })
      front.serve({ door, checkAddress: engine.limiter.checkAddress, endpoint, mounts: [authorizationServer] })
    },
    done: new Promise(() => {}),
    async close() {
      engine.endSubscriptions()
      await front.close()
      await authorizationServer.close()
      await engine.close()
      await base.close()
    },
  }
}

async function overStdio(options: ServiceOptions): Promise<Service> {
  const { data, bounds, localScopes, log, env = process.env } = options
  const base = foundation(options)
  const resource = 'stdio:'
  const credential: Credential = env['SALLYPORT_KEY'] ? { scheme: 'bearer', value: env['SALLYPORT_KEY'] } : { scheme: 'local', value: '' }
  const apiKeys = createApiKeys({ store: base.store, keyRing: data.keyRing, clock: base.clock })
  const localUser = createLocalUserVerifier({ name: userInfo().username, scopes: localScopes })
  const engine = createEngine({ ...options, ...base, verifiers: [apiKeys.verifier, localUser], resourceMetadataUrl: () => undefined })
  let transport: ReturnType<typeof createStdioTransport> | undefined
  const { promise: done, resolve } = Promise.withResolvers<void>()

  return {
    engine,
    url: resource,
    issuer: 'local',
    setupLink: async () => undefined,
    serve() {
      const json = { maxDepth: bounds.depth, maxItems: bounds.listItems }
      transport = createStdioTransport({
        pipeline: engine.pipeline,
        input: process.stdin,
        output: process.stdout,
        credential,
        resource,
        bodyBytes: bounds.bodyBytes,
        json,
        clock: base.clock,
        log,
      })
      void transport.done.then(resolve)
    },
    done,
    async close() {
      engine.endSubscriptions()
      transport?.close()
      await transport?.done
      await engine.close()
      await base.close()
    },
  }
}
