/** A port as it is typed. @module */

import { CliError } from './errors.ts'

export function parsePort(flag: string | undefined): number | undefined {
  if (flag === undefined) return undefined
  if (!/^\d{1,5}$/.test(flag) || Number(flag) > 65_535)
    throw new CliError('E-USAGE', '--port must be a whole number up to 65535', 'choose one above 1023, or 0 for any that is free')
  return Number(flag)
}
