/**
 * A gateway, whole: upstreams on one side, the guarded endpoint on the other. What `sallyport guard` runs.
 *
 * @module
 */

import { type Clock, type Log, type Redactor, systemClock } from '../core/index.ts'
import { createService, type Service, type ServiceOptions } from '../server/index.ts'
import { openData } from '../vault/index.ts'
import { type Config, lockFileOf } from './config/index.ts'
import { type Classification, createGateway, type UpstreamStatus } from './gateway.ts'

export interface GuardOptions {
  readonly config: Config
  readonly dataDir?: string | undefined
  readonly stdio?: boolean
  /** Takes the upstreams' read-only hints over into `sallyport.lock`, once, on the operator's word. */
  readonly classify?: boolean
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
  /** What was taken over, where `classify` asked for it. */
  readonly classifications: readonly Classification[]
  status(): readonly UpstreamStatus[]
  scopes(): readonly string[]
  /** A one-time link to make the owner's account, where there is none yet. */
  setupLink(): Promise<string | undefined>
  /** Resolves when the other side of stdio has gone; never on HTTP. */
  readonly done: Promise<void>
  close(): Promise<void>
}

/**
 * Resolves when it accepts requests and every upstream has answered or failed once. Callers are answered from the moment
 * the port is bound: who they are is checked at once, what they ask of an upstream waits for it.
 *
 * @throws {ConfigError} where a port, a folder or a file cannot be used.
 */
export async function createGuard({
  config,
  dataDir,
  stdio = false,
  classify = false,
  version,
  log,
  redactor,
  clock = systemClock,
  onRecord,
}: GuardOptions): Promise<Guard> {
  const data = openData({ dataDir: dataDir ?? config.dataDir, clock })
  const lockFile = lockFileOf(config, data.dir)
  const serverInfo = { name: 'sallyport', version }
  const gateway = createGateway({ servers: config.servers, redactor, log, clock, lockFile, serverInfo })

  let service: Service
  try {
    service = await createService({
      data,
      serveOn: stdio ? 'stdio' : { port: config.listen.port },
      origins: config.origins,
      bounds: { ...config.limits, limits: config.limits },
      localScopes: config.local.scopes,
      serverInfo,
      instructions: gateway.instructions,
      completions: () => gateway.capabilities().completions !== undefined,
      redactor,
      log,
      clock,
      onRecord,
    })
  } catch (error) {
    await data.store.close()
    throw error
  }
  const { engine } = service
  const refill = (): void => {
    for (const entry of engine.catalogue.replace('gateway', gateway.entries()))
      log('warn', `left out a ${entry.kind} whose name is taken`, { name: entry.name })
  }
  gateway.onChange(refill)
  const started = gateway.start().then(() => (classify ? gateway.classifyFromAnnotations() : []))
  engine.catalogue.fillFrom(started)
  service.serve()
  const classifications = await started

  return {
    url: service.url,
    issuer: service.issuer,
    dataDir: data.dir,
    lockFile,
    classifications,
    status: gateway.status,
    scopes: engine.catalogue.scopes,
    setupLink: service.setupLink,
    done: service.done,
    async close() {
      // First the callers, then what they were talking to: a call that runs may still end.
      await service.close()
      await gateway.close()
    },
  }
}
