/** Opens a service over whatever it is to be reached over. @module */

import { requireVerification } from '../net/index.ts'
import { createHttpService } from './http-service.ts'
import type { Listen, MountedIn } from './listen.ts'
import type { HttpService, Service, ServiceOptions } from './service.ts'
import { createStdioService } from './stdio-service.ts'

/** @throws {ConfigError} where an option is wrong, the port is taken, or the environment's key is not one, or switches verification off. */
export async function createService(options: ServiceOptions & { readonly serveOn: Listen | MountedIn }): Promise<HttpService>
export async function createService(options: ServiceOptions): Promise<Service>
export async function createService(options: ServiceOptions): Promise<Service> {
  const { serveOn, env = process.env, log } = options
  requireVerification(env, log)
  return serveOn === 'stdio' ? createStdioService(options) : createHttpService(options, serveOn)
}
