/** Whether the master key that is here opens what is there, and whether all of it is wrapped with the newest. Looks, and makes nothing. @module */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../core/index.ts'
import { countKeys, type Data, openData } from '../../vault/index.ts'
import { type Finding, ok, problem, warning } from './check.ts'

export interface KeysFound {
  readonly findings: readonly Finding[]
  /** Open: whoever asked closes it. */
  readonly data?: Data
}

export async function checkKeys(dir: string, kms?: string): Promise<KeysFound> {
  // Where there is nothing yet, opening it would make it.
  if (!existsSync(join(dir, 'sallyport.db'))) return { findings: [] }
  let data: Data
  try {
    data = await openData({ dataDir: dir, kms })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { findings: [problem('keys', error.message, 'put back what is named, or name another folder with --data-dir')] }
  }
  const { current, source, byMasterKey } = await countKeys(data)
  const all = Object.values(byMasterKey).reduce((sum, count) => sum + count, 0)
  const older = all - (byMasterKey[current] ?? 0)
  const found =
    older === 0
      ? ok('keys', `the master key ${current} opens ${all === 1 ? 'the one data key' : `all of ${all} data keys`}`)
      : warning('keys', `${older} of ${all} data keys are not wrapped with the newest master key of ${source}`, 'sallyport keys rotate')
  return { findings: [found], data }
}
