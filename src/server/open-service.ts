/**
 * Opens the service that a server's options describe: its data, and the pipeline behind what it is reached over. Nothing is offered yet.
 *
 * @module
 */

import { toCatalogueRules } from '../catalogue/index.ts'
import { createScopeHierarchy, type Log, type Redactor } from '../core/index.ts'
import { anonymous, type RateLimits, toResults } from '../guards/index.ts'
import { toRetention } from '../retention/index.ts'
import { type Data, openData, sayNewKey } from '../vault/index.ts'
import { toBounds } from './bounds.ts'
import { requireCodeSandbox, toCodeSettings } from './code/index.ts'
import { createService } from './create-service.ts'
import { requireLoopback } from './listen.ts'
import type { MCPServerOptions } from './server-options.ts'
import type { Service, ServiceOptions } from './service.ts'

export interface OpenServiceParts extends Pick<ServiceOptions, 'serveOn' | 'features'> {
  readonly name: string
  readonly rates: RateLimits
  readonly redactor: Redactor
  readonly log: Log
}

export interface OpenService {
  readonly data: Data
  readonly service: Service
}

/** @throws {ConfigError} where it cannot be reached as the options say, or its data cannot be opened. */
export async function openService(
  {
    version = '0.0.0',
    title,
    instructions,
    dataDir,
    keys,
    cors,
    catalogue,
    code,
    sandbox,
    strict = false,
    auth,
    scopes,
    limits,
    results,
    personal,
    retention,
    audit,
    localScopes,
  }: MCPServerOptions,
  { name, serveOn, rates, features, redactor, log }: OpenServiceParts,
): Promise<OpenService> {
  const isAnonymous = auth?.dangerouslyAllowAnonymous === true
  if (isAnonymous) {
    if (serveOn !== 'stdio') requireLoopback(serveOn, 'auth.dangerouslyAllowAnonymous')
    log('warn', 'dangerouslyAllowAnonymous: whoever can connect may use everything that needs no further scope')
  }
  if (auth?.introspection) redactor.learn(auth.introspection.clientSecret)
  const codeSettings = code && toCodeSettings(code, sandbox?.depth)
  if (codeSettings) await requireCodeSandbox(codeSettings, strict, log)
  const data = await openData({ dataDir, kms: keys?.kms })
  try {
    sayNewKey(data, log)
    const service = await createService({
      data,
      serveOn,
      cors,
      rates: rates.limits,
      bounds: toBounds(limits),
      results: toResults(results),
      personal,
      catalogueRules: toCatalogueRules(catalogue),
      code: codeSettings,
      limitHeaders: rates.headers,
      limitHandler: rates.handler,
      localScopes: localScopes ?? anonymous.scopes,
      retention: toRetention(retention),
      keepArguments: audit?.arguments === 'sealed',
      auth,
      cimd: auth?.cimd ?? 'auto',
      hierarchy: createScopeHierarchy(scopes),
      serverInfo: { name, version, ...(title === undefined ? {} : { title }) },
      instructions: () => instructions,
      features,
      anonymous: isAnonymous ? anonymous : undefined,
      redactor,
      log,
    })
    return { data, service }
  } catch (error) {
    await data.store.close()
    throw error
  }
}
