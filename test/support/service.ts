/** A whole service over functions, reached however the test wants: its own sockets, an app, TLS. Real data directory, real keys. */

import { createLog, createRedactor, type Entry } from '../../src/core/index.ts'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { createService, type HttpService, type Listen, type MountedIn, type ServiceOptions } from '../../src/server/index.ts'
import type { AuditRecord } from '../../src/storage/index.ts'
import { openData } from '../../src/vault/index.ts'
import { ANA } from './authorization.ts'
import { bounds, rates, say, tool } from './engine.ts'
import { ALL_SCOPES } from './guard.ts'
import { createTempDir } from './paths.ts'

export interface Served extends AsyncDisposable {
  readonly service: HttpService
  /** Of its own sockets. */
  readonly port: number | undefined
  readonly dataDir: string
  /** An API key that may do everything, and what records call it. */
  readonly key: string
  readonly keyId: string
  /** As `sallyport key revoke` in another process would do it. */
  revoke(): Promise<void>
  /** An account of {@link ANA}, to sign in with. */
  account(): Promise<void>
  log(): string
  records(): Promise<readonly AuditRecord[]>
}

export interface ServedOptions extends Partial<Omit<ServiceOptions, 'serveOn'>> {
  readonly entries?: readonly Entry[]
}

export async function startService(
  serveOn: Listen | MountedIn,
  { entries = [tool('echo', ({ text }) => say(String(text)))], ...over }: ServedOptions = {},
): Promise<Served> {
  const folder = await createTempDir('service')
  const data = await openData({ dataDir: folder.path })
  let logged = ''
  const redactor = createRedactor()
  const apiKeys = createApiKeys({ ...data, clock: Date.now })
  const service = await createService({
    data,
    serveOn,
    rates,
    bounds,
    localScopes: [],
    serverInfo: { name: 'test', version: '1' },
    instructions: () => undefined,
    features: () => ({ completions: false, logging: true, subscriptions: true, tasks: false }),
    redactor,
    log: createLog({ level: 'debug', pretty: false, redactor, write: (line) => void (logged += line) }),
    ...over,
  }).catch(async (error: unknown) => {
    await data.store.close()
    await folder.remove()
    throw error
  })
  service.engine.catalogue.replace('test', entries)
  service.serve()
  const { key, id } = await apiKeys.create({ name: 'test', scopes: ALL_SCOPES, createdBy: 'test', expiresInDays: 90 })
  return {
    service,
    port: service.port,
    dataDir: folder.path,
    key,
    keyId: `spk_${id}`,
    async revoke() {
      const beside = await openData({ dataDir: folder.path })
      await createApiKeys({ ...beside, clock: Date.now }).revoke(id)
      await beside.store.close()
    },
    async account() {
      await createAccounts({ store: data.store, clock: Date.now }).create(ANA)
    },
    log: () => logged,
    async records() {
      await service.engine.trail.flush()
      return (await data.store.audit.search({ limit: 10_000 })).map(({ record }) => record).reverse()
    },
    async [Symbol.asyncDispose]() {
      await service.close()
      await folder.remove()
    },
  }
}
