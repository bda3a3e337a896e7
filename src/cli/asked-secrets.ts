/** Which named secrets the configuration that is found from here asks for, so that a slip in a name is seen. @module */

import { loadConfig, type SecretReference, secretsAskedBy } from '../gateway/index.ts'

export interface Asked extends SecretReference {
  readonly server: string
}

/** Undefined: there is no configuration, or none that can be read, so that nobody knows. */
export function askedFor(): readonly Asked[] | undefined {
  try {
    const { file, servers } = loadConfig({ cwd: process.cwd(), env: process.env })
    return file === undefined
      ? undefined
      : servers.flatMap((server) => secretsAskedBy(server).map((asked) => ({ ...asked, server: server.id })))
  } catch {
    return undefined
  }
}
