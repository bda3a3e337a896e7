/** Which port to listen on. @module */

import { CliError } from './errors.ts'

export const DEFAULT_PORT = 7777

/** The flag, then `PORT`, then what the configuration says, then 7777. 0 means any that is free. */
export function parsePort(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
  configured?: number,
): number {
  const [name, text] = flag !== undefined ? ['--port', flag] : ['PORT', env['PORT']]
  if (!text) return configured ?? DEFAULT_PORT
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new CliError('E-USAGE', `${name} must be a whole number up to 65535`, 'choose one above 1023, or 0 for any that is free')
  return port
}
