/** At the start of a server: whether what runs in its sandboxes is held as it should be. @module */

import { ConfigError, type Log } from '../core/index.ts'
import type { Confinement } from '../sandbox/index.ts'

/** `who`: what is to run in it. @throws {ConfigError} where there is no sandbox at all, or one that lacks something and the server is strict. */
export function requireSandbox({ depth, missing }: Confinement, who: string, strict: boolean, log: Log): void {
  if (missing.length === 0) return
  if (depth === 'none' || strict) throw new ConfigError([`${who}: ${depth === 'none' ? '' : 'strict: '}${missing.join(' ')}`])
  log('warn', `${who}: the sandbox is ${depth}, which does not hold off everything`)
  for (const sentence of missing) log('warn', sentence)
}
