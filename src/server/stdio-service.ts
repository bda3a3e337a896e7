/** A service over the process's own stdin and stdout. @module */

import { userInfo } from 'node:os'
import { ConfigError, type Credential } from '../core/index.ts'
import { createLocalUserVerifier } from '../guards/index.ts'
import { type ApiKeys, createApiKeys, createApiKeyUse } from '../oauth/index.ts'
import { createAccounts } from '../people/index.ts'
import { createStdioTransport, type StdioTransport } from '../transports/index.ts'
import { createEngine } from './engine.ts'
import { createFoundation } from './foundation.ts'
import type { Service, ServiceOptions } from './service.ts'

export async function createStdioService(options: ServiceOptions): Promise<Service> {
  const { data, bounds, localScopes, log, env = process.env } = options
  const base = createFoundation(options)
  const resource = 'stdio:'
  const credential: Credential = env['SALLYPORT_KEY'] ? { scheme: 'bearer', value: env['SALLYPORT_KEY'] } : { scheme: 'local', value: '' }
  const apiKeys = createApiKeys({
    store: base.store,
    keyRing: data.keyRing,
    clock: base.clock,
    accounts: createAccounts({ ...base, signIn: options.auth?.signIn ?? [] }),
  })
  const keyUse = createApiKeyUse({ store: base.store, log })
  await requireKey(credential, apiKeys, data.dir).catch(async (error: unknown) => {
    await base.close()
    throw error
  })
  const localUser = createLocalUserVerifier({ name: userInfo().username, scopes: localScopes })
  const engine = createEngine({
    ...options,
    ...base,
    keyRing: data.keyRing,
    vault: data.vault,
    verifiers: [apiKeys.verifier, localUser],
    resourceMetadataUrl: () => undefined,
    noteUse: keyUse.note,
  })
  let transport: StdioTransport | undefined
  const { promise: done, resolve } = Promise.withResolvers<void>()

  return {
    engine,
    url: resource,
    issuer: 'local',
    port: undefined,
    setupLink: async () => undefined,
    serve() {
      const json = { maxDepth: bounds.depth, maxItems: bounds.listItems }
      transport = createStdioTransport({
        pipeline: engine.pipeline,
        input: process.stdin,
        output: process.stdout,
        credential,
        forget: engine.forgetSession,
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
      await keyUse.close()
      await base.close()
    },
  }
}

/**
 * A host cannot match a refusal that comes before its message is read to what it asked, and would wait: a key that is none is told
 * at the start. It is verified for every message all the same.
 */
async function requireKey(credential: Credential, { verifier }: ApiKeys, dir: string): Promise<void> {
  if (credential.scheme === 'local') return
  const verified = verifier.claims(credential) ? await verifier.verify(credential, 'stdio:') : undefined
  if (verified?.allowed) return
  const problem = verified?.denial.reason === 'unauthenticated' ? verified.denial.problem : 'malformed'
  const where = problem === 'malformed' ? '' : ` in ${dir}`
  throw new ConfigError([`SALLYPORT_KEY: is ${problem}${where}. Make one with sallyport key create, or leave it off to be the local user`])
}
