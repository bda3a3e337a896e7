/**
 * A gateway, whole: upstreams on one side, the guarded endpoint on the other. What `sallyport guard` runs.
 *
 * @module
 */

import type { Weight } from '../catalogue/index.ts'
import { type Clock, createScopeHierarchy, type Log, type Redactor, systemClock } from '../core/index.ts'
import { toRetention } from '../retention/index.ts'
import { createConnectRecords } from '../sandbox/index.ts'
import { createService, type ServiceOptions } from '../server/index.ts'
import { openData, sayNewKey } from '../vault/index.ts'
import { type Config, lockFileOf } from './config/index.ts'
import { createGateway } from './gateway.ts'
import type { Classification, UpstreamStatus } from './guarded-server.ts'
import { createLaunches, type LaunchQuestion, packagesDirOf } from './launch/index.ts'
import { openLockFile } from './launch/lock-file.ts'
import { createPeople } from './people.ts'
import { createSandboxes } from './sandbox/index.ts'

export interface GuardOptions {
  readonly config: Config
  readonly stdio?: boolean
  /** Takes the upstreams' read-only hints over into `sallyport.lock`, once, on the operator's word. */
  readonly classify?: boolean
  /** Asks whoever starts this before something is started that nobody has accepted; undefined: it is refused. */
  readonly ask?: ((question: LaunchQuestion) => Promise<boolean>) | undefined
  /** Accepts, on the operator's word, what is configured now: other commands than before, and what packages without a version come to. */
  readonly accept?: boolean
  /** Our own version, for upstreams and clients. */
  readonly version: string
  readonly log: Log
  readonly redactor: Redactor
  readonly clock?: Clock
  /** Is told of every decision as it is recorded. */
  readonly onRecord?: ServiceOptions['onRecord']
}

export interface Guard {
  readonly url: string
  readonly issuer: string
  /** Where the data is. */
  readonly dataDir: string
  readonly lockFile: string
  /**
   * Resolves when every upstream has answered, failed once or was closed, with what was taken over where `classify` asked for
   * it. Rejects where that could not be written: then this guard should be closed.
   */
  readonly ready: Promise<readonly Classification[]>
  status(): readonly UpstreamStatus[]
  scopes(): readonly string[]
  /** How much of the tools is listed; undefined where all are, as they are. */
  weight(): Weight | undefined
  /** A one-time link to make the owner's account, where there is none yet. */
  setupLink(): Promise<string | undefined>
  /** Resolves when the other side of stdio has gone; never on HTTP. */
  readonly done: Promise<void>
  /** Also before it is `ready`. Whatever fails on the way, the rest is closed too. */
  close(): Promise<void>
}

/**
 * Resolves when it accepts requests. Callers are answered from then on: who they are is checked at once, what they ask of an
 * upstream waits for it, and so can whoever started this (`ready`).
 *
 * @throws {ConfigError} where a port, a folder or a file cannot be used; nothing stays open then.
 */
export async function createGuard({
  config,
  stdio = false,
  classify = false,
  ask,
  accept = false,
  version,
  log,
  redactor,
  clock = systemClock,
  onRecord,
}: GuardOptions): Promise<Guard> {
  await using opening = new AsyncDisposableStack()
  const data = await openData({ dataDir: config.dataDir, kms: config.kms, clock })
  // Closed by the service, once there is one; to close it again does nothing.
  opening.defer(() => data.store.close())
  sayNewKey(data, log)
  const lockFile = lockFileOf(config, data.dir)
  const serverInfo = { name: 'sallyport', version }
  const people = createPeople({ data, servers: config.servers, signIn: config.auth?.signIn ?? [], redactor, log, clock })
  opening.defer(people.close)
  // Nothing connects before it is started, when there is an engine.
  const connects = createConnectRecords({ record: (record) => engine.record(record), clock })
  opening.defer(connects.close)
  const sandboxes = createSandboxes({
    dataDir: data.dir,
    own: [lockFile, ...(config.file === undefined ? [] : [config.file])],
    note: (server, connection, user) => connects.note(connection, { program: server, server, ...(user !== undefined && { user }) }),
    log,
    clock,
  })
  const launches = createLaunches({
    servers: config.servers,
    lock: openLockFile(lockFile, { beside: config.file }),
    packagesDir: packagesDirOf(data.dir),
    ask,
    accept,
    named: config.named,
    log,
    clock,
  })
  await launches.settle()
  const gateway = await createGateway({ servers: config.servers, redactor, log, clock, lockFile, serverInfo, people, launches, sandboxes })
  opening.defer(gateway.close)
  if (config.auth?.introspection) redactor.learn(config.auth.introspection.clientSecret)

  const service = await createService({
    data,
    serveOn: stdio ? 'stdio' : config.listen,
    cors: { origin: config.origins },
    rates: config.rates,
    bounds: config.bounds,
    results: config.results,
    personal: config.personal,
    localScopes: config.local.scopes,
    retention: toRetention(config.retention),
    keepArguments: config.audit.arguments === 'sealed',
    auth: config.auth,
    catalogueRules: config.catalogue,
    code: config.code,
    connections: people.connections(gateway.connectables),
    cimd: config.auth?.cimd ?? 'auto',
    hierarchy: createScopeHierarchy(config.scopes),
    serverInfo,
    instructions: gateway.instructions,
    features: gateway.features,
    redactor,
    log,
    clock,
    onRecord,
  })
  // Closed in the opposite order: first the callers, then what they were talking to. A call that runs may still end.
  opening.defer(service.close)
  const { engine } = service
  // Another issuer has pages of its own, and over stdio there are none.
  people.reach(stdio || config.auth?.issuer !== undefined ? undefined : service.issuer, engine.record)
  const refill = (): void => {
    for (const entry of engine.catalogue.replace('gateway', gateway.entries()))
      log('warn', `left out a ${entry.kind} whose name is taken`, { name: entry.name })
  }
  gateway.onChange(refill)
  // What a server was connected to is known when it ends.
  engine.beforeLast(async () => {
    await gateway.close()
    connects.close()
  })
  const ready = gateway.start().then(() => (classify ? gateway.classifyFromAnnotations() : []))
  // Who waits for an upstream waits no longer once this ends.
  const { promise: closing, resolve: letGo } = Promise.withResolvers<void>()
  opening.defer(letGo)
  engine.catalogue.fillFrom(Promise.race([ready, closing]))
  service.serve()

  const opened = opening.move()
  let closed: Promise<void> | undefined
  return {
    url: service.url,
    issuer: service.issuer,
    dataDir: data.dir,
    lockFile,
    ready,
    status: gateway.status,
    scopes: engine.catalogue.scopes,
    weight: engine.catalogue.weigh,
    setupLink: service.setupLink,
    done: service.done,
    close: () => (closed ??= opened.disposeAsync()),
  }
}
